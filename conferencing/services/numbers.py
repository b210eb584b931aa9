"""Numbers and PINs that are given once."""

import datetime as dt
import secrets
from collections.abc import Set as AbstractSet
from typing import Final

from django.db import connection
from django.utils import timezone

from conferencing.models import Bridge, Reservation

PIN_DIGITS: Final = 6
# A caller who dials in is known by the PIN alone, so it must be alone for some time around.
_PIN_DISTANCE: Final = dt.timedelta(days=7)


def next_reservation_number(now: dt.datetime) -> str:
    """Answer ``R-2026-00042``: the year on the house's clocks and a number never given twice."""
    return f"R-{timezone.localdate(now).year}-{_next('conferencing_reservation_number'):05d}"


def next_room() -> int:
    """Answer a room number that no bridge has ever had."""
    return _next("conferencing_room_number")


def new_pins(*, bridge: Bridge, start: dt.datetime, end: dt.datetime) -> tuple[str, str]:
    """Answer a PIN for participants and another for the host.

    Random, six digits, none of them in use on this bridge within a week. Call it holding the lock
    of the bridge's row, else two bookings might draw the same.
    """
    used = pins_near(bridge=bridge, start=start, end=end)
    pin = _draw(used)
    return pin, _draw(used | {pin})


def pins_near(
    *, bridge: Bridge, start: dt.datetime, end: dt.datetime, excluding: Reservation | None = None
) -> set[str]:
    """Answer the PINs of the reservations on this bridge within a week of these moments."""
    rows = Reservation.objects.filter(
        bridge=bridge,
        scheduled_start__lt=end + _PIN_DISTANCE,
        scheduled_end__gt=start - _PIN_DISTANCE,
    )
    if excluding:
        rows = rows.exclude(pk=excluding.pk)
    return {pin for pair in rows.values_list("pin", "host_pin") for pin in pair}


def _draw(used: AbstractSet[str]) -> str:
    while True:
        # Never a leading zero: spreadsheets and people drop it.
        pin = str(10 ** (PIN_DIGITS - 1) + secrets.randbelow(9 * 10 ** (PIN_DIGITS - 1)))
        if pin not in used and len(set(pin)) > 1:
            return pin


def _next(sequence: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s::regclass)", [sequence])
        return int(cursor.fetchone()[0])
