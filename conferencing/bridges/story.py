"""The story of one room: what was told of it, in any order and any number of times, as legs.

Pure. The whole story is told again for every new fact, so an event that comes late, twice or out
of order leads to the same legs as one that came in time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from conferencing.bridges.base import BridgeFact, FactKind, How

# Silence shorter than this before the end is how every call ends, not a lost line.
MEDIA_LOST_AFTER = timedelta(seconds=10)
ORDER = {kind: place for place, kind in enumerate(FactKind)}


@dataclass(frozen=True, slots=True)
class LegStory:
    """One participant's stay in a room.

    Attributes:
        leg_id: The id inside the ticket that was shown; empty without one.
        turn: 1 for the first stay with this connection, 2 after leaving and coming back, …
        left_at: None while inside.
    """

    participant: str
    handle: str
    display: str
    leg_id: str
    turn: int
    joined_at: datetime
    joined_how: How
    left_at: datetime | None = None
    left_how: How | None = None
    media_lost_at: datetime | None = None
    kicked: bool = False


def legs_of(
    facts: Iterable[BridgeFact], last_seen: Mapping[tuple[str, str], datetime]
) -> list[LegStory]:
    """Return the legs of one room, by the moment of joining.

    Args:
        facts: All that names the room, one of the connections in it, or the bridge as a whole.
        last_seen: When a poll last met (participant, handle) in the room.
    """
    teller = _Teller(last_seen)
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, ORDER[fact.kind])):
        teller.tell(fact)
    return sorted(teller.told(), key=lambda leg: (leg.joined_at, leg.participant))


class _Teller:
    """Who is in the room, and who was, up to the fact told last."""

    def __init__(self, last_seen: Mapping[tuple[str, str], datetime]) -> None:
        self._last_seen = last_seen
        self._inside: dict[str, LegStory] = {}
        self._past: list[LegStory] = []
        self._tickets: dict[str, str] = {}
        self._steps = {
            FactKind.ATTACHED: self._ticket,
            FactKind.JOINED: self._join,
            FactKind.SEEN: self._join,
            FactKind.LEFT: self._leave,
            FactKind.GONE: self._leave,
            FactKind.KICKED: self._kick,
            FactKind.MEDIA_LOST: self._media,
            FactKind.MEDIA_BACK: self._media,
            FactKind.ROOM_DESTROYED: self._all_out,
            FactKind.BRIDGE_SHUTDOWN: self._all_out,
            FactKind.BRIDGE_STARTED: self._all_lost,
        }

    def tell(self, fact: BridgeFact) -> None:
        self._steps[fact.kind](fact)

    def told(self) -> list[LegStory]:
        return [
            replace(leg, leg_id=leg.leg_id or self._tickets.get(leg.handle, ""))
            for leg in (*self._past, *self._inside.values())
        ]

    def _ticket(self, fact: BridgeFact) -> None:
        if fact.leg_id:
            self._tickets[fact.handle] = fact.leg_id

    def _join(self, fact: BridgeFact) -> None:
        self._ticket(fact)
        polled = fact.kind is FactKind.SEEN
        inside = self._inside.get(fact.participant)
        if inside is not None and inside.handle == fact.handle:
            if inside.joined_how is How.POLL and not polled:
                # The poll had guessed the moment; now the bridge has told it.
                self._inside[fact.participant] = replace(
                    inside, joined_at=fact.occurred_at, joined_how=How.EVENT_LATE
                )
            return
        if inside is not None:  # its leaving was never told
            self._close(inside, self._last_known(inside), How.POLL)
        self._inside[fact.participant] = LegStory(
            participant=fact.participant,
            handle=fact.handle,
            display=fact.display,
            leg_id=fact.leg_id,
            turn=1 + sum(self._same_connection(leg, fact) for leg in self._past),
            joined_at=fact.occurred_at,
            joined_how=How.POLL if polled else How.EVENT,
        )

    def _leave(self, fact: BridgeFact) -> None:
        polled = fact.kind is FactKind.GONE
        inside = self._inside.get(fact.participant)
        if inside is not None and not (fact.handle and inside.handle != fact.handle):
            self._close(inside, fact.occurred_at, How.POLL if polled else How.EVENT)
        elif not polled:
            self._correct(fact)

    def _correct(self, fact: BridgeFact) -> None:
        """Give the leg that a poll had missed the moment that the bridge tells afterwards."""
        for place in range(len(self._past) - 1, -1, -1):
            leg = self._past[place]
            if leg.participant == fact.participant:
                if leg.left_how is How.POLL:
                    self._past[place] = replace(
                        leg, left_at=fact.occurred_at, left_how=How.EVENT_LATE
                    )
                return

    def _kick(self, fact: BridgeFact) -> None:
        inside = self._inside.get(fact.participant)
        if inside is not None:
            self._inside[fact.participant] = replace(inside, kicked=True)

    def _media(self, fact: BridgeFact) -> None:
        lost_at = fact.occurred_at if fact.kind is FactKind.MEDIA_LOST else None
        for participant, leg in self._inside.items():
            if leg.handle == fact.handle:
                self._inside[participant] = replace(leg, media_lost_at=lost_at)

    def _all_out(self, fact: BridgeFact) -> None:
        # A bridge that says good-bye tells the moment itself.
        destroyed = fact.kind is FactKind.ROOM_DESTROYED
        for leg in list(self._inside.values()):
            self._close(leg, fact.occurred_at, How.ROOM_DESTROYED if destroyed else How.EVENT)

    def _all_lost(self, fact: BridgeFact) -> None:
        for leg in list(self._inside.values()):
            at = min(self._last_known(leg), fact.occurred_at)
            self._close(leg, at, How.BRIDGE_STARTED)

    def _last_known(self, leg: LegStory) -> datetime:
        return max(leg.joined_at, self._last_seen.get((leg.participant, leg.handle), leg.joined_at))

    def _close(self, leg: LegStory, at: datetime, how: How) -> None:
        if leg.media_lost_at is not None and at - leg.media_lost_at >= MEDIA_LOST_AFTER:
            at, how = leg.media_lost_at, How.MEDIA_LOST
        self._past.append(replace(leg, left_at=max(at, leg.joined_at), left_how=how))
        del self._inside[leg.participant]

    @staticmethod
    def _same_connection(leg: LegStory, fact: BridgeFact) -> bool:
        return leg.participant == fact.participant and leg.handle == fact.handle
