"""Drafts: invoices that follow their charges until they are issued."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import F, Q, Sum
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import (
    BillingPeriod,
    Charge,
    ChargeLine,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    VatRate,
)
from billing.selectors.invoices import tax_day_of, vat_rate_on
from billing.selectors.terms import KnownTerms, terms_of
from sales.models import Contract
from toolkit.errors import DomainError
from toolkit.money import HUNDRED_PERCENT, from_decimal, share_of, to_decimal
from toolkit.periods import Period

from .catalogue_lines import refresh_catalogue_lines
from .invoice_lines import refresh_conference_lines, refresh_period_lines, reword_lines


class InvoiceNotDraftError(DomainError):
    """The invoice is issued already: it never changes again."""

    code = "invoice-not-draft"
    title = gettext_lazy("The invoice is issued already")

    @classmethod
    def of(cls, invoice: Invoice) -> "InvoiceNotDraftError":
        """Make the refusal for an invoice."""
        return cls(_("The invoice %s is issued: it never changes.") % invoice.number)


def lock_period(*, contract: Contract, period: str) -> BillingPeriod:
    """Lock a contract's month until the end of the transaction, after the contract itself.

    Nothing in it is priced or issued meanwhile, and no rate is extended.
    """
    lock_contract(contract.pk)
    BillingPeriod.objects.get_or_create(contract=contract, period=period)
    return BillingPeriod.objects.select_for_update().get(contract=contract, period=period)


def lock_contract(pk: int) -> Contract:
    """Lock a contract's row until the end of the transaction, and answer it as it is now."""
    return Contract.objects.select_for_update(no_key=True).get(pk=pk)


def period_draft(*, contract: Contract, period: str, now: dt.datetime) -> Invoice:
    """Answer the invoice of a contract's month, made as an empty draft if need be."""
    invoice, _made = Invoice.objects.get_or_create(
        contract=contract,
        period=period,
        conference=None,
        kind=Invoice.Kind.INVOICE,
        replaces=None,
        defaults=head_of(contract, now),
    )
    return invoice


def next_draft(contract: Contract, period: str, now: dt.datetime) -> Invoice:
    """Answer the draft of a month or, where that is closed, of the next open one; it is locked."""
    return period_draft(contract=contract, period=_open_period(contract, period), now=now)


def refresh_draft(
    *,
    invoice: Invoice,
    now: dt.datetime,
    known: KnownTerms | None = None,
    conferences: Collection[uuid.UUID] | None = None,
) -> Invoice:
    """Make a draft say what its charges say, in the customer's language.

    Replaces only lines that differ, of ``conferences`` (None: of all), then the lines of the
    period, VAT once per category, and the totals: as TARIFF.md rounds them. Without a VAT rate of
    the category the draft has no VAT yet, and can't be issued. Repeating it changes nothing. The
    caller holds the period's lock.

    Raises:
        InvoiceNotDraftError: it is issued.
    """
    if invoice.state != Invoice.State.DRAFT:
        raise InvoiceNotDraftError(
            _("The invoice %s is issued: it never changes.") % invoice.number
        )
    contract = invoice.contract
    if contract is None:
        return invoice
    language = contract.customer.language
    is_reworded = invoice.language != language
    if is_reworded:
        invoice.language, conferences = language, None
    with translation.override(language):
        if is_reworded:
            reword_lines(invoice)
        if invoice.replaces_id is None:
            refresh_conference_lines(invoice, conferences)
        if invoice.replaces_id is None and invoice.conference_id is None:
            refresh_period_lines(invoice, known or terms_of(contract))
            refresh_catalogue_lines(invoice, contract)
    _refresh_totals(invoice, _tax(invoice), now)
    return invoice


def _tax(invoice: Invoice) -> dict[str, VatRate | None]:
    """Put the percent of its category on each line; answer the rates by category.

    An adjustment is taxed as what it adjusts was.
    """
    lines = InvoiceLine.objects.filter(Q(adjusts=None) | Q(vat_percent=None), invoice=invoice)
    day = tax_day_of(invoice)
    rates: dict[str, VatRate | None] = {}
    for category in lines.order_by().values_list("vat_category", flat=True).distinct():
        rates[category] = rate = vat_rate_on(category=category, day=day)
        percent = rate.percent if rate else None
        lines.filter(vat_category=category).exclude(vat_percent=percent).update(vat_percent=percent)
    return rates


