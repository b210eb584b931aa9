"""How many ports of a bridge are free, and when enough of them will be.

A reservation holds its ports from its start until its end (exclusive) while it is booked or held;
cancelled and missed ones hold none. All moments are aware, all comparisons exact.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Max

from conferencing.models import Bridge, Reservation

HOLDING: Final = (Reservation.Status.BOOKED, Reservation.Status.HELD)
STEP: Final = dt.timedelta(minutes=15)
_HORIZONS: Final = (dt.timedelta(days=1), dt.timedelta(days=7), dt.timedelta(days=60))

# The ports in use change at starts and ends only: their running sum, ends first where both meet.
_PEAK: Final = """
    WITH holding AS (
        SELECT scheduled_start, scheduled_end, reserved_ports FROM conferencing_reservation
        WHERE bridge_id = %(bridge)s AND status = ANY(%(holding)s)
          AND scheduled_start < %(end)s AND scheduled_end > %(start)s
          AND id IS DISTINCT FROM %(excluding)s
    ), changes AS (
        SELECT scheduled_start AS at, reserved_ports AS change FROM holding
        UNION ALL SELECT scheduled_end, -reserved_ports FROM holding
    ), loads AS (
        SELECT sum(change) OVER (ORDER BY at, change ROWS UNBOUNDED PRECEDING) AS load FROM changes
        WHERE at < %(end)s
    )
    SELECT coalesce(max(load), 0) FROM loads
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a bridge has ``free_ports`` throughout; UTC, end exclusive."""

    bridge: Bridge
    start: dt.datetime
    end: dt.datetime
    free_ports: int


@dataclass(frozen=True, slots=True)
class Holding:
    """The ports that one reservation holds."""

    start: dt.datetime
    end: dt.datetime
    ports: int


def peak_ports(
    *, bridge: Bridge, start: dt.datetime, end: dt.datetime, excluding: Reservation | None = None
) -> int:
    """Answer the most ports reserved at once between ``start`` and ``end`` (exclusive)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PEAK,
            {
                "bridge": bridge.pk,
                "holding": [str(status) for status in HOLDING],
                "start": start,
                "end": end,
                "excluding": excluding.pk if excluding else None,
            },
        )
        return int(cursor.fetchone()[0])


def free_ports(
    *, bridge: Bridge, start: dt.datetime, end: dt.datetime, excluding: Reservation | None = None
) -> int:
    """Answer how many ports are free throughout; negative where the bridge has been made smaller.

    Only an answer for the moment: whoever books on it holds the lock of the bridge's row.
    ``excluding`` leaves one reservation out, to move it.
    """
    peak = peak_ports(bridge=bridge, start=start, end=end, excluding=excluding)
    return bridge.capacity - peak


def roomiest_bridge(
    *,
    bridges: Iterable[Bridge],
    start: dt.datetime,
    end: dt.datetime,
    ports: int,
    excluding: Reservation | None = None,
) -> Bridge | None:
    """Answer the least loaded of ``bridges`` that has ``ports`` free; the first among equals."""
    best: tuple[float, Bridge] | None = None
    for bridge in bridges:
        free = free_ports(bridge=bridge, start=start, end=end, excluding=excluding)
        share = free / bridge.capacity
        if free >= ports and (best is None or share > best[0]):
            best = share, bridge
    return best[1] if best else None


def alternatives(
    *,
    bridges: Sequence[Bridge],
    start: dt.datetime,
    duration: dt.timedelta,
    ports: int,
    now: dt.datetime,
    excluding: Reservation | None = None,
    count: int = 3,
) -> list[Slot]:
    """Answer the ``count`` free times nearest to ``start``, on quarters of an hour, none past.

    The later of two equally near ones first. Each is counted again in the database for the same
    ports and duration. There is always a time after the last reservation, so there are always
    ``count``, unless no bridge is as large as ``ports``: then there is none.
    """
    large_enough = [bridge for bridge in bridges if bridge.capacity >= ports]
    found: list[Slot] = []
    if not large_enough:
        return found
    for reach in _reaches(large_enough, start, duration):
        load = {
            bridge: _holdings(bridge, start, reach, duration, excluding) for bridge in large_enough
        }
        found = []
        for candidate in _quarters_around(start, reach, now):
            slot = _slot(load, large_enough, candidate, duration, ports)
            if slot and _is_still_free(slot, ports, excluding):
                found.append(slot)
            if len(found) == count:
                return found
    return found


