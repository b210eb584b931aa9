"""Participants with no human: plain RTP in pure Python, one thread for all of them.

G.711 µ-law, 160 bytes every 20 ms, sent from the declared port (Janus drops anything else without
a word). Every request shows the ticket, as a telephone gateway would.
"""

import contextlib
import math
import socket
import struct
import threading
import time
import uuid

import httpx

PLUGIN = "janus.plugin.audiobridge"
FRAME_SECONDS = 0.02
FRAME_BYTES = 160
KEEPALIVE_FRAMES = 1000  # 20 s; Janus ends a silent session after 60 s


def ulaw(sample: int) -> int:
    """Compress one 16-bit sample (ITU-T G.711, µ-law)."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 0x84
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


TONE = bytes(
    ulaw(int(12000 * math.sin(2 * math.pi * 400 * place / 8000))) for place in range(FRAME_BYTES)
)


class JoinRefusedError(Exception):
    """Janus did not let the participant in."""


class RtpParticipant:
    """Join a room over plain RTP and make a tone until leaving.

    Args:
        http_url: Janus' HTTP address.
        token: A leg's ticket; or ``api_secret`` for a gateway that shows none.
        participant_id: The number to join under; Janus chooses one when not given.
        leg_id: The leg of the ticket, for the test to compare with.
    """

    def __init__(
        self,
        http_url,
        room,
        *,
        pin,
        token="",
        api_secret="",
        display="",
        participant_id=None,
        leg_id="",
    ) -> None:
        self.leg_id = leg_id
        self._url = http_url
        self._auth = {"token": token} if token else {"apisecret": api_secret}
        self._http = httpx.Client(timeout=10, trust_env=False)
        PUMP.everyone.append(self)
        self._room, self._pin, self._display = int(room), pin, display
        self.received = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.session = self._post("", janus="create")["data"]["id"]
            answer = self._post(f"/{self.session}", janus="attach", plugin=PLUGIN)
            self.handle = answer["data"]["id"]
            self.join(participant_id)
        except BaseException:
            self.close()
            raise

    def join(self, participant_id=None) -> None:
        self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0)
        body = {
            "request": "join",
            "room": self._room,
            "pin": self._pin,
            "display": self._display,
            "codec": "pcmu",
            "rtp": {
                "ip": "127.0.0.1",
                "port": self.socket.getsockname()[1],
                "payload_type": 0,
            },
        }
        if participant_id is not None:
            body["id"] = int(participant_id)
        self._message(body)
        data = self._answer()
        if "error_code" in data:
            msg = f"{data['error_code']}: {data['error']}"
            raise JoinRefusedError(msg)
        self.participant_id = data["id"]
        self.target = (data["rtp"]["ip"], data["rtp"]["port"])
        self.frame = 0
        PUMP.add(self)

    def leave(self) -> None:
        """Leave the room and stay connected."""
        PUMP.remove(self)
        self._message({"request": "leave"})
        self.socket.close()

    def hang_up(self) -> None:
        """Leave by ending the session, as a telephone gateway does."""
        PUMP.remove(self)
        self._post(f"/{self.session}", janus="destroy")
        self.close()

    def vanish(self) -> None:
        """Fall silent without a word, as when the power fails."""
        PUMP.remove(self)
        self.close()

    def keep_alive(self) -> None:
        self._post(f"/{self.session}", janus="keepalive")

    def send_frame(self) -> None:
        header = struct.pack("!BBHII", 0x80, 0, self.frame & 0xFFFF, self.frame * FRAME_BYTES, 7)
        try:
            self.socket.sendto(header + TONE, self.target)
            while self.socket.recv(2048):
                self.received += 1
        except OSError:
            pass
        self.frame += 1
        if self.frame % KEEPALIVE_FRAMES == 0:
            # One that Janus lost, or is too busy to answer, must not silence all the others.
            with contextlib.suppress(httpx.HTTPError, JoinRefusedError):
                self.keep_alive()

    def _message(self, body) -> None:
        self._post(f"/{self.session}/{self.handle}", janus="message", body=body)

    def _answer(self) -> dict:
        """Return what the plugin answers to a join (asked for by long poll)."""
        while True:
            parameters = {key: value for key, value in self._auth.items() if value}
            event = self._http.get(f"{self._url}/{self.session}", params=parameters).json()
            data = event.get("plugindata", {}).get("data", {})
            if "error_code" in data or "rtp" in data:  # anything else is news of the room
                return data

    def _post(self, path, **body) -> dict:
        message = {"transaction": uuid.uuid4().hex, **self._auth, **body}
        answer = self._http.post(f"{self._url}{path}", json=message).json()
        if answer["janus"] == "error":
            msg = f"{answer['error']['code']}: {answer['error']['reason']}"
            raise JoinRefusedError(msg)
        return answer

    def close(self) -> None:
        self.socket.close()
        self._http.close()


class _Pump:
    """The one thread that speaks for all participants of this process."""

    def __init__(self) -> None:
        self.everyone: list[RtpParticipant] = []
        self._participants: list[RtpParticipant] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, participant: RtpParticipant) -> None:
        with self._lock:
            self._participants.append(participant)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def remove(self, participant: RtpParticipant) -> None:
        with self._lock:
            if participant in self._participants:
                self._participants.remove(participant)

    def silence(self) -> None:
        """Take everyone out, as at the end of a test."""
        with self._lock:
            for participant in self.everyone:
                participant.close()
            self.everyone.clear()
            self._participants.clear()

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            with self._lock:
                if not self._participants:
                    self._thread = None
                    return
                for participant in self._participants:
                    participant.send_frame()
            due = max(due + FRAME_SECONDS, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))


PUMP = _Pump()
