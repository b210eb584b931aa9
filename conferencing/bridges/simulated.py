"""A bridge without callers: it plays conferences by itself, on its own clock.

The embedded default where there is no Janus. It speaks Janus' dialect, so that what it tells goes
through the same receiver and is read by the same code; it knows the same faults, on demand. What
is played in a room depends only on the room and the seed: two runs play the same call.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from conferencing.bridges import janus_events, janus_tickets
from conferencing.bridges.base import (
    BridgeFact,
    BridgeHealth,
    BridgeUnavailableError,
    Caller,
    DialIn,
    Event,
    Joining,
    LiveLeg,
    RoomSpec,
)

LATE_SHARE = 0.05  # of the booked time: the last to come are that late
EARLY_SHARE = 0.10  # the first to go are that early


@dataclass(slots=True)
class Faults:
    """What goes wrong: shares of the events, from 0 to 1.

    Attributes:
        lost: Never delivered.
        doubled: Delivered twice.
        late: Delivered with the events of the next step.
    """

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One caller's part in a call."""

    caller: Caller
    handle: str
    joins_at: datetime
    leaves_at: datetime


@dataclass(slots=True)
class Room:
    """A room, everyone who ever had a part in it, the parts to come, and those being played."""

    spec: RoomSpec
    cast: set[Caller] = field(default_factory=set)
    waiting: list[Part] = field(default_factory=list)
    inside: list[Part] = field(default_factory=list)