def peak_of(holdings: Iterable[Holding], start: dt.datetime, end: dt.datetime) -> int:
    """Answer the most ports held at once between ``start`` and ``end`` (exclusive).

    The same sweep as ``peak_ports``, over rows that were read before.
    """
    changes: list[tuple[dt.datetime, int]] = []
    for holding in holdings:
        if holding.start < end and holding.end > start:
            changes.append((holding.start, holding.ports))
            changes.append((holding.end, -holding.ports))
    load = peak = 0
    for at, change in sorted(changes):
        if at >= end:
            break
        load += change
        peak = max(peak, load)
    return peak


def holdings_between(
    *, bridge: Bridge, start: dt.datetime, end: dt.datetime, excluding: Reservation | None = None
) -> list[Holding]:
    """Answer the ports held at any time between ``start`` and ``end`` (exclusive)."""
    rows = Reservation.objects.filter(
        bridge=bridge, status__in=HOLDING, scheduled_start__lt=end, scheduled_end__gt=start
    )
    if excluding:
        rows = rows.exclude(pk=excluding.pk)
    return [
        Holding(*row)
        for row in rows.values_list("scheduled_start", "scheduled_end", "reserved_ports")
    ]


def _holdings(
    bridge: Bridge,
    start: dt.datetime,
    reach: dt.timedelta,
    duration: dt.timedelta,
    excluding: Reservation | None,
) -> list[Holding]:
    return holdings_between(
        bridge=bridge, start=start - reach, end=start + reach + duration, excluding=excluding
    )


def _reaches(
    bridges: Sequence[Bridge], start: dt.datetime, duration: dt.timedelta
) -> Iterator[dt.timedelta]:
    """Look near first; at last as far as the end of the last reservation and a day beyond."""
    yield from _HORIZONS
    last = Reservation.objects.filter(bridge__in=bridges, status__in=HOLDING).aggregate(
        last=Max("scheduled_end")
    )["last"]
    beyond = (last - start) if last else dt.timedelta(0)
    yield max(beyond, dt.timedelta(0)) + duration + dt.timedelta(days=1)


def _quarters_around(
    start: dt.datetime, reach: dt.timedelta, now: dt.datetime
) -> Iterator[dt.datetime]:
    """Yield the quarters of an hour by their distance from ``start``, which is not among them."""
    before = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    if before == start:
        before -= STEP
    after = before + STEP if before + STEP > start else before + 2 * STEP
    while after - start <= reach:
        nearer_before = start - before < after - start
        candidate = before if nearer_before else after
        if candidate >= now:
            yield candidate
        if nearer_before:
            before -= STEP
        else:
            after += STEP


def _slot(
    load: dict[Bridge, list[Holding]],
    bridges: Sequence[Bridge],
    start: dt.datetime,
    duration: dt.timedelta,
    ports: int,
) -> Slot | None:
    end = start + duration
    free = [(bridge.capacity - peak_of(load[bridge], start, end), bridge) for bridge in bridges]
    most, bridge = max(free, key=lambda pair: pair[0] / pair[1].capacity)
    if most < ports:
        most, bridge = max(free, key=lambda pair: pair[0])
    return Slot(bridge, start, end, most) if most >= ports else None


def _is_still_free(slot: Slot, ports: int, excluding: Reservation | None) -> bool:
    free = free_ports(bridge=slot.bridge, start=slot.start, end=slot.end, excluding=excluding)
    return free >= ports
