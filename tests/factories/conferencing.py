"""Builders of bridges, reservations and call records, through the services of the product."""

import datetime as dt
import itertools
from typing import Any

from conferencing.models import Bridge, Reservation
from conferencing.services import book_reservation

from .customers import NOW, make_customer

_serial = itertools.count(1)
MINUTE = dt.timedelta(minutes=1)


def make_bridge(**fields: Any) -> Bridge:
    serial = next(_serial)
    given: dict[str, Any] = {
        "slug": f"bridge-{serial}",
        "name": f"Puente {serial}",
        "make": Bridge.Make.FEED,
        "capacity": 20,
        **fields,
    }
    return Bridge.objects.create(**given)


def make_reservation(**fields: Any) -> Reservation:
    given: dict[str, Any] = {
        "title": "Comité de dirección",
        "scheduled_start": NOW + dt.timedelta(hours=1),
        "duration_minutes": 60,
        "reserved_ports": 5,
        "access": ["voip", "toll"],
        "actor": "tests",
        "now": NOW,
        **fields,
    }
    given.setdefault("customer", None)
    if given["customer"] is None:
        given["customer"] = make_customer()
    if not Bridge.objects.filter(active=True).exists():
        make_bridge()
    return book_reservation(**given)


def make_record(reservation: Reservation | None = None, **fields: Any) -> dict[str, Any]:
    """Return a call record of three legs, as a bridge would post it."""
    serial = next(_serial)
    start = reservation.scheduled_start if reservation else NOW
    legs = [
        make_leg(f"leg-{serial}-{index}", start + index * MINUTE, access=access)
        for index, access in enumerate(["voip", "toll", "toll_free"])
    ]
    return {
        "call_id": f"call-{serial}",
        "conference_id": None,
        "room": reservation.room if reservation else 900_000 + serial,
        "reservation": reservation.number if reservation else None,
        "started_at": text(start),
        "ended_at": text(start + 12 * MINUTE),
        "legs": legs,
        **fields,
    }


def make_leg(leg_id: str, answered_at: dt.datetime, **fields: Any) -> dict[str, Any]:
    return {
        "id": leg_id,
        "participant": f"Participante {leg_id}",
        "access": "voip",
        "number": None,
        "answered_at": text(answered_at),
        "ended_at": text(answered_at + 10 * MINUTE),
        **fields,
    }


def text(moment: dt.datetime | None) -> str:
    assert moment
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
