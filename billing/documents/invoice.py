"""What an invoice on paper says."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from toolkit.telephony import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """One line: ``net`` without VAT, rounded to the currency; ``quantity`` as TARIFF.md has it.

    ``unit_price`` is the fee that the quantity was multiplied by, None on usage lines.
    ``vat_percent`` is None as long as the category has no rate: only on a draft. ``corrects`` is
    the number of the invoice that billed what this line is the difference to.
    """

    kind: str
    description: str
    quantity: int | None
    unit_price: Decimal | None
    net: Decimal
    vat_category: str
    vat_percent: Decimal | None
    corrects: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLeg:
    """One call of the detail: ``amount`` has six decimals; ``prices`` are those per minute."""

    participant: str
    access: str
    number: str
    answered_at: dt.datetime
    duration_seconds: int
    billed_seconds: int
    free_seconds: int
    prices: tuple[Decimal, ...]
    amount: Decimal
    estimated: bool

    @property
    def access_name(self) -> str:
        """Name the access in the active language."""
        return str(Access(self.access).label)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledConference:
    """The lines of one conference, and its calls."""

    held_at: dt.datetime
    title: str
    reference: str
    lines: tuple[BilledLine, ...]
    legs: tuple[BilledLeg, ...] = ()

    @property
    def net(self) -> Decimal:
        """Add up the lines."""
        return sum((line.net for line in self.lines), Decimal())


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledTax:
    """VAT of one category; ``reason`` says why there is none, where there is none."""

    category: str
    percent: Decimal
    base: Decimal
    amount: Decimal
    reason: str

    @property
    def name(self) -> str:
        """Name the tax in the active language."""
        return "IGIC" if self.category == "igic" else gettext("VAT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedInvoice:
    """An issued invoice that a credit note takes back, or that another invoice replaces."""

    number: str
    issued_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """All that the paper shows; ``number``, ``issued_on`` and ``due_on`` are missing on a draft.

    ``issuer``, ``customer`` and ``contract`` are those of ``Invoice.snapshot``. Moments are shown
    on the customer's clocks. Where an invoice is too long for paper, ``conferences`` is empty,
    ``summary`` holds its lines by kind, and the calls are delivered as a file.
    A credit note ``corrects`` others and says the ``reason``; an invoice drafted anew ``replaces``
    one. ``vat_in_issuers_currency`` is there where the invoice is in another currency than the
    issuer's books, and a rate was known: ``exchange_rates`` are units per euro by currency.
    """

    language: str
    number: str
    is_credit_note: bool
    issuer: Mapping[str, Any]
    customer: Mapping[str, Any]
    contract: Mapping[str, Any]
    logo: bytes
    currency: str
    period_start: dt.date
    period_end: dt.date
    issued_on: dt.date | None
    due_on: dt.date | None
    conferences: tuple[BilledConference, ...]
    summary: tuple[BilledLine, ...]
    period_lines: tuple[BilledLine, ...]
    taxes: tuple[BilledTax, ...]
    net: Decimal
    vat: Decimal
    total: Decimal
    calls: int
    corrects: tuple[CorrectedInvoice, ...] = ()
    replaces: CorrectedInvoice | None = None
    reason: str = ""
    issuers_currency: str = ""
    vat_in_issuers_currency: Decimal | None = None
    exchange_rates: tuple[tuple[str, Decimal], ...] = ()
    exchange_day: dt.date | None = None

    @property
    def is_draft(self) -> bool:
        """Tell whether the invoice is issued yet."""
        return not self.number

    @property
    def has_call_detail(self) -> bool:
        """Tell whether the calls stand on the paper itself."""
        return any(conference.legs for conference in self.conferences)

    @property
    def address(self) -> Mapping[str, Any]:
        """Answer where the invoice goes: the billing address, else the postal one."""
        addresses: Mapping[str, Mapping[str, Any]] = self.customer.get("addresses", {})
        return addresses.get("billing") or addresses.get("postal") or {}
