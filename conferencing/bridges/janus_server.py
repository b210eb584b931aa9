"""An own Janus server for this folder: found, configured, started and asked whether it is there.

Standard library only: whoever starts the servers imports this before Django is configured.
Measured with Janus 1.1.2 (Debian 12); see docs/bridges.md.
"""

import http.client
import json
import os
import secrets
import shutil
import socket
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from urllib.request import urlopen

INSTALL_HINT = "apt-get install -y --no-install-recommends janus"
EVENTS_PATH = "/events"
EVENTS_USER = "janus"
EVENT_RETRIES = 14  # waits of 100 ms x 2^n: an event is offered for 27 minutes before it is lost
SESSION_TIMEOUT_SECONDS = 60
WANTED_PLUGIN = "libjanus_audiobridge.so"
WANTED_TRANSPORTS = frozenset({"libjanus_http.so", "libjanus_websockets.so"})
WANTED_EVENT_HANDLER = "libjanus_sampleevh.so"
PORTS = ("http", "admin", "ws", "events")
SECRETS = ("api_secret", "admin_secret", "admin_key", "token_secret", "events_password")


@dataclass(frozen=True, slots=True)
class _State:
    """What is kept between two starts."""

    server_name: str
    ports: dict[str, int]
    secrets: dict[str, str]

    def url(self, part: str, *, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.ports[part]}"


def own_address() -> str:
    """Return the IPv4 address this machine uses towards others, or ``127.0.0.1`` if it has none.

    Browsers' media cannot flow over loopback (ICE refuses it). Nothing is sent: connecting a
    datagram socket only asks the kernel for its route.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation (RFC 5737)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(count: int) -> list[int]:
    """Return ``count`` different free loopback ports, all held until the last one is known."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _write_private(path: Path, text: str) -> None:
    """Write ``text`` in one step into a file that only this user may read."""
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
    draft.replace(path)


