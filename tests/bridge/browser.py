"""A participant in a browser: Chromium with a false microphone, over WebSocket and WebRTC.

Runs as a process of its own (``python -m tests.bridge.browser``), which can be killed with its
browser, and does not meet the browser of the screens' tests.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

JOIN = """async ([url, token, room, pin, id]) => {
  const socket = new WebSocket(url, "janus-protocol");
  const answers = {};
  let count = 0;
  socket.onmessage = (message) => {
    const answer = JSON.parse(message.data);
    if (answers[answer.transaction] && answer.janus !== "ack") answers[answer.transaction](answer);
  };
  const ask = (body) => new Promise((done) => {
    const transaction = `t${count++}`;
    answers[transaction] = done;
    socket.send(JSON.stringify({transaction, token, ...body}));
  });
  await new Promise((open, fail) => { socket.onopen = open; socket.onerror = fail; });
  const session_id = (await ask({janus: "create"})).data.id;
  const attach = {janus: "attach", session_id, plugin: "janus.plugin.audiobridge"};
  const handle_id = (await ask(attach)).data.id;
  const say = (body, jsep) => ask({janus: "message", session_id, handle_id, body, jsep});
  await say({request: "join", room, pin, id, display: "Navegador"});
  const peer = new RTCPeerConnection();
  const sound = await navigator.mediaDevices.getUserMedia({audio: true});
  sound.getTracks().forEach((track) => peer.addTrack(track, sound));
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((done) => {
    const check = () => peer.iceGatheringState === "complete" && done();
    peer.onicegatheringstatechange = check;
    check();
  });
  const answer = await say({request: "configure", muted: false}, peer.localDescription);
  await peer.setRemoteDescription(answer.jsep);
  await new Promise((done) => {
    const check = () => peer.connectionState === "connected" && done();
    peer.onconnectionstatechange = check;
    check();
  });
  return peer.connectionState;
}"""


class BrowserParticipant:
    """Join a room with a ticket; returns when sound flows both ways."""

    def __init__(self, chromium: str, joining, room, *, pin, participant_id) -> None:
        arguments = [joining.server_url, joining.token, int(room), pin, int(participant_id)]
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.bridge.browser", chromium, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.state = self._process.stdout.readline().strip()

    def kill(self) -> None:
        """kill -9 of the browser and all that belongs to it."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


def main() -> None:
    from playwright.sync_api import sync_playwright

    page = EmptyPage()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=sys.argv[1], args=ARGUMENTS)
        tab = browser.new_page()
        tab.goto(page.url)
        sys.stdout.write(tab.evaluate(JOIN, json.loads(sys.argv[2])) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


class EmptyPage:
    """An empty page on 127.0.0.1: there, and not on about:blank, a microphone is allowed."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args) -> None:
                pass

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    main()
