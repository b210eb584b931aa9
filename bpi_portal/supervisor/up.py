"""`manage.py up`: start everything in order, watch it, stop it in reverse."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TypedDict

from .commands import django_command, servers
from .console import failure, say, step
from .parts import JANUS, PANGO, complete
from .portal import (
    Janus,
    PortalProcess,
    Web,
    celery_process,
    command_process,
    reachable_host,
)
from .processes import Child, NotStartedError, die_with_parent
from .state import ROOT, State
from .translations import compile_translations

WATCH_SECONDS = 0.2


class Prepared(TypedDict):
    """What `manage.py prepare` found; see there."""

    migrations: int
    has_users: bool
    commands: list[str]


def run_up(state: State) -> int:
    """Start the portal and watch it until Ctrl-C or a termination signal; return 0 then.

    Raises:
        SystemExit: it runs already, the port is taken, or a part does not start or keeps failing.
    """
    started = time.monotonic()
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    if not state.own("manage.py up"):
        msg = f"already running from this folder ({state.owner()})."
        raise failure(msg)
    _refuse_taken_port(host, port)
    address = f"http://{reachable_host(host)}:{port}"
    os.environ.setdefault("BPI_PUBLIC_URL", address)
    complete([PANGO, JANUS])
    stopping = None
    try:
        with servers(state) as children:
            try:
                prepared = _start_all(state, children, host, port)
                say(f"  ready at {address}/ after {time.monotonic() - started:.0f} s")
                _welcome_and_watch(state, children, prepared)
            except KeyboardInterrupt:
                stopping = time.monotonic()
                say("  stopping ...")
            finally:
                state.withdraw(wait=False)
    except KeyboardInterrupt:  # while the servers were being started
        stopping = stopping or time.monotonic()
    if stopping:
        say(f"  stopped in {time.monotonic() - stopping:.1f} s")
    return 0


def _start_all(state: State, children: list[Child], host: str, port: int) -> Prepared:
    """Start what the servers alone do not make a portal; append each to `children`."""
    _start_janus(state, children)
    state.publish()
    with step("translations") as notes:
        notes.append(f"{compile_translations(ROOT / 'locale')} compiled")
    with step("database and static files") as notes:
        prepared = _prepare()
        notes.append(f"{prepared['migrations']} migrations")
    folder = state.folder
    quiet = ("--without-gossip", "--without-mingle")
    processes = [celery_process("worker", folder, "-c", "2", *quiet)]
    if "bridge_link" in prepared["commands"]:
        processes.append(command_process("bridge link", folder, "bridge_link"))
    web = Web(host, port, folder)
    with step("worker, bridge link, web"):
        for process in (*processes, web):
            children.append(process)
            process.start()
        web.wait_until_ready()
    # Stopped before the bridge link, which so hears how its conferences end.
    children.sort(key=lambda child: isinstance(child, Janus))
    return prepared


def _start_janus(state: State, children: list[Child]) -> None:
    janus = Janus(state.folder)
    if not janus.server.available():
        say("  Janus is not here: conferences run on the simulated bridge")
        return
    offered = janus.server.prepare()
    os.environ.update(offered)
    with step("Janus") as notes:
        children.append(janus)
        janus.start()
        try:
            janus.wait_until_ready(seconds=15)
        except NotStartedError as error:  # the portal is of use without it, and says which runs
            children.remove(janus)
            janus.stop()
            for name in offered:  # else the other processes would still look for it
                os.environ.pop(name, None)
            notes.append(f"not started, the simulated bridge is used: {error}")


def _prepare() -> Prepared:
    """Run the one Django process that brings the database and the static files up to date."""
    done = subprocess.run(
        django_command("prepare"),
        cwd=ROOT,
        env={**os.environ, "BPI_READY": "1"},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is ours to handle
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    if done.returncode:
        msg = "the database or the static files could not be prepared (see above)."
        raise failure(msg)
    prepared: Prepared = json.loads(done.stdout)
    return prepared


def _welcome_and_watch(state: State, children: list[Child], prepared: Prepared) -> None:
    """Fill the demonstration on the first start, say who to log in as, and watch for ever."""
    demo: PortalProcess | None = None
    # What recurs would meddle with the past that the demonstration tells: it waits for its end.
    beat = celery_process("beat", state.folder, "--pidfile=")
    unfinished = state.folder / "demo.unfinished"
    wanted = unfinished.exists() or not prepared["has_users"]
    if wanted and "demo" in prepared["commands"] and os.environ.get("BPI_DEMO", "1") != "0":
        unfinished.touch()  # stopped in the middle, it goes on at the next start
        say("  filling the demonstration (once, about a minute); the log-ins follow")
        demo = command_process("demo", state.folder, "demo", "--verbosity=0")
        _begin(demo, children)
    else:
        _begin(beat, children)
        _say_who(state.folder, has_users=prepared["has_users"])
    while True:
        time.sleep(WATCH_SECONDS)
        if demo and demo.process and not demo.is_running():
            children.remove(demo)
            if demo.process.returncode == 0:
                unfinished.unlink()
                say("  demonstration filled")
            else:
                say("  the demonstration was NOT filled (see above); the next start tries again")
            _begin(beat, children)
            _say_who(state.folder, has_users=True)
            demo = None
        for child in children:
            if child is not demo:
                child.revive()


def _begin(process: PortalProcess, children: list[Child]) -> None:
    children.append(process)
    process.start()


def _say_who(folder: Path, *, has_users: bool) -> None:
    """Say who to log in as: the demonstration leaves its log-ins in `logins.txt`."""
    logins = folder / "logins.txt"
    if logins.exists():
        for line in logins.read_text().splitlines():
            say(f"  {line}")
    elif not has_users:
        say("  nobody can log in yet: python3 manage.py createsuperuser")
    say("  Ctrl-C stops everything")


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            msg = f"{host}:{port} cannot be used ({reason}): set PORT to another one."
            raise failure(msg) from None
