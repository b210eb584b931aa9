"""The poll: make and end rooms as wanted, and find out what no event has told."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from conferencing.bridges.base import (
    BridgeAdapter,
    BridgeFact,
    BridgeRefusedError,
    FactKind,
    LiveLeg,
    RoomSpec,
)
from conferencing.models import Bridge, Leg, Reservation

from .bridge_adapters import room_spec
from .link_callers import invent_callers
from .link_events import note_facts, tell_rooms
from .link_stories import lock_story

logger = logging.getLogger(__name__)

# An event that is under way gets this long to arrive before a poll speaks for it.
PATIENCE: Final = timedelta(seconds=1)
MISSED_AFTER: Final = timedelta(seconds=2)


Place = tuple[int, str, str]
"""Where somebody is: room, participant, connection."""


@dataclass(slots=True)
class Notices:
    """What one link process remembers between polls; losing it costs a second, no call.

    Attributes:
        unannounced: Participants met without an event: when first, and since when they may be in.
        refusals: What the bridge would not do at the last poll, in its words.
    """

    unannounced: dict[Place, tuple[datetime, datetime]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)


def reconcile(
    bridge: Bridge,
    adapter: BridgeAdapter,
    *,
    clock: Callable[[], datetime],
    notices: Notices,
) -> int:
    """Compare the bridge with what is wanted and known, and mend both; return who is live.

    Idempotent; nothing is remembered that a new process could not find out again.

    Raises:
        BridgeUnavailableError: the bridge does not answer; nothing is concluded from that.
    """
    notices.refusals = []
    _begin_endings(bridge, now=clock())
    existing = adapter.rooms()
    _make_rooms(bridge, adapter, existing, clock(), notices)
    _take_down_rooms(bridge, adapter, existing, clock(), notices)
    asked_at = clock()
    live = adapter.live_legs()
    _note_presence(bridge, live, asked_at=asked_at, now=clock(), notices=notices)
    _remove_participants(bridge, adapter, live, clock(), notices)
    _finish_endings(bridge, adapter.rooms())
    return len(live)


# --- rooms ----------------------------------------------------------------------------------------
def wanted_rooms(bridge: Bridge, *, now: datetime) -> QuerySet[Reservation]:
    """Return the reservations whose room should stand open now."""
    return Reservation.objects.filter(_wanted(now), bridge=bridge).select_related(
        "bridge", "customer"
    )


def has_room_work(bridge: Bridge, *, now: datetime) -> bool:
    """Tell whether a room is to be made, taken down or cleared before the next regular poll."""
    work = Q(_wanted(now), room_asserted_at=None) | Q(room_state=Reservation.RoomState.ENDING)
    return (
        Reservation.objects.filter(work | _over(now), bridge=bridge).exists()
        or _to_remove(bridge).exists()
    )


def _wanted(now: datetime) -> Q:
    return Q(
        room_state=Reservation.RoomState.WANTED,
        status__in=[Reservation.Status.BOOKED, Reservation.Status.HELD],
        scheduled_start__lte=now + timedelta(seconds=settings.ROOM_LEAD_SECONDS),
        scheduled_end__gt=now - timedelta(seconds=settings.ROOM_GRACE_SECONDS),
    )


def _over(now: datetime) -> Q:
    return Q(
        room_state=Reservation.RoomState.WANTED,
        scheduled_end__lte=now - timedelta(seconds=settings.ROOM_GRACE_SECONDS),
    )


def _begin_endings(bridge: Bridge, *, now: datetime) -> None:
    """End rooms whose time is over: their tickets are, and their ports may be booked by others."""
    Reservation.objects.filter(_over(now), bridge=bridge).update(
        room_state=Reservation.RoomState.ENDING
    )


def _make_rooms(
    bridge: Bridge,
    adapter: BridgeAdapter,
    existing: frozenset[str],
    now: datetime,
    notices: Notices,
) -> None:
    for reservation in wanted_rooms(bridge, now=now):
        if adapter.simulated:
            invent_callers(reservation)
        made = str(reservation.room) not in existing
        # A simulated bridge is told at every poll who holds a ticket by now.
        asked = made or adapter.simulated
        if asked and not _done(adapter.create_room, room_spec(reservation, now=now), notices):
            continue
        if made or reservation.room_asserted_at is None:
            Reservation.objects.filter(pk=reservation.pk).update(room_asserted_at=now)


def _take_down_rooms(
    bridge: Bridge,
    adapter: BridgeAdapter,
    existing: frozenset[str],
    now: datetime,
    notices: Notices,
) -> None:
    """Destroy the rooms of reservations that want none now: ended, cancelled, moved."""
    numbers = [int(room) for room in existing if room.isdecimal()]
    wanted = wanted_rooms(bridge, now=now).values("pk")
    unwanted = (
        Reservation.objects.filter(room__in=numbers)
        .exclude(pk__in=wanted)
        .select_related("bridge", "customer")
    )
    for reservation in unwanted:
        reservation.bridge = bridge  # it may have moved to another one meanwhile
        spec = room_spec(reservation, now=now)
        if _done(adapter.destroy_room, spec, notices):
            Reservation.objects.filter(pk=reservation.pk, bridge=bridge).update(
                room_asserted_at=None
            )


def _done(step: Callable[[RoomSpec], None], spec: RoomSpec, notices: Notices) -> bool:
    """Do one step; what the bridge refuses is noted and tried again at the next poll."""
    try:
        step(spec)
    except BridgeRefusedError as refused:
        notices.refusals.append(str(refused))
        logger.warning("refused by the bridge: %s", refused)
        return False
    return True


def _finish_endings(bridge: Bridge, existing: frozenset[str]) -> None:
    """Close reservations whose room is gone and from which nobody is known to be in any more."""
    ending = Reservation.objects.filter(
        bridge=bridge, room_state=Reservation.RoomState.ENDING
    ).select_related("bridge", "customer")
    for reservation in ending:
        inside = Leg.objects.filter(conference__reservation=reservation, ended_at=None)
        if str(reservation.room) in existing or inside.exists():
            continue
        Reservation.objects.filter(
            pk=reservation.pk, room_state=Reservation.RoomState.ENDING
        ).update(room_state=Reservation.RoomState.ENDED)


# --- people ---------------------------------------------------------------------------------------
def _note_presence(
    bridge: Bridge,
    live: Sequence[LiveLeg],
    *,
    asked_at: datetime,
    now: datetime,
    notices: Notices,
) -> None:
    """Write down who is there unannounced, who is gone without a word, and who was seen."""
    with transaction.atomic():
        lock_story(bridge)
        known = {
            (leg.conference.room, leg.participant_id, leg.handle): leg
            for leg in Leg.objects.filter(bridge=bridge, ended_at=None).select_related("conference")
        }
        here = {(int(leg.room), leg.participant, leg.handle): leg for leg in live}
        Leg.objects.filter(pk__in=[known[key].pk for key in known.keys() & here.keys()]).update(
            last_seen_at=asked_at
        )
        facts = _unannounced(bridge, here, known, asked_at, notices)
        facts += [
            _gone(leg, key[0])
            for key, leg in known.items()
            if key not in here and asked_at - _last_sign(leg) > MISSED_AFTER
        ]
        tell_rooms(bridge, note_facts(bridge, facts, now=now), now=now)
        Bridge.objects.filter(pk=bridge.pk).update(last_poll_at=asked_at)
        bridge.last_poll_at = asked_at


def _unannounced(
    bridge: Bridge,
    here: dict[Place, LiveLeg],
    known: dict[Place, Leg],
    asked_at: datetime,
    notices: Notices,
) -> list[BridgeFact]:
    """Return the participants whose joining no event has told for a while."""
    facts = []
    noted = {}
    for place in here.keys() - known.keys():
        leg = here[place]
        # It was not in the room at the poll before, so it joined after that.
        earliest = max(leg.attached_at, bridge.last_poll_at or leg.attached_at)
        first_met, since = notices.unannounced.get(place, (asked_at, earliest))
        noted[place] = first_met, since
        if asked_at - first_met >= PATIENCE:
            facts.append(_seen(leg, since))
    notices.unannounced = noted
    return facts


def _seen(leg: LiveLeg, since: datetime) -> BridgeFact:
    return BridgeFact(
        FactKind.SEEN, since, leg.room, leg.participant, leg.display, leg.handle, leg.leg_id
    )


def _gone(leg: Leg, room: int) -> BridgeFact:
    return BridgeFact(
        FactKind.GONE, _last_sign(leg), str(room), leg.participant_id, handle=leg.handle
    )


def _last_sign(leg: Leg) -> datetime:
    return max(leg.answered_at, leg.last_seen_at or leg.answered_at)


# --- who has to go --------------------------------------------------------------------------------
def _to_remove(bridge: Bridge) -> QuerySet[Leg]:
    return Leg.objects.filter(Q(bridge=bridge, ended_at=None), removal_requested_at__isnull=False)


def _remove_participants(
    bridge: Bridge,
    adapter: BridgeAdapter,
    live: Sequence[LiveLeg],
    now: datetime,
    notices: Notices,
) -> None:
    """Put out whom the desk or a host wants out, and the newest where the bridge is overfull."""
    asked = {
        (str(leg.conference.room), leg.participant_id)
        for leg in _to_remove(bridge).select_related("conference")
    }
    leaving = [leg for leg in live if (leg.room, leg.participant) in asked]
    staying = [leg for leg in live if leg not in leaving]
    leaving += excess(staying, _reserved_now(bridge, now), capacity=bridge.capacity)
    rooms = {int(leg.room) for leg in leaving}
    reservations = Reservation.objects.filter(bridge=bridge, room__in=rooms).select_related(
        "bridge", "customer"
    )
    specs = {str(reservation.room): room_spec(reservation, now=now) for reservation in reservations}
    for leg in leaving:
        if leg.room in specs:
            _done(_kicking(adapter, leg.participant), specs[leg.room], notices)


def _kicking(adapter: BridgeAdapter, participant: str) -> Callable[[RoomSpec], None]:
    return lambda spec: adapter.kick(spec, participant)


def _reserved_now(bridge: Bridge, now: datetime) -> dict[str, int]:
    """Return the ports that each room has a right to at this moment."""
    reservations = Reservation.objects.filter(
        bridge=bridge,
        status__in=[Reservation.Status.BOOKED, Reservation.Status.HELD],
        scheduled_start__lte=now,
        scheduled_end__gt=now,
    )
    return {str(room): ports for room, ports in reservations.values_list("room", "reserved_ports")}


def excess(live: Iterable[LiveLeg], reserved: dict[str, int], *, capacity: int) -> list[LiveLeg]:
    """Return who has to leave for the bridge to keep what it has promised to everyone.

    Joining beyond the reserved ports is allowed, and charged, as long as ports are left over that
    nobody has reserved now. Of those beyond, the newest leave first.
    """
    beyond: list[LiveLeg] = []
    used: dict[str, int] = {}
    for leg in sorted(live, key=lambda leg: leg.attached_at):
        used[leg.room] = used.get(leg.room, 0) + 1
        if used[leg.room] > reserved.get(leg.room, 0):
            beyond.append(leg)
    left_over = max(0, capacity - sum(reserved.values()))
    return beyond[left_over:]
