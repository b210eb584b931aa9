"""The books that tax law asks for: invoices issued, and the listings 347 and 349.

Everything is read from issued documents and their copies, in the issuer's currency, by the day of
issue. Source: docs/taxes.md.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from billing.models import Invoice
from customers.models import Issuer
from customers.selectors import issuer
from customers.services.checks import EU_COUNTRIES
from toolkit.periods import Period

from .exchange import Converted, ConvertedTax, conversion_of

Key = TypeVar("Key")

THRESHOLD_347 = Decimal("3005.06")
_OF_347 = frozenset({"domestic", "exempt", "igic"})
_SPAN = re.compile(r"(?P<year>[1-9][0-9]{3})-Q(?P<quarter>[1-4])")
_MONTHS_OF_QUARTER = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A month (``2026-11``), a quarter (``2026-Q4``) or a year (``2026``) of a book."""

    text: str
    first: dt.date
    last: dt.date

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read a span.

        Raises:
            InvalidPeriodError: it is none.
        """
        if found := _SPAN.fullmatch(text):
            first = dt.date(int(found["year"]), 3 * int(found["quarter"]) - 2, 1)
            end = Period(first.year, first.month + 2).last_day
            return cls(text, first, end)
        if re.fullmatch(r"[1-9][0-9]{3}", text):
            return cls(text, dt.date(int(text), 1, 1), dt.date(int(text), 12, 31))
        month = Period.parse(text)
        return cls(text, month.first_day, month.last_day)

    def of_the_same_length(self, day: dt.date) -> "Span":
        """Answer the month, quarter or year that a day lies in."""
        year = f"{day.year:04}"
        if "Q" in self.text:
            return Span.parse(f"{year}-Q{quarter_of(day)}")
        return Span.parse(f"{year}-{day.month:02}" if "-" in self.text else year)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRow:
    """One tax of one issued document; ``ours`` is it in the issuer's currency, None if unknown."""

    invoice: Invoice
    customer: str
    tax_id: str
    country: str
    category: str
    percent: Decimal
    base: Decimal
    amount: Decimal
    ours: ConvertedTax | None

    @property
    def total(self) -> Decimal:
        """Add base and VAT."""
        return self.base + self.amount


@dataclass(slots=True, kw_only=True)
class Operations:
    """What one customer bought in a year with VAT, by quarter (listing 347)."""

    tax_id: str
    customer: str
    quarters: list[Decimal] = field(default_factory=lambda: [Decimal()] * 4)

    @property
    def total(self) -> Decimal:
        """Add up the quarters."""
        return sum(self.quarters, Decimal())


@dataclass(slots=True, kw_only=True)
class EuServices:
    """Services to one customer elsewhere in the EU (listing 349, key S).

    A rectification names the ``span`` that was declared, and what was ``declared`` of it before;
    ``base`` is what it should have been.
    """

    tax_id: str
    country: str
    customer: str
    base: Decimal = Decimal()
    span: str = ""
    declared: Decimal = Decimal()


def quarter_of(day: dt.date) -> int:
    """Answer the quarter of a day, from 1."""
    return (day.month - 1) // _MONTHS_OF_QUARTER + 1


def book_of_issued(span: Span) -> Iterator[BookRow]:
    """Yield every tax of every document issued in a span, in order of day and number."""
    yield from _rows(span.first, span.last)


def listing_347(year: int) -> list[Operations]:
    """Add up what customers in Spain bought in a year, VAT included, beyond the threshold.

    What reverse charge, export and customers elsewhere are about is no part of it.
    """
    found: dict[str, Operations] = {}
    for row in _rows(dt.date(year, 1, 1), dt.date(year, 12, 31)):
        day = row.invoice.issued_on
        if row.ours is None or day is None or row.country != "ES" or row.category not in _OF_347:
            continue
        mine = found.setdefault(row.tax_id, Operations(tax_id=row.tax_id, customer=row.customer))
        mine.quarters[quarter_of(day) - 1] += row.ours.base + row.ours.amount
    beyond = [one for one in found.values() if abs(one.total) > THRESHOLD_347]
    return sorted(beyond, key=lambda one: (one.customer, one.tax_id))