class SimulatedBridge:
    """A bridge inside the process of the bridge link.

    Its settings: ``token_secret events_password``, and optionally ``seed`` and ``dial_in``.

    Args:
        faults: May be changed while it runs.
    """

    simulated: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], *, faults: Faults | None = None) -> None:
        self.events_password = str(settings["events_password"])
        self.faults = faults or Faults()
        self.down = False
        self._token_secret = str(settings["token_secret"])
        self._seed = settings.get("seed", 0)
        self._chance = random.Random(f"{self._seed}")  # noqa: S311 - a play, no secret
        self._dial_in = tuple(
            DialIn(item["access"], item["number"]) for item in settings.get("dial_in", ())
        )
        self._rooms: dict[str, Room] = {}
        self._clock: datetime | None = None
        self._untold: list[Event] = []
        self._delayed: list[Event] = []

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build the adapter from the plain settings of one bridge."""
        return cls(settings)

    def close(self) -> None:
        """Give back nothing: it holds nothing open."""

    # --- what every bridge offers ---------------------------------------------------------------
    def health(self) -> BridgeHealth:
        """Ask for a sign of life."""
        self._answer()
        return BridgeHealth(self._now(), "simulated")

    def rooms(self) -> frozenset[str]:
        """Return the numbers of the rooms that exist now."""
        self._answer()
        return frozenset(self._rooms)

    def create_room(self, spec: RoomSpec) -> None:
        """Make sure that the room exists; those who hold tickets come by themselves."""
        self._answer()
        room = self._rooms.setdefault(spec.room, Room(spec))
        room.waiting += [part for part in self._parts(spec) if part.caller not in room.cast]
        room.cast.update(spec.callers)

    def destroy_room(self, spec: RoomSpec) -> None:
        """Make sure that the room is gone, and everyone out of it."""
        self._answer()
        if self._rooms.pop(spec.room, None) is not None:
            self._tell(_room_event(self._now(), "destroyed", spec.room))

    def live_legs(self) -> Sequence[LiveLeg]:
        """Return everyone who is in a room now."""
        self._answer()
        return [
            LiveLeg(
                room=number,
                participant=part.caller.participant,
                display=part.caller.display,
                handle=part.handle,
                attached_at=part.joins_at,
                leg_id=part.caller.leg_id,
            )
            for number, room in self._rooms.items()
            for part in room.inside
        ]

    def kick(self, spec: RoomSpec, participant: str) -> None:
        """Put a participant out of the room; nothing happens when already out."""
        self._answer()
        room = self._rooms.get(spec.room)
        for part in list(room.inside) if room else []:
            if room and part.caller.participant == participant:
                room.inside.remove(part)
                for name in ("kicked", "left"):
                    self._tell(_room_event(self._now(), name, spec.room, part))

    def joining(self, *, leg_id: str, expires_at: datetime, browser: bool) -> Joining:
        """Return a token as Janus would take it; there is no address to connect to."""
        del browser
        token = janus_tickets.mint(self._token_secret, leg_id=leg_id, expires_at=expires_at)
        return Joining("", token, expires_at)

    def dial_in(self) -> Sequence[DialIn]:
        """Return the telephone numbers of this bridge."""
        return self._dial_in

    def fact(self, event: Event) -> BridgeFact | None:
        """Translate one event as delivered; None when it tells nothing about calls."""
        return janus_events.fact(event, token_secret=self._token_secret)

    # --- the play -------------------------------------------------------------------------------
    def play(self, now: datetime) -> Sequence[Event]:
        """Let time pass up to ``now`` and return the events of it, as they would be delivered.

        While it is down nothing happens and nothing is told.
        """
        if self.down:
            return []
        if self._clock is None:
            self._tell(_bridge_event(now, "started"))
        self._clock = now
        for number, room in self._rooms.items():
            self._untold += self._step(number, room, now)
        told = sorted(self._untold, key=lambda event: int(event["timestamp"]))
        self._untold = []
        return list(self._delivered(told))

    def restart(self, now: datetime) -> None:
        """Forget every room and everyone in it, as after kill -9; tell only the new start."""
        self._rooms.clear()
        self._untold.clear()
        self._delayed.clear()
        self.down = False
        self._clock = now
        self._tell(_bridge_event(now, "started"))

    def _parts(self, spec: RoomSpec) -> list[Part]:
        """Return who plays when in this room: nobody before now, nobody twice."""
        chance = random.Random(f"{self._seed}/{spec.room}")  # noqa: S311 - a play, no secret
        length = spec.ends_at - spec.starts_at
        parts = []
        for caller in spec.callers:
            late, early = chance.random() * LATE_SHARE, chance.random() * EARLY_SHARE
            handle = str(chance.randrange(1, 2**52))
            joins_at = max(spec.starts_at + late * length, self._now())
            leaves_at = spec.ends_at - early * length
            if joins_at < leaves_at:
                parts.append(Part(caller, handle, joins_at, leaves_at))
        return parts

    def _step(self, number: str, room: Room, now: datetime) -> Iterator[Event]:
        for part in [part for part in room.waiting if part.joins_at <= now]:
            room.waiting.remove(part)
            room.inside.append(part)
            yield self._attached(part)
            yield _room_event(part.joins_at, "joined", number, part)
        for part in [part for part in room.inside if part.leaves_at <= now]:
            room.inside.remove(part)
            yield _room_event(part.leaves_at, "left", number, part)

    def _attached(self, part: Part) -> Event:
        token = janus_tickets.mint(
            self._token_secret, leg_id=part.caller.leg_id, expires_at=part.leaves_at
        )
        content = {"name": "attached", "plugin": janus_tickets.PLUGIN, "token": token}
        return {
            "type": janus_events.HANDLE,
            "timestamp": _microseconds(part.joins_at),
            "handle_id": int(part.handle),
            "event": content,
        }

    def _delivered(self, events: Iterable[Event]) -> Iterator[Event]:
        held_back, self._delayed = self._delayed, []
        yield from held_back
        for event in events:
            fate = self._chance.random()
            if fate < self.faults.lost:
                continue
            if self._chance.random() < self.faults.late:
                self._delayed.append(event)
                continue
            yield event
            if self._chance.random() < self.faults.doubled:
                yield event

    def _tell(self, event: Event) -> None:
        self._untold.append(event)

    def _now(self) -> datetime:
        return self._clock or datetime.now(UTC)

    def _answer(self) -> None:
        if self.down:
            msg = "the simulated bridge is down"
            raise BridgeUnavailableError(msg)


def _room_event(at: datetime, name: str, room: str, part: Part | None = None) -> Event:
    data: dict[str, Any] = {"event": name, "room": int(room)}
    event: dict[str, Any] = {"type": janus_events.PLUGIN, "timestamp": _microseconds(at)}
    if part is not None:
        data |= {"id": int(part.caller.participant), "display": part.caller.display}
        if name == "joined":  # as Janus: the others often come without
            event["handle_id"] = int(part.handle)
    return {**event, "event": {"plugin": janus_tickets.PLUGIN, "data": data}}


def _bridge_event(at: datetime, status: str) -> Event:
    return {
        "type": janus_events.CORE,
        "timestamp": _microseconds(at),
        "event": {"status": status},
    }


def _microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
