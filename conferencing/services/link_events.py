"""What bridges deliver: kept first, understood afterwards."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DataError, IntegrityError, transaction

from conferencing.bridges.base import BridgeAdapter, BridgeFact, Delivery, FactKind
from conferencing.models import Bridge, BridgeEvent, Leg

from .link_stories import OF_THE_BRIDGE, lock_story, tell_room

logger = logging.getLogger(__name__)

AT_ONCE: Final = 500
FACT_FIELDS: Final = (
    "applied_at",
    "occurred_at",
    "kind",
    "room",
    "participant_id",
    "display",
    "handle",
    "leg_id",
    "error",
)
KEEP_SILENT: Final = timedelta(days=2)  # events that tell nothing about calls
KEEP_ALL: Final = timedelta(days=400)
SKEW_SAMPLE: Final = timedelta(minutes=10)


def receive(bridge: Bridge, events: Sequence[Delivery], *, now: datetime) -> int:
    """Store delivered events, each once; return how many were new.

    Only when this has returned may the bridge be told that they arrived.
    """
    rows = [
        BridgeEvent(bridge=bridge, digest=event.fingerprint, body=event.body, received_at=now)
        for event in events
    ]
    with transaction.atomic():
        before = BridgeEvent.objects.filter(
            bridge=bridge, digest__in=[row.digest for row in rows]
        ).count()
        BridgeEvent.objects.bulk_create(rows, ignore_conflicts=True)
        Bridge.objects.filter(pk=bridge.pk).update(last_event_at=now)
    return len({row.digest for row in rows}) - before


def apply_pending(bridge: Bridge, adapter: BridgeAdapter, *, now: datetime) -> int:
    """Understand stored events and tell the rooms they speak of; return how many there were.

    One transaction for up to ``AT_ONCE`` events: what is marked as applied has had its effect.
    Safe to repeat and to run in two processes.
    """
    pending = BridgeEvent.objects.filter(bridge=bridge, applied_at=None).order_by("pk")
    if not pending.exists():
        return 0
    with transaction.atomic():
        lock_story(bridge)
        rows = list(pending[:AT_ONCE])
        for row in rows:
            _understand(row, adapter, now)
        if not rows:
            return 0
        BridgeEvent.objects.bulk_update(rows, FACT_FIELDS)
        tell_rooms(bridge, _rooms_of(bridge, rows), now=now)
    return len(rows)


def note_facts(bridge: Bridge, facts: Iterable[BridgeFact], *, now: datetime) -> set[int]:
    """Keep what a poll found beside what events told; return the rooms concerned.

    Call it in a transaction, after ``lock_story``.
    """
    rows = []
    for fact in facts:
        body = {
            "poll": fact.kind.value,
            "at": fact.occurred_at.isoformat(),
            "room": fact.room,
            "participant": fact.participant,
            "display": fact.display,
            "handle": fact.handle,
            "leg_id": fact.leg_id,
        }
        row = BridgeEvent(
            bridge=bridge, digest=Delivery(body).fingerprint, body=body, received_at=now
        )
        _fill(row, fact, now)
        rows.append(row)
    BridgeEvent.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.room for row in rows if row.room is not None}


def tell_rooms(bridge: Bridge, rooms: Iterable[int], *, now: datetime) -> None:
    """Tell the story of each room; one that cannot be told holds up no other."""
    for room in sorted(rooms):
        try:
            with transaction.atomic():
                tell_room(bridge, room, now=now)
        except (IntegrityError, DataError, ValueError) as error:
            logger.exception("bridge %s, room %s: not understood", bridge.slug, room)
            BridgeEvent.objects.filter(bridge=bridge, room=room).update(error=str(error)[:300])


def measure_clock(bridge: Bridge, *, now: datetime) -> int | None:
    """Return by how many milliseconds the bridge's clock seems behind ours; None if unknown.

    The fastest recent delivery: what it took is the difference of the clocks and very little else.
    Events of which the time is not yet known, and polls, do not count.
    """
    fastest = (
        BridgeEvent.objects.filter(
            bridge=bridge, received_at__gt=now - SKEW_SAMPLE, occurred_at__isnull=False
        )
        .exclude(kind__in=[FactKind.SEEN, FactKind.GONE])
        .values_list("received_at", "occurred_at")
    )
    delays = [received - occurred for received, occurred in fastest if occurred is not None]
    return round(min(delays).total_seconds() * 1000) if delays else None


def forget_old_events(bridge: Bridge, *, now: datetime) -> None:
    """Delete what nobody will ask for again: call records keep what was made of it."""
    rows = BridgeEvent.objects.filter(bridge=bridge, applied_at__isnull=False)
    rows.filter(kind="", received_at__lt=now - KEEP_SILENT).delete()
    rows.filter(received_at__lt=now - KEEP_ALL).delete()


def _understand(row: BridgeEvent, adapter: BridgeAdapter, now: datetime) -> None:
    row.applied_at = now
    try:
        fact = adapter.fact(_mapping(row.body))
        if fact is not None:
            _fill(row, fact, now)
    except ValueError as error:
        row.error = str(error)[:300]


def _mapping(body: object) -> Mapping[str, Any]:
    return body if isinstance(body, dict) else {}


def _fill(row: BridgeEvent, fact: BridgeFact, now: datetime) -> None:
    """Put the fact into the columns of the row.

    Raises:
        ValueError: the room is not a number; nothing is filled in then.
    """
    room = int(fact.room) if fact.room else None
    row.applied_at = now
    row.occurred_at = fact.occurred_at
    row.kind = fact.kind.value
    row.room = room
    row.participant_id = fact.participant[:64]
    row.display = fact.display[:120]
    row.handle = fact.handle[:40]
    row.leg_id = fact.leg_id[:64]


def _rooms_of(bridge: Bridge, rows: Iterable[BridgeEvent]) -> set[int]:
    """Return the rooms whose story these events may change."""
    rows = list(rows)
    rooms = {row.room for row in rows if row.room is not None}
    handles = {row.handle for row in rows if row.room is None and row.handle}
    if handles:
        known = BridgeEvent.objects.filter(bridge=bridge, handle__in=handles, room__isnull=False)
        rooms |= {room for room in known.values_list("room", flat=True) if room is not None}
    if any(row.kind in OF_THE_BRIDGE for row in rows):
        rooms |= open_rooms(bridge)
    return rooms


def open_rooms(bridge: Bridge) -> set[int]:
    """Return the rooms in which somebody is, as far as is known."""
    rows = Leg.objects.filter(bridge=bridge, ended_at=None).values_list("conference__room")
    return {room for (room,) in rows.distinct()}
