"""Janus with its AudioBridge plugin, driven over the Admin API alone (no session, no handle)."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Self

import httpx

from conferencing.bridges import janus_events, janus_tickets
from conferencing.bridges.base import (
    BridgeFact,
    BridgeHealth,
    BridgeRefusedError,
    BridgeUnavailableError,
    DialIn,
    Event,
    Joining,
    LiveLeg,
    RoomSpec,
)

TIMEOUT_SECONDS = 5
# Answers that mean: it is already so.
NO_SUCH_ROOM, ROOM_EXISTS, NO_SUCH_USER = 485, 486, 492
NO_SUCH_SESSION, NO_SUCH_HANDLE = 458, 459


class JanusBridge:
    """One Janus server.

    Its settings: ``admin_url admin_secret admin_key http_url ws_url token_secret
    events_password``, and optionally ``dial_in`` (a list of ``{access, number}``).
    """

    simulated: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.events_password = str(settings["events_password"])
        self._admin_secret = str(settings["admin_secret"])
        self._admin_key = str(settings["admin_key"])
        self._token_secret = str(settings["token_secret"])
        self._http_url = str(settings["http_url"])
        self._ws_url = str(settings["ws_url"])
        self._dial_in = tuple(
            DialIn(item["access"], item["number"]) for item in settings.get("dial_in", ())
        )
        self._admin_url = str(settings["admin_url"])

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build the adapter from the plain settings of one bridge."""
        return cls(settings)

    @cached_property
    def _http(self) -> httpx.Client:
        # Made when first needed: tickets are issued without asking the bridge.
        # trust_env off: a proxy of the machine must never see the admin secret.
        return httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        """Give back the connections; the next question opens new ones."""
        client = self.__dict__.pop("_http", None)
        if client is not None:
            client.close()

    # --- rooms --------------------------------------------------------------------------------
    def health(self) -> BridgeHealth:
        """Ask for a sign of life."""
        answer = self._admin(janus="info")
        return BridgeHealth(datetime.now(UTC), f"Janus {answer.get('version_string', '?')}")

    def rooms(self) -> frozenset[str]:
        """Return the numbers of the rooms that exist now, private ones too."""
        answer = self._plugin(request="list", admin_key=self._admin_key)
        return frozenset(str(room["room"]) for room in answer.get("list", ()))

    def create_room(self, spec: RoomSpec) -> None:
        """Make sure that the room exists.

        Not permanent: a permanent room keeps its PIN in clear in a file; the next poll makes the
        room again after a restart of Janus.
        """
        request: dict[str, Any] = {
            "request": "create",
            "room": int(spec.room),
            "description": spec.description,
            "pin": spec.pin,
            "secret": spec.secret,
            "admin_key": self._admin_key,
            "permanent": False,
            "is_private": True,
            "allow_rtp_participants": True,
            "sampling_rate": 16000,
            "audio_active_packets": 100,
            "audio_level_average": 25,
        }
        if spec.recording_path:
            request |= {"record": True, "record_file": spec.recording_path}
        self._plugin(already=ROOM_EXISTS, **request)

    def destroy_room(self, spec: RoomSpec) -> None:
        """Make sure that the room is gone, and everyone out of it."""
        self._plugin(
            already=NO_SUCH_ROOM, request="destroy", room=int(spec.room), secret=spec.secret
        )

    def kick(self, spec: RoomSpec, participant: str) -> None:
        """Put a participant out of the room; nothing happens when already out."""
        self._plugin(
            already=NO_SUCH_USER,
            request="kick",
            room=int(spec.room),
            secret=spec.secret,
            id=int(participant),
        )

    # --- who is there ---------------------------------------------------------------------------
    def live_legs(self) -> Sequence[LiveLeg]:
        """Return everyone who is in a room now (two requests, and one for each client)."""
        return [leg for leg in map(self._live_leg, self._handle_infos()) if leg is not None]

    def _handle_infos(self) -> Iterator[Mapping[str, Any]]:
        for session in self._admin(janus="list_sessions").get("sessions", ()):
            handles = self._admin_or_gone(f"/{session}", janus="list_handles").get("handles", ())
            for handle in handles:
                answer = self._admin_or_gone(f"/{session}/{handle}", janus="handle_info")
                if "info" in answer:
                    yield answer["info"]

    def _live_leg(self, info: Mapping[str, Any]) -> LiveLeg | None:
        inside = info.get("plugin_specific") or {}
        if inside.get("state") != "inroom":
            return None
        # Janus counts from its own start: only the difference to its "now" means something.
        age = timedelta(microseconds=info["current_time"] - info["created"])
        return LiveLeg(
            room=str(inside["room"]),
            participant=str(inside["id"]),
            display=str(inside.get("display", "")),
            handle=str(info["handle_id"]),
            attached_at=datetime.now(UTC) - age,
            leg_id=janus_tickets.leg_id_of(self._token_secret, str(info.get("token", ""))),
        )

    # --- clients --------------------------------------------------------------------------------
    def joining(self, *, leg_id: str, expires_at: datetime, browser: bool) -> Joining:
        """Return what a client needs to connect as the leg ``leg_id``; asks nobody.

        Browsers get the WebSocket address: Janus sees a killed one at once there, over HTTP only
        after a minute.
        """
        token = janus_tickets.mint(self._token_secret, leg_id=leg_id, expires_at=expires_at)
        return Joining(self._ws_url if browser else self._http_url, token, expires_at)

    def dial_in(self) -> Sequence[DialIn]:
        """Return the telephone numbers of this bridge."""
        return self._dial_in

    def fact(self, event: Event) -> BridgeFact | None:
        """Translate one event as delivered; None when it tells nothing about calls."""
        return janus_events.fact(event, token_secret=self._token_secret)

    # --- the wire -------------------------------------------------------------------------------
    def _plugin(self, *, already: int = 0, **request: Any) -> Mapping[str, Any]:
        """Ask the AudioBridge; ``already`` is the refusal that means success."""
        answer: Mapping[str, Any] = self._admin(
            janus="message_plugin", plugin=janus_tickets.PLUGIN, request=request
        ).get("response", {})
        code = answer.get("error_code")
        if code is not None and code != already:
            raise BridgeRefusedError(code, str(answer.get("error", "")))
        return answer

    def _admin_or_gone(self, path: str, **request: Any) -> Mapping[str, Any]:
        """Ask about a session or handle; empty when it has ended in the meantime."""
        try:
            return self._admin(path, **request)
        except BridgeRefusedError as refused:
            if refused.code in {NO_SUCH_SESSION, NO_SUCH_HANDLE}:
                return {}
            raise

    def _admin(self, path: str = "", **request: Any) -> Mapping[str, Any]:
        body = {"transaction": uuid.uuid4().hex, "admin_secret": self._admin_secret, **request}
        try:
            response = self._http.post(f"{self._admin_url}{path}", json=body)
            answer = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            # Only the kind of error: its text may hold the address, never the secret.
            msg = f"{type(error).__name__}: {error}"
            raise BridgeUnavailableError(msg) from error
        if not isinstance(answer, dict):
            msg = "Janus answered with something else than an object"
            raise BridgeUnavailableError(msg)
        if answer.get("janus") == "error":
            reason = answer.get("error", {})
            raise BridgeRefusedError(int(reason.get("code", 0)), str(reason.get("reason", "")))
        return answer
