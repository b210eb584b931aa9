"""Builders of customers and of the issuer, through the services of the product."""

import datetime as dt
import itertools
from typing import Any

from customers.models import Customer, Issuer
from customers.services import register_customer, save_issuer

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
_serial = itertools.count(1)


def spanish_tax_id(serial: int) -> str:
    """Return a valid NIF of a person: any eight digits with their check letter."""
    number = 10_000_000 + serial
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def make_customer(**fields: object) -> Customer:
    serial = next(_serial)
    given: dict[str, Any] = {
        "legal_name": f"Cliente {serial}, S.L.",
        "country": "ES",
        "tax_id": spanish_tax_id(serial),
        "currency": "EUR",
        "timezone": "Europe/Madrid",
        "language": "es",
        "email": f"cliente{serial}@example.com",
        "addresses": [
            {
                "kind": "billing",
                "line1": "Gran Vía 41, 3.º",
                "postcode": "48011",
                "city": "Bilbao",
                "country": "ES",
            }
        ],
        **fields,
    }
    return register_customer(actor="tests", now=NOW, **given)


def make_issuer(**fields: object) -> Issuer:
    given: dict[str, Any] = {
        "legal_name": "Conferencias Ibéricas, S.A.",
        "tax_id": "A58818501",
        "line1": "Calle Mayor 1",
        "postcode": "28013",
        "city": "Madrid",
        "country": "ES",
        "email": "facturas@conferencias.example",
        "iban": "ES9121000418450200051332",
        "bic": "CAIXESBBXXX",
        **fields,
    }
    return save_issuer(actor="tests", now=NOW, **given)
