"""The day view: bars of reservations for each bridge, drawn on the server."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from conferencing import selectors
from conferencing.models import Conference, Reservation
from conferencing.selectors.day import BridgeDay, Placed, Quarter, bounds, bridge_days, bridges_on
from toolkit.access import require

# The drawing, in units of its viewBox.
HOUR: Final = 64
TOP: Final = 40
LANE: Final = 30
LETTER: Final = 8
# Drawn are at least these hours of the day, and as many more as its reservations need.
OPENS, CLOSES = 7, 20
QUARTERS_OF_AN_HOUR: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A reservation as it is drawn."""

    reservation: Reservation
    x: int
    y: int
    width: int
    css: str
    zone: ZoneInfo

    @property
    def spoken(self) -> str:
        """Answer all that the bar stands for, beginning with what may be written on it."""
        of = self.reservation
        start, end = (
            date_format(moment.astimezone(self.zone), "H:i")
            for moment in (of.scheduled_start, of.scheduled_end)
        )
        ports = ngettext("%(ports)d port", "%(ports)d ports", of.reserved_ports)
        told = ports % {"ports": of.reserved_ports}
        return f"{of.customer.name}: {of.title}, {start} - {end}, {told}"

    @property
    def label(self) -> str:
        """Answer as much of the customer's name as fits the bar."""
        fitting = self.width // LETTER
        name = self.reservation.customer.name
        return name if len(name) <= fitting else f"{name[: max(fitting - 1, 0)]}…"


@dataclass(frozen=True, slots=True)
class Hour:
    """A line of the drawing, and one row of the table of free ports."""

    x: int
    quarters: Sequence[Quarter]

    @property
    def start(self) -> dt.datetime:
        """Answer when the hour begins."""
        return self.quarters[0].start

    @property
    def least(self) -> int:
        """Answer the fewest ports free in this hour."""
        return min(quarter.free for quarter in self.quarters)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One bridge's day, ready for the template."""

    day: BridgeDay
    left: int
    width: int
    height: int
    now_x: int | None
    hours: list[Hour]
    bars: list[Bar]


@require_safe
@require("conferencing.view_reservation")
def day(request: HttpRequest) -> HttpResponse:
    """Show a day (``?on=``) on the clocks of ``?zone=``, else on those of the viewer."""
    zone = _zone(request.GET.get("zone", ""))
    now = timezone.now()
    today = now.astimezone(zone).date()
    on = _date(request.GET.get("on", "")) or today
    start, end = bounds(on, zone)
    visible = selectors.reservations_visible_to(request.user).filter(
        scheduled_start__lt=end, scheduled_end__gt=start
    )
    reservations = list(
        visible.select_related("customer", "bridge", "conference").order_by("scheduled_start", "pk")
    )
    bridges = bridges_on(reservations)
    days = bridge_days(reservations=reservations, bridges=bridges, on=on, zone=zone)
    context = {
        "on": on,
        "today": today,
        "previous": on - dt.timedelta(days=1),
        "next": on + dt.timedelta(days=1),
        "zone": zone.key,
        "zones": sorted({zone.key, timezone.get_current_timezone_name(), *_zones(reservations)}),
        "reservations": reservations,
        "drawings": [_drawing(one, zone, now) for one in days],
        "now": now,
    }
    return render(request, "conferencing/day.html", context)


def _drawing(one: BridgeDay, zone: ZoneInfo, now: dt.datetime) -> Drawing:
    step = QUARTERS_OF_AN_HOUR
    hours = [
        Hour(_across(one.start, one.quarters[at].start), one.quarters[at : at + step])
        for at in range(0, len(one.quarters), step)
    ]
    bars = [_bar(placed, one, zone) for placed in one.placed]
    left = min([OPENS * HOUR, *(bar.x // HOUR * HOUR for bar in bars)])
    right = max([CLOSES * HOUR, *(-(-(bar.x + bar.width) // HOUR) * HOUR for bar in bars)])
    return Drawing(
        day=one,
        left=left,
        width=right - left,
        height=TOP + LANE * one.lanes + 8,
        now_x=_across(one.start, now) if one.start <= now < one.end else None,
        hours=hours,
        bars=bars,
    )


def _bar(placed: Placed, one: BridgeDay, zone: ZoneInfo) -> Bar:
    reservation = placed.reservation
    start = max(reservation.scheduled_start, one.start)
    end = min(reservation.scheduled_end, one.end)
    return Bar(
        reservation,
        x=_across(one.start, start),
        y=TOP + LANE * placed.lane,
        width=max(_across(start, end), 12),
        css=_css(reservation),
        zone=zone,
    )


def _css(reservation: Reservation) -> str:
    conference = getattr(reservation, "conference", None)
    if conference is not None and conference.state == Conference.State.LIVE:
        return "live"
    return "" if reservation.status == Reservation.Status.BOOKED else "done"


def _across(start: dt.datetime, end: dt.datetime) -> int:
    """Answer how far apart two moments are drawn."""
    return (end - start) * HOUR // dt.timedelta(hours=1)


def _zone(name: str) -> ZoneInfo:
    if name in available_timezones():
        return ZoneInfo(name)
    return ZoneInfo(timezone.get_current_timezone_name())


def _zones(reservations: list[Reservation]) -> set[str]:
    return {reservation.customer.timezone for reservation in reservations}


def _date(text: str) -> dt.date | None:
    """Read a day; what is none, or at the ends of the calendar, is today."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and 1900 < found.year < 2200 else None
