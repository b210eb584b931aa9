"""Issue invoices: gapless numbers, everything shown copied, and never changed again."""

import datetime as dt

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import BillingPeriod, Charge, Invoice, InvoiceLine, InvoiceSeries
from billing.selectors.invoices import tax_day_of, today
from billing.selectors.obstacles import categories_without_rate
from billing.selectors.terms import terms_of
from conferencing.selectors import may_go_on
from customers.models import Issuer
from customers.selectors import issuer as our_company
from customers.services import Who
from integration.services import record_event
from sales.models import Contract
from toolkit.errors import DomainError

from .exchange import copy_exchange
from .invoices import InvoiceNotDraftError, lock_contract, lock_period, refresh_draft
from .rules import refuse_broken_rules
from .sending import send_if_wanted
from .snapshots import snapshot_of

_PREFIXES = {Invoice.Kind.INVOICE: "F", Invoice.Kind.CREDIT_NOTE: "R"}


class IssuerMissingError(DomainError):
    """Nobody has said yet which company issues the invoices."""

    code = "issuer-missing"
    title = gettext_lazy("The issuer is not set up")


class VatRateMissingError(DomainError):
    """The VAT category has no rate on the day that counts."""

    code = "vat-rate-missing"
    title = gettext_lazy("A VAT rate is missing")


class NothingToIssueError(DomainError):
    """The draft has no line."""

    code = "nothing-to-issue"
    title = gettext_lazy("There is nothing to issue")


class NegativeInvoiceError(DomainError):
    """The corrections on the draft are more than its lines: nobody can be asked for less than 0."""

    code = "negative-invoice"
    title = gettext_lazy("The invoice would be negative")


class IssueDateRefusedError(DomainError):
    """The date lies before the last of the series, or in the future."""

    code = "issue-date-refused"
    title = gettext_lazy("The issue date is not possible")


def issue_invoice(
    *,
    invoice: Invoice,
    actor: Who,
    now: dt.datetime,
    issued_on: dt.date | None = None,
    is_up_to_date: bool = False,
) -> Invoice:
    """Issue a draft: give it the next number of its series, copy all it shows, close its month.

    Numbers of a kind and year follow one another without a gap, also when many issue at once, and
    dates never go back within a series. The draft is brought up to date first. The invoice is due
    ``payment_days`` of the contract after the issue date.

    Args:
        invoice: a draft.
        actor: who issues it.
        now: the present moment (aware).
        issued_on: the date on it; by default that of ``now`` at the issuer's place, or the last
            of the series if that is later.
        is_up_to_date: the caller holds the lock of its month, and has just refreshed it.

    Raises:
        IssuerMissingError: the settings of the issuer are not filled in.
        InvoiceNotDraftError: it is issued already.
        VatRateMissingError: see ``vat_rate_on``.
        NothingToIssueError: it has no line.
        NegativeInvoiceError: its total is below zero; see ``credit_adjustments``.
        IssueDateRefusedError: ``issued_on`` is before the last of the series, or in the future.
        ExchangeRateMissingError: it has VAT in another currency than the issuer's books, and no
            rate of its day is known.
        RulesBrokenError: the rules of EN 16931 are switched on, and refuse it.
    """
    company = our_company()
    if company is None:
        raise IssuerMissingError(_("Fill in the settings of the issuer before the first invoice."))
    with transaction.atomic():
        contract, invoice = _lock(invoice)
        if not is_up_to_date:
            refresh_draft(invoice=invoice, known=terms_of(contract), now=now)
        _refuse_incomplete(invoice, contract)
        invoice.number, day = take_number(invoice, now, issued_on)
        event = record_event(
            type="invoice.issued",
            actor=actor,
            customer_number=contract.customer.number,
            subject=("invoice", invoice.number),
            data={"period": invoice.period, "issued_on": day.isoformat()},
            now=now,
        )
        invoice.issued_by = event.actor
        _close(invoice, contract, company, day, now)
        refuse_broken_rules(invoice)
        send_if_wanted(invoice=invoice, actor=actor, now=now)
    return invoice


