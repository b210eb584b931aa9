"""What every make of conference bridge offers, in plain values.

A make is one module with a class that fulfils ``BridgeAdapter``; ``settings.BRIDGE_MAKES`` names
it by its dotted path. A make that plays calls by itself also fulfils ``SelfPlaying``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

Event = Mapping[str, Any]


class BridgeUnavailableError(Exception):
    """The bridge did not answer, or not in its own language: try again at the next poll."""


class BridgeRefusedError(Exception):
    """The bridge answered that it will not do this.

    Attributes:
        code: The bridge's own number for the reason.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class FactKind(StrEnum):
    """What a bridge can tell, whatever its make."""

    ATTACHED = "attached"  # a client showed its ticket
    JOINED = "joined"
    LEFT = "left"
    KICKED = "kicked"
    MEDIA_LOST = "media_lost"  # nothing is heard of a participant any more
    MEDIA_BACK = "media_back"
    ROOM_DESTROYED = "room_destroyed"  # everyone in it is out, without a ``left``
    BRIDGE_STARTED = "bridge_started"  # everyone is out, since an unknown moment
    BRIDGE_SHUTDOWN = "bridge_shutdown"  # everyone is out, without a ``left``
    SEEN = "seen"  # a poll met a participant that no event had announced
    GONE = "gone"  # a poll missed a participant that no event had taken leave of


class How(StrEnum):
    """How a time is known. What was ``ESTIMATED`` is billed and flagged."""

    EVENT = "event"
    EVENT_LATE = "event-late"  # told by an event after a poll had already found it
    ROOM_DESTROYED = "room-destroyed"
    POLL = "poll"
    BRIDGE_STARTED = "bridge-started"
    MEDIA_LOST = "media-lost"


ESTIMATED = frozenset({How.POLL, How.BRIDGE_STARTED, How.MEDIA_LOST})


@dataclass(frozen=True, slots=True)
class BridgeFact:
    """One thing that happened on a bridge, in the words of no make.

    Attributes:
        occurred_at: UTC with microseconds, by the clock of the bridge.
        room: Number of the room; empty where the event names none (attached, media, bridge).
        participant: The bridge's number of the participant in that room.
        handle: The client's connection, as the bridge names it; empty where not told.
        leg_id: The id inside the ticket that the client showed; empty without a valid one.
    """

    kind: FactKind
    occurred_at: datetime
    room: str = ""
    participant: str = ""
    display: str = ""
    handle: str = ""
    leg_id: str = ""


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """A participant who is in a room at this moment.

    Attributes:
        attached_at: When the client connected to the bridge (UTC); it joined then or later.
    """

    room: str
    participant: str
    display: str
    handle: str
    attached_at: datetime
    leg_id: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone who holds a ticket for a room."""

    leg_id: str
    participant: str
    display: str


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """A room that shall exist.

    Attributes:
        room: Its number, decimal digits, never used twice on one bridge.
        secret: Needed to change or destroy it; known to the portal and the bridge only.
        ports: Participants booked.
        starts_at: Booked start (UTC).
        ends_at: Booked end (UTC).
        callers: Who holds a ticket; only a bridge that plays calls by itself looks at them.
        recording_path: Where the bridge writes the sound; empty = not recorded.
    """

    room: str
    description: str
    pin: str
    secret: str
    ports: int
    starts_at: datetime
    ends_at: datetime
    callers: tuple[Caller, ...] = ()
    recording_path: str = ""


@dataclass(frozen=True, slots=True)
class BridgeHealth:
    """What the bridge says about itself."""

    answered_at: datetime
    version: str


@dataclass(frozen=True, slots=True)
class DialIn:
    """A telephone number under which a bridge is reached."""

    access: str
    number: str


@dataclass(frozen=True, slots=True)
class Joining:
    """Where and how one client connects: the technical half of a leg ticket.

    Attributes:
        server_url: For browsers a WebSocket address, for gateways an HTTP one.
        token: Shown with every request; names the leg and cannot be forged.
    """

    server_url: str
    token: str
    expires_at: datetime


class BridgeAdapter(Protocol):
    """One bridge, spoken to in plain values. Every method may be called again without harm.

    All methods that ask the bridge raise ``BridgeUnavailableError`` when it does not answer and
    ``BridgeRefusedError`` when it says no.
    """

    simulated: ClassVar[bool]

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build the adapter from the plain settings of one bridge.

        Raises:
            KeyError: a setting that this make needs is missing.
        """

    @property
    def events_password(self) -> str:
        """What this bridge must show when it delivers events."""

    def close(self) -> None:
        """Give back what the adapter holds open."""

    def health(self) -> BridgeHealth:
        """Ask for a sign of life."""

    def rooms(self) -> frozenset[str]:
        """Return the numbers of the rooms that exist now."""

    def create_room(self, spec: RoomSpec) -> None:
        """Make sure that the room exists."""

    def destroy_room(self, spec: RoomSpec) -> None:
        """Make sure that the room is gone, and everyone out of it."""

    def live_legs(self) -> Sequence[LiveLeg]:
        """Return everyone who is in a room now."""

    def kick(self, spec: RoomSpec, participant: str) -> None:
        """Put a participant out of the room; nothing happens when already out."""

    def joining(self, *, leg_id: str, expires_at: datetime, browser: bool) -> Joining:
        """Return what a client needs to connect as the leg ``leg_id``; asks nobody.

        An expired token ends a running call, so it must outlive the booked time.
        """

    def dial_in(self) -> Sequence[DialIn]:
        """Return the telephone numbers of this bridge."""

    def fact(self, event: Event) -> BridgeFact | None:
        """Translate one event as delivered; None when it tells nothing about calls.

        Raises:
            ValueError: this is no event of this make.
        """


@runtime_checkable
class SelfPlaying(Protocol):
    """A bridge without callers that plays some by itself."""

    def play(self, now: datetime) -> Sequence[Event]:
        """Let time pass up to ``now`` and return the events of it, as they would be delivered."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as it was delivered, with the fingerprint that makes its repetition harmless."""

    body: Event
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        canonical = json.dumps(self.body, sort_keys=True, separators=(",", ":"))
        object.__setattr__(self, "fingerprint", hashlib.sha256(canonical.encode()).hexdigest())


def deliveries(body: bytes) -> list[Delivery]:
    """Split what a bridge posted into events: a JSON object, or a list of them.

    Raises:
        ValueError: anything else.
    """
    content = json.loads(body)
    events = content if isinstance(content, list) else [content]
    if not all(isinstance(event, dict) for event in events):
        msg = "expected a JSON object or a list of them"
        raise ValueError(msg)
    return [Delivery(event) for event in events]


def moment(microseconds: int) -> datetime:
    """Return the UTC moment of a count of microseconds since 1970, exactly."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=rest)