def listing_349(span: Span) -> list[EuServices]:
    """Add up services under reverse charge by customer; rectifications of earlier spans after."""
    found: dict[str, EuServices] = {}
    corrected: dict[tuple[str, str], EuServices] = {}
    for row in _of_349(span.first, span.last):
        rectified = row.invoice.rectifies
        base = row.ours.base if row.ours else Decimal()
        if rectified is None or rectified.issued_on is None or rectified.issued_on >= span.first:
            _services(found, row.tax_id, row).base += base
            continue
        earlier = span.of_the_same_length(rectified.issued_on)
        _services(corrected, (row.tax_id, earlier.text), row).base += base
    for (tax_id, text), one in corrected.items():
        one.span = text
        one.declared = _declared(tax_id, Span.parse(text), span)
        one.base += one.declared
    both = [
        sorted(found.values(), key=lambda one: (one.customer, one.tax_id)),
        sorted(corrected.values(), key=lambda one: (one.customer, one.tax_id, one.span)),
    ]
    return both[0] + both[1]


def without_rate(span: Span) -> int:
    """Count documents of a span that no book can say in the issuer's currency."""
    return len({row.invoice.pk for row in _rows(span.first, span.last) if row.ours is None})


def _services(rows: dict[Key, EuServices], key: Key, row: BookRow) -> EuServices:
    return rows.setdefault(
        key, EuServices(tax_id=row.tax_id, country=row.country, customer=row.customer)
    )


def _declared(tax_id: str, earlier: Span, now: Span) -> Decimal:
    """Add up what was declared of an earlier span before this one began."""
    total = Decimal()
    for row in _of_349(earlier.first, now.first - dt.timedelta(days=1)):
        about = row.invoice.rectifies or row.invoice
        if row.tax_id != tax_id or row.ours is None or about.issued_on is None:
            continue
        if earlier.first <= about.issued_on <= earlier.last:
            total += row.ours.base
    return total


def _of_349(first: dt.date, last: dt.date) -> Iterator[BookRow]:
    for row in _rows(first, last, category="reverse_charge"):
        if row.category == "reverse_charge" and row.country in EU_COUNTRIES - {"ES"}:
            yield row


def _rows(first: dt.date, last: dt.date, category: str = "") -> Iterator[BookRow]:
    company = issuer()
    invoices = Invoice.objects.filter(
        state=Invoice.State.ISSUED, issued_on__gte=first, issued_on__lte=last
    )
    if category:
        invoices = invoices.filter(taxes__category=category).distinct()
    ordered = invoices.order_by("issued_on", "number").select_related("rectifies", "contract")
    for invoice in ordered.prefetch_related("taxes").iterator(chunk_size=500):
        yield from _rows_of(invoice, company)


def _rows_of(invoice: Invoice, company: Issuer | None) -> Iterator[BookRow]:
    customer = invoice.snapshot.get("customer", {})
    converted: Converted | None = None
    is_ours = company is not None and company.currency == invoice.currency
    if not is_ours:
        converted = conversion_of(invoice, company)
    in_ours = {(tax.category, tax.percent): tax for tax in converted.taxes} if converted else {}
    for tax in invoice.taxes.all():
        same = ConvertedTax(
            category=tax.category, percent=tax.percent, base=tax.base, amount=tax.amount
        )
        yield BookRow(
            invoice=invoice,
            customer=customer.get("legal_name", ""),
            tax_id=customer.get("tax_id", ""),
            country=customer.get("country", ""),
            category=tax.category,
            percent=tax.percent,
            base=tax.base,
            amount=tax.amount,
            ours=same if is_ours else in_ours.get((tax.category, tax.percent)),
        )
