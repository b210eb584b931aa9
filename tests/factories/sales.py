"""Builders of contracts, through the services of the product."""

import datetime as dt
from typing import Any

from customers.models import Customer
from sales.models import Contract
from sales.services import activate_contract, draft_contract
from tests.factories.customers import make_customer

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)

TERMS: dict[str, Any] = {
    "currency": "EUR",
    "timezone": "Europe/Madrid",
    "start": "2026-01-01",
    "end": None,
}
SETTINGS: dict[str, Any] = {"billing": "monthly", "issue": "review", "vat_category": "domestic"}


def a_rate(**fields: Any) -> dict[str, Any]:
    """Return a rate of TARIFF.md: 0.06 a minute for toll calls, whole minutes, since 2026."""
    return {
        "access": "toll",
        "prefix": "",
        "band": "any",
        "valid_from": "2026-01-01",
        "valid_to": None,
        "price_per_minute": "0.06",
        "first_increment": 60,
        "next_increment": 60,
        "minimum_seconds": 0,
        "connection_fee": "0",
        **fields,
    }


def draft(
    customer: Customer | None = None,
    *,
    rates: list[dict[str, Any]] | None = None,
    now: dt.datetime = NOW,
    **fields: Any,
) -> Contract:
    """Return a draft; ``fields`` are terms of TARIFF.md or settings of billing."""
    settings = {key: fields.pop(key) for key in (*SETTINGS, "payment_days") if key in fields}
    return draft_contract(
        customer=customer or make_customer(),
        actor="tests",
        now=now,
        terms={**TERMS, **fields},
        rates=[a_rate()] if rates is None else rates,
        **{**SETTINGS, **settings},
    )


def make_contract(
    customer: Customer | None = None,
    *,
    rates: list[dict[str, Any]] | None = None,
    now: dt.datetime = NOW,
    **fields: Any,
) -> Contract:
    """Return a contract in force; arguments as of ``draft``."""
    contract = draft(customer, rates=rates, now=now, **fields)
    return activate_contract(contract=contract, actor="tests", now=now)