def issue_if_agreed(*, charge: Charge, now: dt.datetime) -> Invoice | None:
    """Issue the invoice of one conference where the contract says that nobody reviews it.

    Not while anything about it is unclear or somebody may still come back to the conference; nor
    does a refusal (no issuer yet, no VAT rate) undo the charge: the draft waits, and the sweep of
    the next minute tries again.
    """
    contract, invoice = charge.contract, charge.invoice
    if (
        charge.problem
        or contract is None
        or invoice is None
        or contract.billing != Contract.Billing.PER_CONFERENCE
        or contract.issue != Contract.Issue.AUTOMATIC
        or invoice.state != Invoice.State.DRAFT
        or may_go_on(charge.conference, now=now)
    ):
        return None
    try:
        return issue_invoice(invoice=invoice, actor="billing", now=now)
    except DomainError:
        return None


def _lock(invoice: Invoice) -> tuple[Contract, Invoice]:
    if invoice.contract_id is None:
        msg = "credit notes and adjustments are issued elsewhere"
        raise TypeError(msg)
    contract = lock_contract(invoice.contract_id)
    lock_period(contract=contract, period=invoice.period)
    locked = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    if locked.state != Invoice.State.DRAFT:
        raise InvoiceNotDraftError.of(locked)
    locked.contract = contract
    return contract, locked


def _refuse_incomplete(invoice: Invoice, contract: Contract) -> None:
    if not InvoiceLine.objects.filter(invoice=invoice).exists():
        raise NothingToIssueError(_("The draft has no line: there is nothing to issue."))
    if invoice.total < 0:
        raise NegativeInvoiceError(
            _("The draft is below zero: issue its corrections as a credit note first.")
        )
    missing = categories_without_rate(invoice, contract)
    if missing:
        raise VatRateMissingError(
            _("There is no VAT rate for “%(category)s” on %(day)s: add it to the settings.")
            % {"category": ", ".join(missing), "day": tax_day_of(invoice).isoformat()}
        )


def take_number(
    invoice: Invoice, now: dt.datetime, issued_on: dt.date | None
) -> tuple[str, dt.date]:
    """Lock the series of a document's kind, move it on, and answer number and issue date.

    A year that nobody prepared goes on with the letter of the year before.
    """
    present = today(now)
    day = issued_on or present
    last = InvoiceSeries.objects.filter(kind=invoice.kind).aggregate(day=Max("last_issued_on"))
    if issued_on is None and last["day"] is not None:
        day = max(day, last["day"])
    series = _lock_series(invoice.kind, day.year)
    latest = series.last_issued_on
    if latest is not None and day < latest:
        if issued_on is None:
            day = latest
        else:
            raise IssueDateRefusedError(
                _("The last invoice of the series is of %(latest)s: take that day or a later one.")
                % {"latest": latest.isoformat()}
            )
    if issued_on is not None and issued_on > present:
        raise IssueDateRefusedError(_("The issue date lies in the future."))
    series.next_number += 1
    series.last_issued_on = day
    series.save(update_fields=["next_number", "last_issued_on"])
    return f"{series.prefix}-{series.year}-{series.next_number - 1:05d}", day


def _lock_series(kind: str, year: int) -> InvoiceSeries:
    before = InvoiceSeries.objects.filter(kind=kind, year__lt=year).first()
    prefix = before.prefix if before else _PREFIXES[Invoice.Kind(kind)]
    InvoiceSeries.objects.get_or_create(kind=kind, year=year, defaults={"prefix": prefix})
    return InvoiceSeries.objects.select_for_update().get(kind=kind, year=year)


def _close(
    invoice: Invoice, contract: Contract, company: Issuer, day: dt.date, now: dt.datetime
) -> None:
    invoice.state = Invoice.State.ISSUED
    invoice.issued_on = day
    invoice.issued_at = invoice.updated_at = now
    invoice.due_on = day + dt.timedelta(days=contract.payment_days)
    invoice.snapshot = snapshot_of(invoice=invoice, contract=contract, company=company)
    copy_exchange(invoice, company)
    invoice.version += 1
    invoice.save()
    BillingPeriod.objects.filter(contract=contract, period=invoice.period, closed_at=None).update(
        closed_at=now
    )
