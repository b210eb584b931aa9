"""A real Janus for one test, and an event receiver that can misbehave."""

import base64
import json
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from conferencing.bridges.base import BridgeFact, FactKind
from conferencing.bridges.janus import JanusBridge
from conferencing.bridges.janus_server import EVENTS_USER, JanusServer


def wait_until(condition, *, seconds: float = 10.0, what: str = "the condition"):
    """Return the first true value of ``condition()``, asked every 20 ms."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            msg = f"{what} did not come true within {seconds} s"
            raise AssertionError(msg)
        time.sleep(0.02)


class RunningJanus:
    """A Janus process of its own, with everything needed to speak with it."""

    def __init__(self, folder: Path) -> None:
        self.server = JanusServer(folder)
        self.env = self.server.prepare()
        self.settings = {
            name.removeprefix("BPI_JANUS_").lower(): value for name, value in self.env.items()
        }
        self.adapter = JanusBridge.from_settings(self.settings)
        self.http_url = self.env["BPI_JANUS_HTTP_URL"]
        self._log = (folder / "janus.log").open("ab")
        self._process: subprocess.Popen | None = None

    @property
    def events_port(self) -> int:
        return urlsplit(self.env["BPI_JANUS_EVENTS_URL"]).port or 0

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> "RunningJanus":
        self._process = subprocess.Popen(  # noqa: S603
            self.server.command(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        wait_until(self.server.ready, seconds=15, what="Janus answering")
        return self

    def kill(self) -> None:
        """kill -9: it says nothing any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def terminate(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)
        self._process = None

    def close(self) -> None:
        self.kill()
        self.adapter.close()
        self._log.close()


class EventSink:
    """Keeps what Janus delivers, as the link's receiver would get it."""

    def __init__(self, janus: RunningJanus) -> None:
        self.janus = janus
        self.events: list[dict] = []
        self.hang_up = False  # close the connection unanswered, as when nothing can be stored
        expected = f"{EVENTS_USER}:{janus.env['BPI_JANUS_EVENTS_PASSWORD']}"
        authorization = "Basic " + base64.b64encode(expected.encode()).decode()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if sink.hang_up:
                    return
                assert self.headers["Authorization"] == authorization
                content = json.loads(body)
                sink.events += content if isinstance(content, list) else [content]
                self.send_response(200)
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", janus.events_port), Handler)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def facts(self, *kinds: FactKind) -> list[BridgeFact]:
        found = [self.janus.adapter.fact(event) for event in list(self.events)]
        return [fact for fact in found if fact is not None and fact.kind in kinds]

    def wait_for(self, kind: FactKind, count: int = 1) -> list[BridgeFact]:
        wait_until(lambda: len(self.facts(kind)) >= count, what=f"{count} x {kind}")
        return self.facts(kind)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
