"""One day on the bridges: who has booked when, and how many ports are free at each quarter."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Q

from conferencing.models import Bridge, Reservation
from toolkit.periods import first_moment

from .capacity import HOLDING, STEP, Holding, peak_of


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of an hour: its first moment (UTC), and the fewest ports free in it."""

    start: dt.datetime
    free: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A reservation in a lane of its own as long as it lasts, so that no two bars overlap."""

    reservation: Reservation
    lane: int


@dataclass(frozen=True, slots=True)
class BridgeDay:
    """A bridge from ``start`` to ``end`` (UTC, exclusive): a local day of 23, 24 or 25 hours."""

    bridge: Bridge
    start: dt.datetime
    end: dt.datetime
    placed: Sequence[Placed]
    quarters: Sequence[Quarter]

    @property
    def lanes(self) -> int:
        """Count the lanes that the bars need, at least one."""
        return max((placed.lane for placed in self.placed), default=0) + 1

    @property
    def least_free(self) -> int:
        """Answer the fewest ports free at any time of the day."""
        return min(quarter.free for quarter in self.quarters)


def bridge_days(
    *, reservations: Iterable[Reservation], bridges: Sequence[Bridge], on: dt.date, zone: ZoneInfo
) -> list[BridgeDay]:
    """Answer the local day ``on`` of ``zone`` for each bridge, in their order.

    ``reservations`` are those of ``reservations_on`` (cancelled and missed ones are shown but hold
    no ports).
    """
    start, end = bounds(on, zone)
    by_bridge: dict[int, list[Reservation]] = {bridge.pk: [] for bridge in bridges}
    for reservation in reservations:
        by_bridge.setdefault(reservation.bridge_id, []).append(reservation)
    return [
        BridgeDay(
            bridge,
            start,
            end,
            in_lanes(by_bridge[bridge.pk]),
            _quarters(bridge, by_bridge[bridge.pk], start, end),
        )
        for bridge in bridges
    ]


def bridges_on(reservations: Iterable[Reservation]) -> list[Bridge]:
    """Answer the bridges in use, and those that the reservations are on."""
    theirs = {reservation.bridge_id for reservation in reservations}
    return list(Bridge.objects.filter(Q(active=True) | Q(pk__in=theirs)).order_by("name"))


def bounds(on: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Answer the first moment of the local day and that of the next, in UTC."""
    return first_moment(on, zone), first_moment(on + dt.timedelta(days=1), zone)


def in_lanes(reservations: Iterable[Reservation]) -> list[Placed]:
    """Lay reservations into as few lanes as do without overlapping, by their start."""
    ends: list[dt.datetime] = []
    placed = []
    for reservation in sorted(reservations, key=lambda one: (one.scheduled_start, one.pk)):
        free = (lane for lane, end in enumerate(ends) if end <= reservation.scheduled_start)
        lane = next(free, len(ends))
        if lane == len(ends):
            ends.append(reservation.scheduled_end)
        ends[lane] = reservation.scheduled_end
        placed.append(Placed(reservation, lane))
    return placed


def _quarters(
    bridge: Bridge, reservations: Iterable[Reservation], start: dt.datetime, end: dt.datetime
) -> list[Quarter]:
    holdings = [
        Holding(one.scheduled_start, one.scheduled_end, one.reserved_ports)
        for one in reservations
        if one.status in HOLDING
    ]
    quarters = []
    at = start
    while at < end:
        quarters.append(Quarter(at, bridge.capacity - peak_of(holdings, at, at + STEP)))
        at += STEP
    return quarters
