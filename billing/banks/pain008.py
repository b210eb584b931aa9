"""Write direct debits for the bank: ISO 20022 pain.008.001.08, checked against its schema.

Source: EPC130-08 and EPC131-08 (implementation guidelines of the SEPA direct debit schemes). The
library ``sepaxml`` writes the file and brings the schema.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sepaxml import SepaDD
from sepaxml.validation import ValidationError

SCHEMA = "pain.008.001.08"


class DebitsRefusedError(Exception):
    """The file would break its schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Who collects."""

    name: str
    iban: str
    bic: str
    creditor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """One debit in euros; ``sequence`` is ``FRST`` or ``RCUR``."""

    end_to_end_id: str
    amount: Decimal
    sequence: str
    mandate: str
    signed_on: dt.date
    holder: str
    iban: str
    bic: str
    description: str


def write_debits(
    *,
    reference: str,
    scheme: str,
    collect_on: dt.date,
    creditor: Creditor,
    debits: Iterable[Debit],
) -> bytes:
    """Return the file: debits of one day, grouped by sequence, booked as one sum each.

    Args:
        reference: the message's name, which the bank gives back.
        scheme: ``CORE`` or ``B2B``.
        collect_on: the day on which the bank is to collect.
        creditor: who collects.
        debits: at least one.

    Raises:
        DebitsRefusedError: some value does not fit the schema.
    """
    config: dict[str, Any] = {
        "name": creditor.name,
        "IBAN": creditor.iban.replace(" ", ""),
        "batch": True,
        "creditor_id": creditor.creditor_id,
        "currency": "EUR",
        "instrument": scheme,
    }
    if creditor.bic:
        config["BIC"] = creditor.bic
    file = SepaDD(config, schema=SCHEMA, clean=True)
    # The library makes up a name; ours is found again.
    file._xml.find("CstmrDrctDbtInitn/GrpHdr/MsgId").text = reference
    for debit in debits:
        payment: dict[str, Any] = {
            "name": debit.holder,
            "IBAN": debit.iban,
            "amount": int(debit.amount * 100),
            "type": debit.sequence,
            "collection_date": collect_on,
            "mandate_id": debit.mandate,
            "mandate_date": debit.signed_on,
            "description": debit.description,
            "endtoend_id": debit.end_to_end_id,
        }
        if debit.bic:
            payment["BIC"] = debit.bic
        file.add_payment(payment)
    try:
        content: bytes = file.export(validate=True)
    except ValidationError as error:
        raise DebitsRefusedError(str(error.__cause__ or error)) from error
    return content
