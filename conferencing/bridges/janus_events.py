"""Janus' events, as its ``sampleevh`` delivers them, put into the words of no make.

Source: recorded from Janus 1.1.2, kept in tests/data/bridge/.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conferencing.bridges.base import BridgeFact, Event, FactKind, moment
from conferencing.bridges.janus_tickets import leg_id_of

HANDLE, MEDIA, PLUGIN, CORE = 2, 32, 64, 256
# Janus says "not receiving" one second after the last packet (``no_media_timer``).
NO_MEDIA_TIMER = timedelta(seconds=1)
PLUGIN_KINDS = {
    "joined": FactKind.JOINED,
    "left": FactKind.LEFT,
    "kicked": FactKind.KICKED,
    "destroyed": FactKind.ROOM_DESTROYED,
}
CORE_KINDS = {"started": FactKind.BRIDGE_STARTED, "shutdown": FactKind.BRIDGE_SHUTDOWN}


def fact(event: Event, *, token_secret: str) -> BridgeFact | None:
    """Translate one event; None when it tells nothing about calls.

    Raises:
        ValueError: this is no event of Janus.
    """
    kind, timestamp, content = event.get("type"), event.get("timestamp"), event.get("event", {})
    if (
        not isinstance(kind, int)
        or not isinstance(timestamp, int)
        or not isinstance(content, Mapping)
    ):
        msg = "an event of Janus has a numeric type, a numeric timestamp and an object"
        raise ValueError(msg)  # noqa: TRY004 - it is the content that is wrong, not our types
    translate = {HANDLE: _attached, MEDIA: _media, PLUGIN: _room, CORE: _bridge}.get(kind)
    return translate(event, content, token_secret) if translate else None


def _attached(event: Event, content: Mapping[str, Any], token_secret: str) -> BridgeFact | None:
    if content.get("name") != "attached":
        return None
    return BridgeFact(
        FactKind.ATTACHED,
        moment(event["timestamp"]),
        handle=_handle(event),
        leg_id=leg_id_of(token_secret, str(content.get("token", ""))),
    )


def _media(event: Event, content: Mapping[str, Any], _: str) -> BridgeFact | None:
    if not isinstance(content.get("receiving"), bool):
        return None
    at = moment(event["timestamp"])
    if content["receiving"]:
        return BridgeFact(FactKind.MEDIA_BACK, at, handle=_handle(event))
    return BridgeFact(FactKind.MEDIA_LOST, at - NO_MEDIA_TIMER, handle=_handle(event))


def _room(event: Event, content: Mapping[str, Any], _: str) -> BridgeFact | None:
    data = content.get("data", {})
    if not isinstance(data, Mapping):
        return None
    kind = PLUGIN_KINDS.get(data.get("event", ""))
    if kind is None or "room" not in data:
        return None
    return BridgeFact(
        kind,
        moment(event["timestamp"]),
        room=str(data["room"]),
        participant=str(data.get("id", "")),
        display=str(data.get("display", "")),
        handle=_handle(event),
    )


def _bridge(event: Event, content: Mapping[str, Any], _: str) -> BridgeFact | None:
    kind = CORE_KINDS.get(content.get("status", ""))
    return BridgeFact(kind, moment(event["timestamp"])) if kind else None


def _handle(event: Event) -> str:
    return str(event.get("handle_id", ""))