def follow_charges(*, charges: Collection[Charge], known: KnownTerms, now: dt.datetime) -> None:
    """Bring the drafts up to date after charges of one contract were priced.

    A charge without lines gets no draft (but stays on the one that it had). The caller holds the
    lock of their month.
    """
    with_lines = set(
        ChargeLine.objects.filter(charge__in=charges, version=F("charge__version")).values_list(
            "charge_id", flat=True
        )
    )
    drafts: dict[int, Invoice] = {}
    conferences: dict[int, list[uuid.UUID]] = {}
    of_period: dict[str, Invoice] = {}
    for charge in charges:
        if charge.invoice_id is None and charge.pk not in with_lines:
            continue
        if known.contract.billing == Contract.Billing.PER_CONFERENCE:
            draft = _conference_draft(charge, known.contract, now)
        else:
            draft = of_period.get(charge.period) or next_draft(known.contract, charge.period, now)
            of_period[charge.period] = draft
        if charge.invoice_id != draft.pk:
            charge.invoice = draft
            Charge.objects.filter(pk=charge.pk).update(invoice=draft)
        drafts[draft.pk] = draft
        conferences.setdefault(draft.pk, []).append(charge.conference_id)
    for pk, draft in drafts.items():
        refresh_draft(invoice=draft, known=known, conferences=conferences[pk], now=now)


def head_of(contract: Contract, now: dt.datetime) -> dict[str, Any]:
    """Answer what the draft of a contract begins with."""
    return {
        "customer_id": contract.customer_id,
        "currency": contract.currency,
        "language": contract.customer.language,
        "created_at": now,
        "updated_at": now,
    }


def _conference_draft(charge: Charge, contract: Contract, now: dt.datetime) -> Invoice:
    invoice, made = Invoice.objects.get_or_create(
        conference_id=charge.conference_id,
        kind=Invoice.Kind.INVOICE,
        replaces=None,
        defaults={"contract": contract, "period": charge.period} | head_of(contract, now),
    )
    if invoice.state != Invoice.State.DRAFT:  # of the month that it was in before
        return next_draft(contract, charge.period, now)
    if not made and (invoice.contract_id, invoice.period) != (contract.pk, charge.period):
        # A corrected call record moved it to another month or contract.
        invoice.contract, invoice.period = contract, charge.period
        invoice.currency, invoice.customer_id = contract.currency, contract.customer_id
        invoice.save()
    return invoice


def _open_period(contract: Contract, period: str) -> str:
    month = Period.parse(period)
    while lock_period(contract=contract, period=str(month)).closed_at is not None:
        month = month.next
    return str(month)


def _refresh_totals(
    invoice: Invoice, rates: Mapping[str, VatRate | None], now: dt.datetime
) -> None:
    """Compute VAT once per category, and the totals; write them where they differ.

    Net and VAT are rounded to the minor unit of the currency, VAT half-up on the sum of the lines.
    """
    lines = InvoiceLine.objects.filter(invoice=invoice).order_by()
    sums = lines.values_list("vat_category", "vat_percent").annotate(sum=Sum("net"))
    taxes, net, vat = [], 0, 0
    for category, percent, base in sums.order_by("vat_category", "vat_percent"):
        net += from_decimal(base)
        if percent is None:
            continue
        amount = share_of(
            from_decimal(base), from_decimal(percent), HUNDRED_PERCENT, invoice.currency
        )
        vat += amount
        tax = InvoiceTax(invoice=invoice, category=category, percent=percent, base=base)
        tax.amount = to_decimal(amount, invoice.currency)
        tax.reason = reason_of(tax, rates.get(category))
        taxes.append(tax)
    _replace_taxes(invoice, taxes)
    totals = [to_decimal(sum_, invoice.currency) for sum_ in (net, vat, net + vat)]
    said = Invoice.objects.filter(pk=invoice.pk).values_list("net", "vat", "total", "language")
    if said.get() != (*totals, invoice.language):
        invoice.net, invoice.vat, invoice.total = totals
        invoice.version += 1
        invoice.updated_at = now
        invoice.save(update_fields=["net", "vat", "total", "language", "version", "updated_at"])


def reason_of(tax: InvoiceTax, rate: VatRate | None) -> str:
    """Say why there is no VAT; for what was billed by another rate as it was said there."""
    if rate is not None and (tax.category, tax.percent) == (rate.category, rate.percent):
        return rate.reason_es if tax.invoice.language == "es" else rate.reason_en
    said = InvoiceTax.objects.filter(
        invoice__adjusting_lines__invoice=tax.invoice, category=tax.category, percent=tax.percent
    )
    return said.values_list("reason", flat=True).first() or ""


def _replace_taxes(invoice: Invoice, taxes: list[InvoiceTax]) -> None:
    fields = ("category", "percent", "base", "amount", "reason")
    there = InvoiceTax.objects.filter(invoice=invoice)
    if list(there.values_list(*fields)) == [
        tuple(getattr(tax, name) for name in fields) for tax in taxes
    ]:
        return
    there.delete()
    InvoiceTax.objects.bulk_create(taxes)
