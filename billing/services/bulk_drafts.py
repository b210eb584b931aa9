"""Drafts of months that begin with an import: made whole, not line by line."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import translation

from billing.models import (
    Charge,
    ChargeLine,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    OneOffCharge,
    Subscription,
    VatRate,
)
from billing.selectors.invoices import vat_rate_on
from billing.selectors.terms import KnownTerms
from toolkit.copying import copy_models, next_ids
from toolkit.money import HUNDRED_PERCENT, from_decimal, share_of, to_decimal
from toolkit.periods import Period

from .invoice_lines import conference_line, new_period_lines
from .invoices import head_of, reason_of

VatRates = dict[tuple[str, dt.date], VatRate | None]


@dataclass(slots=True)
class Draft:
    """A new draft with its rows, none of them written yet."""

    invoice: Invoice
    lines: list[InvoiceLine]
    tax: InvoiceTax | None
    charges: list[Charge]

    def take_id(self, pk: int) -> None:
        """Let the draft, its rows and its charges know the id that it will have."""
        self.invoice.pk = pk
        for line in self.lines:
            line.invoice = self.invoice
        for charge in self.charges:
            charge.invoice = self.invoice
        if self.tax is not None:
            self.tax.invoice = self.invoice


def contracts_with_more(contracts: Collection[int]) -> set[int | tuple[int, str]]:
    """Answer which contracts use the catalogue, and which months of the others have a draft."""
    used: set[int | tuple[int, str]] = set()
    for model in (Subscription, OneOffCharge):
        rows = model.objects.filter(contract__in=contracts)
        used.update(rows.values_list("contract_id", flat=True))
    invoices = Invoice.objects.filter(contract__in=contracts)
    used.update(invoices.values_list("contract_id", "period"))
    return used


def draft_month(
    *,
    known: KnownTerms,
    period: str,
    charges: Sequence[Charge],
    lines: Sequence[ChargeLine],
    vat: VatRates,
    now: dt.datetime,
) -> Draft | None:
    """Make the draft of a month that consists of these charges, as ``refresh_draft`` would.

    None where no charge has a line. ``vat`` keeps the rates that were asked for.
    """
    if not lines:
        return None
    contract = known.contract
    invoice = Invoice(contract=contract, period=period, **head_of(contract, now))
    with translation.override(invoice.language):
        rows = [conference_line(invoice, line) for line in lines]
        net = sum((charge.net for charge in charges), Decimal())
        rows += new_period_lines(invoice, known, net_of_conferences=net)
    key = (contract.vat_category, Period.parse(period).last_day)
    if key not in vat:
        vat[key] = vat_rate_on(category=key[0], day=key[1])
    tax = _tax(invoice, rows, vat[key])
    with_lines = {line.charge_id for line in lines}
    return Draft(invoice, rows, tax, [one for one in charges if one.pk in with_lines])


def _tax(invoice: Invoice, rows: list[InvoiceLine], rate: VatRate | None) -> InvoiceTax | None:
    """Put VAT on the lines and the totals on the invoice: all lines are of one category."""
    currency = invoice.currency
    net = sum(from_decimal(row.net) for row in rows)
    tax = None
    vat = 0
    if rate is not None:
        vat = share_of(net, from_decimal(rate.percent), HUNDRED_PERCENT, currency)
        tax = InvoiceTax(
            invoice=invoice,
            category=rate.category,
            percent=rate.percent,
            base=to_decimal(net, currency),
            amount=to_decimal(vat, currency),
        )
        tax.reason = reason_of(tax, rate)
        for row in rows:
            row.vat_percent = rate.percent
    totals = [to_decimal(sum_, currency) for sum_ in (net, vat, net + vat)]
    invoice.net, invoice.vat, invoice.total = totals
    invoice.version += any(totals)
    return tax


def write_lines(drafts: Collection[Draft]) -> None:
    """Write lines and taxes of drafts that are written already."""
    lines = [line for draft in drafts for line in draft.lines]
    taxes = [draft.tax for draft in drafts if draft.tax is not None]
    for rows, model in ((lines, InvoiceLine), (taxes, InvoiceTax)):
        for row, pk in zip(rows, next_ids(model, len(rows)), strict=True):
            row.pk = pk
        copy_models(rows)
