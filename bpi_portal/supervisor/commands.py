"""Which servers a command of `manage.py` needs, and running it with them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .console import step
from .postgres import Postgres
from .processes import Child
from .state import ROOT, State
from .valkey import Valkey

# These read and write files at most; all others may use the database.
WITHOUT_SERVERS = frozenset(
    {
        "--help",
        "--version",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "simulate",
        "version",
    }
)


class Terminated(KeyboardInterrupt):
    """Somebody wants this process to end: not by Ctrl-C, but by a signal."""


def run(arguments: list[str]) -> int:
    """Run one command of `manage.py`; return its exit code."""
    command = arguments[0] if arguments else "help"
    state = State.of_environment()
    os.environ["BPI_STATE_DIR"] = str(state.folder)
    if command == "test":
        from .testing import run_tests

        return run_tests(arguments[1:])
    state.give_secret_key()
    if command == "up":
        from .up import run_up

        return run_up(state)
    if command in WITHOUT_SERVERS or "--help" in arguments or _has_own_servers():
        _become_django(arguments)
    return _run_with_servers(state, arguments)


@contextmanager
def servers(state: State, *, careless: bool = False) -> Iterator[list[Child]]:
    """Start the database and the broker that the environment does not name; stop them after.

    Inside, the environment names both. A termination signal becomes an exception, so that
    everything is stopped in any case.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    started: list[Child] = []
    try:
        if not os.environ.get("DATABASE_URL"):
            postgres = Postgres(state.folder, careless=careless)
            _start(postgres, started)
            os.environ["DATABASE_URL"] = postgres.url
        if not os.environ.get("REDIS_URL"):
            valkey = Valkey(state.folder)
            _start(valkey, started)
            os.environ["REDIS_URL"] = valkey.url
            os.environ["BPI_EMBEDDED"] = "1"
        yield started
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # stopping is not to be interrupted
        for child in reversed(started):
            child.stop()


def django_command(*arguments: str) -> list[str]:
    """Return the command line of a Django command that starts no servers of its own."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def _start(child: Child, started: list[Child]) -> None:
    with step(child.name):
        started.append(child)
        child.start()
        child.wait_until_ready()


def _run_with_servers(state: State, arguments: list[str]) -> int:
    while not state.own(f"manage.py {arguments[0]}"):
        if state.join():
            _become_django(arguments)
    with servers(state):
        state.publish()
        try:
            child = subprocess.Popen(django_command(*arguments), env=_ready_environment())
            return wait_in_foreground(child)
        finally:
            state.withdraw(wait=True)


def wait_in_foreground(child: "subprocess.Popen[bytes]") -> int:
    """Return the exit code of a command that shares our terminal.

    Ctrl-C is the command's, which got it as well; a termination signal was for us alone.
    """
    while True:
        try:
            return child.wait()
        except Terminated:
            child.terminate()
        except KeyboardInterrupt:
            continue


def _become_django(arguments: list[str]) -> None:
    os.execve(sys.executable, django_command(*arguments), _ready_environment())  # noqa: S606


def _ready_environment() -> dict[str, str]:
    return {**os.environ, "BPI_READY": "1"}


def _has_own_servers() -> bool:
    return bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
