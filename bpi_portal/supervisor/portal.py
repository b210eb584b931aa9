"""The portal's own processes: worker, beat, bridge link, web; and Janus, which they talk to."""

import http.client
import os
import shutil
import sys
from pathlib import Path

from conferencing.bridges.janus_server import JanusServer

from .commands import django_command
from .console import say
from .processes import Child
from .state import ROOT

# Celery warns every root; that nothing unpickles what it receives is set in the settings.
NO_ROOT_WARNING = ("-W", "ignore:You're running the worker with superuser")


class PortalProcess(Child):
    """A process of the portal: what it writes is shown behind its name."""

    def __init__(self, name: str, command: list[str], state: Path) -> None:
        super().__init__()
        self.name = name
        self._command = command
        self.temporary = state / "tmp" / name.replace(" ", "-")

    def command(self) -> list[str]:
        """Return the command line."""
        return self._command

    def working_folder(self) -> Path:
        """Return the project's folder, where the packages are."""
        return ROOT

    def environment(self) -> dict[str, str]:
        """Return ours, with a folder of its own for temporary files."""
        own = {"BPI_READY": "1", "PYTHONUNBUFFERED": "1", "TMPDIR": str(self.temporary)}
        return {**os.environ, **own}

    def before_start(self) -> None:
        """Empty the folder of temporary files: a killed predecessor may have left some."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(parents=True, mode=0o700)

    def show(self, line: str) -> None:
        """Show the line to whoever started us."""
        super().show(line)
        if line:
            say(f"  {self.name} | {line}")


class Web(PortalProcess):
    """The web server."""

    def __init__(self, host: str, port: int, state: Path) -> None:
        address = ["--host", host, "--port", str(port)]
        load = ["--workers", "1", "--blocking-threads", "4", "--log-level", "warning"]
        server = [sys.executable, "-m", "granian", "--interface", "wsgi"]
        super().__init__("web", [*server, *address, *load, "bpi_portal.wsgi:application"], state)
        self.host, self.port = reachable_host(host), port

    def is_ready(self) -> bool:
        """Whether it answers a request, whatever the answer: the port alone opens too early."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Janus(Child):
    """The conference bridge, with a configuration of the project's own."""

    name = "Janus"
    patience_seconds = 5  # it goes on offering its last events when nobody takes them

    def __init__(self, state: Path) -> None:
        super().__init__()
        self.log = state / "log" / "janus.log"
        self.server = JanusServer(state)

    def command(self) -> list[str]:
        """Return Janus's command line."""
        return self.server.command()

    def is_ready(self) -> bool:
        """Whether its API answers."""
        return self.server.ready()


def celery_process(name: str, state: Path, *options: str) -> PortalProcess:
    """Return a process of Celery: the worker or beat."""
    command = [sys.executable, *NO_ROOT_WARNING, "-m", "celery", "-q", "-A", "bpi_portal", name]
    return PortalProcess(name, [*command, "-l", "WARNING", *options], state)


def command_process(name: str, state: Path, *command: str) -> PortalProcess:
    """Return a process that runs a Django command."""
    return PortalProcess(name, django_command(*command), state)


def reachable_host(host: str) -> str:
    """Return the address to reach a server that listens on `host` from this machine."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - not bound here
