"""What of an issued invoice can still be credited, and what a credit note would say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing.models import Invoice, InvoiceLine, InvoiceTax, LineKind
from toolkit.money import HUNDRED_PERCENT, from_decimal, share_of, to_decimal

from .billed import Billed, Key, billed_of

_NOTHING = Decimal(0)

TaxKey = tuple[str, Decimal]
"""A VAT category and its percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLeft:
    """What is left of the VAT of one category and percent after the credit notes so far.

    ``by_amount`` is what they credited without naming a line (positive).
    """

    tax: InvoiceTax
    base: Decimal
    amount: Decimal
    by_amount: Decimal

    @property
    def key(self) -> TaxKey:
        """Answer category and percent."""
        return self.tax.category, self.tax.percent

    def vat_of(self, base: Decimal, currency: str) -> Decimal:
        """Answer the VAT of ``base`` of it, never more than is left.

        Rounded half-up; where nothing of the base remains afterwards, all VAT that is left, so
        that the credit notes of an invoice add up to its VAT.
        """
        if base == self.base:
            return self.amount
        rounded = vat_of(base, self.tax.percent, currency)
        return min(rounded, self.amount) if self.amount >= 0 else max(rounded, self.amount)


def vat_of(base: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Answer the VAT on an amount, rounded half-up once to the minor unit."""
    share = share_of(from_decimal(base), from_decimal(percent), HUNDRED_PERCENT, currency)
    return to_decimal(share, currency)


def taxes_left(invoice: Invoice) -> list[TaxLeft]:
    """Answer what is left of each tax of an issued invoice; two queries more than the taxes."""
    credited = {
        (row["category"], row["percent"]): row
        for row in InvoiceTax.objects.filter(invoice__rectifies=invoice)
        .order_by()
        .values("category", "percent")
        .annotate(base_sum=Sum("base"), amount_sum=Sum("amount"))
    }
    by_amount = {
        (category, percent): -sum_
        for category, percent, sum_ in InvoiceLine.objects.filter(
            invoice__rectifies=invoice, kind=LineKind.CREDIT
        )
        .order_by()
        .values_list("vat_category", "vat_percent")
        .annotate(sum=Sum("net"))
    }
    found = []
    for tax in invoice.taxes.all():
        key = (tax.category, tax.percent)
        row = credited.get(key, {"base_sum": _NOTHING, "amount_sum": _NOTHING})
        found.append(
            TaxLeft(
                tax=tax,
                base=tax.base + row["base_sum"],
                amount=tax.amount + row["amount_sum"],
                by_amount=by_amount.get(key, _NOTHING),
            )
        )
    return found


def lines_left(invoice: Invoice, lines: Iterable[InvoiceLine]) -> dict[int, Decimal]:
    """Answer what can be credited of each line, by its id; of a deduction it is negative.

    What credit notes took back is gone, and so is what another invoice has deducted meanwhile
    because the conference costs less now.
    """
    lines = list(lines)
    credited = dict(
        InvoiceLine.objects.filter(credits__invoice=invoice)
        .order_by()
        .values_list("credits")
        .annotate(sum=Sum("net"))
    )
    billed = _billed(invoice, lines)
    return {
        line.pk: _left(
            line.net + credited.get(line.pk, _NOTHING),
            billed.get((line.period, line.conference_id, line.kind)),
        )
        for line in lines
    }


def is_wholly_credited(invoice: Invoice) -> bool:
    """Tell whether nothing of the invoice's lines is left."""
    if not invoice.credit_notes.exists():
        return False
    return not any(lines_left(invoice, invoice.lines.exclude(net=0)).values())


def _left(own: Decimal, billed: Billed | None) -> Decimal:
    if billed is None or own <= 0:
        return own
    return min(own, max(billed.left, _NOTHING))


def _billed(
    invoice: Invoice, lines: Iterable[InvoiceLine]
) -> Mapping[tuple[str, object, str], Billed]:
    if invoice.contract is None:
        return {}
    conferences: dict[str, set[object]] = {}
    for line in lines:
        of_period = conferences.setdefault(line.period, set())
        if line.conference_id is not None:
            of_period.add(line.conference_id)
    found: dict[tuple[str, object, str], Billed] = {}
    for period, ids in conferences.items():
        sums: dict[Key, Billed] = billed_of(invoice.contract, period, ids)  # type: ignore[arg-type]
        for (conference, kind), billed in sums.items():
            found[period, conference, kind] = billed
    return found
