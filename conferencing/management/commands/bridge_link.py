"""``manage.py bridge_link``: the process that speaks with the conference bridges."""

import base64
import binascii
import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

from conferencing.models import Bridge
from conferencing.services.bridge_adapters import ensure_embedded_bridge
from conferencing.services.link import Link, UnknownBridgeError

logger = logging.getLogger(__name__)

ROUND_SECONDS = 0.2  # how long a new booking waits at most until a round sees it
WAIT_FOR_LOCK_SECONDS = 1.0
STORE_SECONDS = 8  # after ten the bridge would offer the events a second time
LONGEST_BODY = 32 * 1024 * 1024


class Command(BaseCommand):
    """Run the bridge link until SIGTERM or SIGINT."""

    help = "Receive the events of the conference bridges, poll them, open and close their rooms."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Wait for the lock, then do round after round; survive the database's restarts."""
        LinkProcess().run()


class LinkProcess:
    """The link, its event receiver, and the way to stop both."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._link = Link()
        self._receiver: Receiver | None = None

    def run(self) -> None:
        """Work until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        logger.info("bridge link: started")
        try:
            while not self._stopping.is_set():
                self._wake.wait(self._round())
                self._wake.clear()
        finally:
            if self._receiver is not None:
                self._receiver.close()
            self._link.close()
            connection.close()
        logger.info("bridge link: stopped")

    def _round(self) -> float:
        """Do one round; return how long to rest."""
        try:
            if not self._link.hold():
                return WAIT_FOR_LOCK_SECONDS
            if self._receiver is None:
                ensure_embedded_bridge()
            self._link.round()
            self._listen()
        except DatabaseError as error:
            logger.warning("bridge link: the database does not answer (%s)", error)
            connection.close()
            return WAIT_FOR_LOCK_SECONDS
        return ROUND_SECONDS

    def _listen(self) -> None:
        """Open the receiver; while its port is taken, polling alone has to do."""
        if self._receiver is not None or not settings.JANUS_EVENTS_URL:
            return
        try:
            self._receiver = Receiver(settings.JANUS_EVENTS_URL, self._link, self._wake)
        except OSError as error:
            logger.warning("bridge link: %s: %s", settings.JANUS_EVENTS_URL, error)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()
        self._wake.set()


class Receiver:
    """Listens for events on loopback. They are stored before they are answered.

    A bridge takes any answer for success, even "500", and gives the event up; only a connection
    closed without an answer is tried again. So what cannot be stored is not answered.
    """

    def __init__(self, url: str, link: Link, wake: threading.Event) -> None:
        parts = urlsplit(url)
        self.path = parts.path
        self._link = link
        self._wake = wake
        # One thread writes, so that one connection to the database is kept.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="events")
        handler = type("Handler", (EventHandler,), {"receiver": self})
        self._server = ThreadingHTTPServer((parts.hostname or "", parts.port or 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        """Stop listening; what was answered is stored."""
        self._server.shutdown()
        self._server.server_close()
        self._writer.submit(connection.close)
        self._writer.shutdown()

    def bridge_of(self, authorization: str) -> Bridge:
        """Return the bridge that shows its password (HTTP basic).

        Raises:
            UnknownBridgeError: this is no bridge of ours.
        """
        try:
            decoded = base64.b64decode(authorization.removeprefix("Basic "), validate=True)
            password = decoded.decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError) as error:
            raise UnknownBridgeError from error
        return self._link.bridge_of(password)

    def store(self, bridge: Bridge, body: bytes) -> None:
        """Return when the events are committed.

        Raises:
            ValueError: these are no events.
            Exception: anything else: they are not stored.
        """
        self._writer.submit(self._store, bridge, body).result(timeout=STORE_SECONDS)
        self._wake.set()

    def _store(self, bridge: Bridge, body: bytes) -> None:
        close_old_connections()
        try:
            self._link.receive(bridge, body)
        except DatabaseError:
            connection.close()
            raise


class EventHandler(BaseHTTPRequestHandler):
    """One request of a bridge."""

    receiver: Receiver
    protocol_version = "HTTP/1.1"
    timeout = 15

    def do_POST(self) -> None:
        """Store the events, then say so."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY or self.path != self.receiver.path:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        body = self.rfile.read(length)
        try:
            bridge = self.receiver.bridge_of(self.headers.get("Authorization", ""))
            self.receiver.store(bridge, body)
        except UnknownBridgeError:
            self._answer(HTTPStatus.UNAUTHORIZED)
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST)
        except Exception:
            logger.exception("bridge link: events not stored, the bridge will offer them again")
            self.close_connection = True
        else:
            self._answer(HTTPStatus.OK)

    def log_message(self, *_args: object) -> None:
        """Keep quiet: every event would be a line."""

    def _answer(self, status: HTTPStatus) -> None:
        if status is not HTTPStatus.OK:
            self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
