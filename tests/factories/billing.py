"""Builders of contracts in force, of conferences as a bridge leaves them, and of VAT rates.

Rows are made directly: what is tested is what billing makes of them.
"""

import datetime as dt
import itertools
import uuid
from decimal import Decimal
from typing import Any

from billing.models import VatRate
from conferencing.models import Bridge, Conference, Leg
from customers.models import Customer
from sales.models import Contract, ContractRate

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
_serial = itertools.count(1)


def make_rate(contract: Contract, access: str = "toll", price: str = "0.06", **fields: Any):
    return ContractRate.objects.create(
        **{
            "contract": contract,
            "access": access,
            "price_per_minute": Decimal(price),
            "valid_from": contract.start,
            "contract_version": contract.version,
            "known_from": NOW - dt.timedelta(days=300),
            **fields,
        }
    )


def make_contract(customer: Customer, rates: Any = (("toll", "0.06"),), **fields: Any) -> Contract:
    contract = Contract.objects.create(
        **{
            "number": f"CT-{next(_serial):05d}",
            "customer": customer,
            "status": Contract.Status.ACTIVE,
            "currency": "EUR",
            "timezone": "Europe/Madrid",
            "start": dt.date(2026, 1, 1),
            "billing": Contract.Billing.MONTHLY,
            "issue": Contract.Issue.REVIEW,
            "vat_category": Contract.VatCategory.DOMESTIC,
            "activated_at": NOW - dt.timedelta(days=300),
            **fields,
        }
    )
    for access, price in rates:
        make_rate(contract, access, price)
    return contract


def make_vat_rate(category: str = "domestic", percent: str = "21", **fields: Any) -> VatRate:
    return VatRate.objects.create(
        **{
            "category": category,
            "percent": Decimal(percent),
            "valid_from": dt.date(2012, 9, 1),
            **fields,
        }
    )


def make_bridge() -> Bridge:
    return Bridge.objects.get_or_create(
        slug="tests", defaults={"name": "Tests", "make": Bridge.Make.FEED, "capacity": 1000}
    )[0]


def at(text: str) -> dt.datetime:
    """Read ``"24 10:00"`` (of November 2026) or an ISO moment as UTC."""
    if "T" in text:
        return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    day, clock = text.split()
    return dt.datetime.fromisoformat(f"2026-11-{int(day):02d}T{clock}+00:00")


def make_leg(conference: Conference, start: str, end: str, access: str = "toll", **fields: Any):
    serial = next(_serial)
    return Leg.objects.create(
        **{
            "bridge": conference.bridge,
            "conference": conference,
            "leg_id": f"leg-{serial:06d}",
            "participant": f"P{serial}",
            "access": access,
            "answered_at": at(start),
            "answered_how": "event",
            "ended_at": at(end),
            "ended_how": "event",
            **fields,
        }
    )


def make_conference(
    customer: Customer | None, *legs: tuple[str, ...], start: str = "", **fields: Any
) -> Conference:
    """Make a conference that is over; a leg is ``(start, end)`` or ``(start, end, access)``."""
    first = start or legs[0][0]
    conference = Conference.objects.create(
        **{
            "customer": customer,
            "bridge": make_bridge(),
            "room": 100_000 + next(_serial),
            "title": "Junta semanal",
            "state": Conference.State.ENDED if legs else Conference.State.NO_SHOW,
            "scheduled_start": at(first),
            "record_version": 1,
            "recorded_at": NOW,
            **fields,
        }
    )
    for leg in legs:
        make_leg(conference, *leg)
    return conference


def correct(conference: Conference, *legs: tuple[str, ...]) -> None:
    """Replace what the bridge said of a conference, as a newer call record does."""
    conference.legs.update(withdrawn=True)
    for leg in legs:
        make_leg(conference, *leg)
    conference.record_version += 1
    conference.save()


def uuid_of(serial: int) -> uuid.UUID:
    """Return an id that sorts by ``serial``."""
    return uuid.UUID(int=serial)