class JanusServer:
    """The Janus that belongs to one state folder.

    Every HTTP, WebSocket and admin socket is on 127.0.0.1 behind a random secret; only media uses
    the machine's own address. Secrets survive a restart (tickets handed out stay valid), and so do
    the ports as long as nobody else took them.

    Args:
        state_dir: Everything is kept in ``state_dir/janus`` (mode 0700).
        media_address: Address for the browsers' media; found at start if not given.
    """

    def __init__(self, state_dir: Path, *, media_address: str | None = None) -> None:
        self.folder = Path(state_dir) / "janus"
        self.config_folder = self.folder / "config"
        self.media_address = media_address or own_address()

    # --- what is installed --------------------------------------------------------------------
    @cached_property
    def binary(self) -> str | None:
        """The Janus program, or None."""
        return shutil.which("janus")

    @cached_property
    def module_folder(self) -> Path | None:
        """The folder that holds ``plugins``, ``transports`` and ``events`` of that program."""
        if self.binary is None:
            return None
        prefix = Path(self.binary).resolve().parent.parent
        for pattern in ("lib/janus", "lib/*/janus", "lib64/janus"):
            for folder in sorted(prefix.glob(pattern)):
                if (folder / "plugins" / WANTED_PLUGIN).exists():
                    return folder
        return None

    def available(self) -> bool:
        """Tell whether everything needed is installed on this machine."""
        folder = self.module_folder
        return folder is not None and all(
            (folder / part).exists()
            for part in (
                f"events/{WANTED_EVENT_HANDLER}",
                *(f"transports/{name}" for name in WANTED_TRANSPORTS),
            )
        )

    # --- start --------------------------------------------------------------------------------
    def prepare(self) -> dict[str, str]:
        """Write the configuration and return the environment that tells the portal of it.

        Call it once before the start of Janus and of its event receiver, not between restarts of
        one of them: a port in use by anybody but a running Janus of this folder is exchanged.

        Raises:
            FileNotFoundError: Janus is not installed (``available()`` is false).
        """
        if self.module_folder is None or not self.available():
            msg = f"Janus is not installed: {INSTALL_HINT}"
            raise FileNotFoundError(msg)
        self.config_folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self.config_folder.chmod(0o700)
        state = self._settled_state()
        for name, text in _config(self, state).items():
            _write_private(self.config_folder / name, text)
        return {
            "BPI_JANUS_ADMIN_URL": f"{state.url('admin')}/admin",
            "BPI_JANUS_ADMIN_SECRET": state.secrets["admin_secret"],
            "BPI_JANUS_ADMIN_KEY": state.secrets["admin_key"],
            "BPI_JANUS_HTTP_URL": f"{state.url('http')}/janus",
            "BPI_JANUS_WS_URL": f"{state.url('ws', scheme='ws')}/janus",
            "BPI_JANUS_API_SECRET": state.secrets["api_secret"],
            "BPI_JANUS_TOKEN_SECRET": state.secrets["token_secret"],
            "BPI_JANUS_EVENTS_URL": f"{state.url('events')}{EVENTS_PATH}",
            "BPI_JANUS_EVENTS_PASSWORD": state.secrets["events_password"],
        }

    def command(self) -> list[str]:
        """Return the command that runs Janus in the foreground; ``prepare()`` comes before."""
        config = str(self.config_folder)
        return [self.binary or "janus", "-F", config, "-C", f"{config}/janus.jcfg", "-o"]

    def ready(self) -> bool:
        """Tell whether this Janus answers (about 0.1 s after its start)."""
        state = self._kept_state()
        if state is None:
            return False
        try:
            url = f"{state.url('http')}/janus/info"  # always http on loopback
            with urlopen(url, timeout=1) as answer:  # noqa: S310
                return bool(json.load(answer).get("server-name") == state.server_name)
        except (OSError, ValueError, http.client.HTTPException):
            return False

    # --- what is kept between starts ------------------------------------------------------------
    @property
    def _secrets_file(self) -> Path:
        return self.folder / "secrets.json"

    def _kept_state(self) -> _State | None:
        try:
            return _State(**json.loads(self._secrets_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _settled_state(self) -> _State:
        """Return the kept secrets and ports, completed where one is missing or its port taken."""
        kept = self._kept_state() or _State(f"bpi-{secrets.token_hex(4)}", {}, {})
        ports = kept.ports
        usable = set(ports) == set(PORTS) and (self.ready() or all(map(_is_free, ports.values())))
        if not usable:
            ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        state = _State(
            server_name=kept.server_name,
            ports=ports,
            secrets={name: kept.secrets.get(name) or secrets.token_urlsafe(24) for name in SECRETS},
        )
        _write_private(self._secrets_file, json.dumps(asdict(state), indent=1))
        return state


def _others(folder: Path, wanted: frozenset[str]) -> str:
    """Return the modules of ``folder`` that Janus must not load, in its own notation."""
    return ",".join(sorted(path.name for path in folder.glob("*.so") if path.name not in wanted))


def _config(server: JanusServer, state: _State) -> dict[str, str]:
    """Return Janus' configuration: file name -> text."""
    modules = server.module_folder
    if modules is None:
        return {}
    media_address = server.media_address
    secret = state.secrets
    core = f"""\
general: {{
  configs_folder = "{server.config_folder}"
  plugins_folder = "{modules / "plugins"}"
  transports_folder = "{modules / "transports"}"
  events_folder = "{modules / "events"}"
  loggers_folder = "{modules / "loggers"}"
  debug_level = 3
  debug_timestamps = true
  server_name = "{state.server_name}"
  api_secret = "{secret["api_secret"]}"
  admin_secret = "{secret["admin_secret"]}"
  token_auth = true
  token_auth_secret = "{secret["token_secret"]}"
  session_timeout = {SESSION_TIMEOUT_SECONDS}
}}
certificates: {{ }}
media: {{ rtp_port_range = "40000-40999" }}
nat: {{ ice_enforce_list = "{media_address}" }}
plugins: {{ disable = "{_others(modules / "plugins", frozenset({WANTED_PLUGIN}))}" }}
transports: {{ disable = "{_others(modules / "transports", WANTED_TRANSPORTS)}" }}
loggers: {{ disable = "{_others(modules / "loggers", frozenset())}" }}
events: {{
  broadcast = true
  stats_period = 0
  disable = "{_others(modules / "events", frozenset({WANTED_EVENT_HANDLER}))}"
}}
"""
    http_transport = f"""\
general: {{
  json = "compact"
  base_path = "/janus"
  http = true
  port = {state.ports["http"]}
  ip = "127.0.0.1"
  https = false
  events = false
}}
admin: {{
  admin_base_path = "/admin"
  admin_http = true
  admin_port = {state.ports["admin"]}
  admin_ip = "127.0.0.1"
}}
cors: {{ }}
certificates: {{ }}
"""
    websocket_transport = f"""\
general: {{
  json = "compact"
  events = false
  ws = true
  ws_port = {state.ports["ws"]}
  ws_ip = "127.0.0.1"
  wss = false
}}
admin: {{ admin_ws = false }}
certificates: {{ }}
"""
    audiobridge = f"""\
general: {{
  admin_key = "{secret["admin_key"]}"
  lock_rtp_forward = true
  lock_play_file = true
  string_ids = false
  rtp_port_range = "41000-41999"
  local_ip = "127.0.0.1"
}}
"""
    events = f"""\
general: {{
  enabled = true
  events = "sessions,handles,media,plugins,core"
  grouping = true
  json = "compact"
  backend = "{state.url("events")}{EVENTS_PATH}"
  backend_user = "{EVENTS_USER}"
  backend_pwd = "{secret["events_password"]}"
  max_retransmissions = {EVENT_RETRIES}
  retransmissions_backoff = 100
}}
"""
    return {
        "janus.jcfg": core,
        "janus.transport.http.jcfg": http_transport,
        "janus.transport.websockets.jcfg": websocket_transport,
        "janus.plugin.audiobridge.jcfg": audiobridge,
        "janus.eventhandler.sampleevh.jcfg": events,
    }
