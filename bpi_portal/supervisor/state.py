"""The state folder: who holds it, what the others must know, and the secret key."""

import fcntl
import os
import secrets
import time
from pathlib import Path
from typing import IO

from .console import failure, say

ROOT = Path(__file__).resolve().parent.parent.parent
# What other commands of the same folder take over from the one that started the servers.
SHARED_VARIABLES = ("DATABASE_URL", "REDIS_URL", "BPI_EMBEDDED", "BPI_PUBLIC_URL")
SHARED_PREFIX = "BPI_JANUS_"


class State:
    """The folder of all that is kept between runs (`BPI_STATE_DIR`, by default `var`).

    One command at a time owns the servers: it holds `lock`. Others join it through the file
    `env`, and hold `joined` together while they run, so that a short command that happened to
    start the servers stops them only when nobody uses them any more.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env_file = folder / "env"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] | None = None

    @classmethod
    def of_environment(cls) -> "State":
        """Return the state folder that the environment names."""
        folder = os.environ.get("BPI_STATE_DIR")
        return cls(Path(folder).resolve() if folder else ROOT / "var")

    def own(self, purpose: str) -> bool:
        """Take the servers of this folder; return whether nobody else has them."""
        lock = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        lock.truncate(0)
        lock.write(f"{purpose}, process {os.getpid()}\n")
        lock.flush()
        self._lock = lock
        self.env_file.unlink(missing_ok=True)  # of an owner that was killed
        return True

    def owner(self) -> str:
        """Return who has the servers, in words."""
        return (self.folder / "lock").read_text().strip()

    def publish(self) -> None:
        """Tell other commands where the servers are. For the owner's user only (mode 0600)."""
        lines = [
            f"{name}={value}\n"
            for name, value in os.environ.items()
            if name in SHARED_VARIABLES or name.startswith(SHARED_PREFIX)
        ]
        partial = self.env_file.with_suffix(".new")
        partial.touch(mode=0o600)
        partial.write_text("".join(lines))
        partial.replace(self.env_file)  # whole or not at all

    def withdraw(self, *, wait: bool) -> None:
        """Tell nobody any more; with `wait`, return only when no other command uses the servers."""
        self.env_file.unlink(missing_ok=True)
        if not wait:
            return
        with (self.folder / "joined").open("w") as joined:
            try:
                fcntl.flock(joined, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("  another command still uses the servers: waiting for it")
                fcntl.flock(joined, fcntl.LOCK_EX)

    def join(self, seconds: float = 60) -> bool:
        """Use the servers of the command that owns them.

        Returns:
            False when the owner ended meanwhile, so that the servers are to be started after all.

        Raises:
            SystemExit: they did not become ready.
        """
        # Kept open on purpose, also over exec: it is let go when this process ends.
        joined = os.open(self.folder / "joined", os.O_CREAT | os.O_RDWR, 0o600)
        os.set_inheritable(joined, True)  # noqa: FBT003 - os takes no keyword here
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            fcntl.flock(joined, fcntl.LOCK_SH)
            if self.env_file.exists():
                for line in self.env_file.read_text().splitlines():
                    name, _, value = line.partition("=")
                    os.environ[name] = value
                return True
            fcntl.flock(joined, fcntl.LOCK_UN)  # the owner may be waiting for us to let go
            if self.is_free():
                os.close(joined)
                return False
            time.sleep(0.1)
        msg = f"the servers are not ready ({self.owner()})."
        raise failure(msg)

    def is_free(self) -> bool:
        """Whether no command owns the servers."""
        try:
            with (self.folder / "lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True

    def give_secret_key(self) -> None:
        """Put the secret key into the environment; it is made once and kept (mode 0600)."""
        if os.environ.get("SECRET_KEY"):
            return
        file = self.folder / "secret_key"
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w") as new:
                new.write(secrets.token_urlsafe(50))
        os.environ["SECRET_KEY"] = file.read_text()
