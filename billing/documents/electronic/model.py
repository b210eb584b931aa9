"""An invoice in the terms of EN 16931, made from the very document that the paper shows."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from billing.documents.invoice import BilledLine, BilledTax, InvoiceDocument
from toolkit.errors import DomainError
from toolkit.money import minor_unit_digits

COMMERCIAL_INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
PIECE, MINUTE = "C62", "MIN"  # UN/ECE recommendation 20
SEPA_TRANSFER, TRANSFER = "58", "30"  # UNTDID 4461
_MOST_DECIMALS = 2
_NOT_SUBJECT = "O"
# Our category -> code of UNTDID 5305, reason of the CEF code list VATEX.
_CODES: Mapping[str, tuple[str, str]] = {
    "domestic": ("S", ""),
    "reverse_charge": ("AE", "VATEX-EU-AE"),
    "export": (_NOT_SUBJECT, "VATEX-EU-O"),
    "exempt": ("E", ""),
    "igic": ("L", ""),
}
# The tax prefix that differs from the country's ISO code (Council Directive 2006/112, art. 215).
_PREFIXES = {"GR": "EL"}


class NotExpressibleError(DomainError):
    """EN 16931 cannot say what this invoice says."""

    code = "not-expressible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer. ``vat_id`` has its country's letters; blank where the law wants none."""

    name: str
    trade_name: str
    vat_id: str
    legal_id: str
    line1: str
    line2: str
    postcode: str
    city: str
    region: str
    country: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: ``quantity`` times ``price`` is exactly ``net``; the price is never negative."""

    id: str
    name: str
    note: str
    quantity: Decimal
    unit: str
    price: Decimal
    net: Decimal
    category: str
    percent: Decimal | None
    reference: str
    day: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """VAT of one category; ``percent`` is None where the category has none (O)."""

    category: str
    percent: Decimal | None
    base: Decimal
    amount: Decimal
    reason: str
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preceding:
    """The invoice that a credit note takes back."""

    number: str
    issued_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicInvoice:
    """The semantic model, as far as we use it (EN 16931-1:2017, clause 6).

    Amounts have at most two decimals, those of a credit note are positive.
    ``vat_in_issuers_currency`` is BT-111, with its currency.
    """

    number: str
    type_code: str
    issued_on: dt.date
    due_on: dt.date
    period_start: dt.date
    period_end: dt.date
    language: str
    currency: str
    issuers_currency: str
    vat_in_issuers_currency: Decimal | None
    contract: str
    seller: Party
    buyer: Party
    payment_means: str
    iban: str
    bic: str
    terms: str
    lines: tuple[Line, ...]
    taxes: tuple[Tax, ...]
    preceding: tuple[Preceding, ...]
    net: Decimal
    vat: Decimal
    total: Decimal

    @property
    def is_credit_note(self) -> bool:
        """Tell whether it takes back an invoice."""
        return self.type_code == CREDIT_NOTE


def electronic_invoice(document: InvoiceDocument) -> ElectronicInvoice:
    """Say an issued invoice in the terms of EN 16931; names are in the document's language.

    Raises:
        NotExpressibleError: it is a draft, its currency has three decimals (BR-DEC allows two),
            or issuer or customer lack what the standard demands.
    """
    if document.issued_on is None or document.due_on is None:
        raise NotExpressibleError(_("A draft has no electronic form: issue it first."))
    if minor_unit_digits(document.currency) > _MOST_DECIMALS:
        message = _("The European standard knows no currency with three decimals (%s).")
        raise NotExpressibleError(message % document.currency)
    sign = -1 if document.is_credit_note and document.total < 0 else 1
    with translation.override(document.language):
        lines = tuple(_lines(document, sign))
    taxes = tuple(_tax(tax, sign, document.currency) for tax in document.taxes)
    with_vat_ids = all(tax.category != _NOT_SUBJECT for tax in taxes)
    issuer = document.issuer
    return ElectronicInvoice(
        number=document.number,
        type_code=CREDIT_NOTE if document.is_credit_note else COMMERCIAL_INVOICE,
        issued_on=document.issued_on,
        due_on=document.due_on,
        period_start=document.period_start,
        period_end=document.period_end,
        language=document.language,
        currency=document.currency,
        issuers_currency=document.issuers_currency,
        vat_in_issuers_currency=_signed(document.vat_in_issuers_currency, sign),
        contract=document.contract.get("number", ""),
        seller=_party(issuer, issuer, with_vat_id=with_vat_ids),
        buyer=_party(document.customer, document.address, with_vat_id=with_vat_ids),
        payment_means=SEPA_TRANSFER if document.currency == "EUR" else TRANSFER,
        iban=issuer.get("iban", ""),
        bic=issuer.get("bic", ""),
        terms=" ".join(issuer.get("terms", "").split()),
        lines=lines,
        taxes=taxes,
        preceding=tuple(
            Preceding(number=each.number, issued_on=each.issued_on) for each in document.corrects
        ),
        net=_amount(document.net * sign, document.currency),
        vat=_amount(document.vat * sign, document.currency),
        total=_amount(document.total * sign, document.currency),
    )


def _lines(document: InvoiceDocument, sign: int) -> Iterator[Line]:
    """Number the lines in the order of the paper."""
    number = 0
    for conference in document.conferences:
        title = conference.title or _("Call without reservation")
        for line in conference.lines:
            number += 1
            yield _line(
                number,
                line,
                document,
                sign=sign,
                note=title,
                reference=conference.reference,
                day=conference.held_at.date(),
            )
    for line in (*document.summary, *document.period_lines):
        number += 1
        yield _line(number, line, document, sign=sign, note="", reference="", day=None)


def _line(
    number: int,
    line: BilledLine,
    document: InvoiceDocument,
    *,
    sign: int,
    note: str,
    reference: str,
    day: dt.date | None,
) -> Line:
    net = _amount(line.net * sign, document.currency)
    quantity, price = _quantity_and_price(line, net)
    category, percent = _category(line.vat_category, line.vat_percent)
    return Line(
        id=str(number),
        name=line.description,
        note=note,
        quantity=quantity,
        unit=PIECE,
        price=price,
        net=net,
        category=category,
        percent=percent,
        reference=reference,
        day=day,
    )


def _quantity_and_price(line: BilledLine, net: Decimal) -> tuple[Decimal, Decimal]:
    """Answer both such that their product is the net to the cent (PEPPOL-EN16931-R120).

    A usage line is the sum of calls at several prices: one piece at its own net. What is
    negative is a negative quantity, for a price can't be (BR-27).
    """
    if line.unit_price is not None and line.quantity and line.unit_price * line.quantity == net:
        return Decimal(line.quantity), line.unit_price
    return (Decimal(-1), -net) if net < 0 else (Decimal(1), net)


def _tax(tax: BilledTax, sign: int, currency: str) -> Tax:
    category, percent = _category(tax.category, tax.percent)
    reason_code = _CODES[tax.category][1]
    has_reason = category in {"AE", "E", _NOT_SUBJECT}
    return Tax(
        category=category,
        percent=percent,
        base=_amount(tax.base * sign, currency),
        amount=_amount(tax.amount * sign, currency),
        reason=tax.reason if has_reason else "",
        reason_code=reason_code if has_reason else "",
    )


def _category(category: str, percent: Decimal | None) -> tuple[str, Decimal | None]:
    code, _reason = _CODES[category]
    if code == _NOT_SUBJECT:
        return code, None
    if code == "S" and not percent:
        return "Z", Decimal(0)
    return code, (percent or Decimal(0)).normalize() + Decimal("0.00")


def _party(who: Mapping[str, Any], where: Mapping[str, Any], *, with_vat_id: bool) -> Party:
    tax_id = "".join(who.get("tax_id", "").split())
    prefix = _PREFIXES.get(who.get("country", ""), who.get("country", ""))
    vat_id = tax_id if tax_id.startswith(prefix) else prefix + tax_id
    return Party(
        name=who.get("legal_name", ""),
        trade_name=who.get("trade_name", ""),
        vat_id=vat_id if tax_id and with_vat_id else "",
        legal_id=tax_id,
        line1=where.get("line1", ""),
        line2=where.get("line2", ""),
        postcode=where.get("postcode", ""),
        city=where.get("city", ""),
        region=where.get("region", ""),
        country=where.get("country", "") or who.get("country", ""),
        email=who.get("email", ""),
        phone=who.get("phone", ""),
    )


def _amount(amount: Decimal, currency: str) -> Decimal:
    """Write an amount with the decimals of its currency; the ledger keeps three."""
    return amount.quantize(Decimal(1).scaleb(-minor_unit_digits(currency)))


def _signed(amount: Decimal | None, sign: int) -> Decimal | None:
    return None if amount is None else amount * sign
