"""Billing runs: prepare, and where so agreed issue, all that is due of a month."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from billing.models import Charge, Invoice
from billing.selectors.charges import uncharged_conferences
from billing.selectors.terms import period_lines_of, terms_of
from conferencing.models import Conference
from conferencing.selectors import may_go_on
from customers.models import Customer
from customers.services import Who
from sales.models import Contract
from toolkit.errors import DomainError
from toolkit.periods import Period

from .charges import charge_conference
from .invoices import lock_period, period_draft, refresh_draft
from .issuing import issue_invoice

logger = logging.getLogger(__name__)

Report = Callable[[int, int], None]


@dataclass(slots=True)
class Run:
    """What a run did: invoice ids, and for each contract left alone the reason in a sentence."""

    prepared: list[int] = field(default_factory=list)
    issued: list[int] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def prepare_period(
    *,
    period: str,
    actor: Who,
    now: dt.datetime,
    customers: Iterable[Customer] | None = None,
    only_ended: bool = False,
    report: Report | None = None,
) -> Run:
    """Bring the drafts of a month up to date, fees and commitments included, and issue what is due.

    Due is what the contract says is issued automatically, once the month has ended in its zone and
    nothing in it is unclear or still going on. Running it twice changes nothing. One contract at a
    time, each in its own transaction: one that fails does not keep up the others.

    Args:
        period: ``YYYY-MM``.
        actor: who asked for it.
        now: the present moment (aware).
        customers: only theirs; by default all.
        only_ended: leave contracts alone in whose zone the month goes on.
        report: told how many of how many contracts are done.

    Raises:
        InvalidPeriodError: ``period`` is no month.
    """
    month = Period.parse(period)
    contracts = list(_contracts_of(month, customers))
    if only_ended:
        contracts = [one for one in contracts if _end_of(month, one) <= now]
    run = Run()
    for done, contract in enumerate(contracts, start=1):
        try:
            _prepare(contract, month, actor, now, run)
        except DomainError as error:
            run.left[contract.number] = str(error)
        except Exception:
            logger.exception("contract %s could not be prepared", contract.number)
            run.left[contract.number] = _("It failed: see the log.")
        if report is not None:
            report(done, len(contracts))
    return run


def issue_due_conference_invoices(*, actor: Who, now: dt.datetime) -> list[int]:
    """Issue the automatic invoices of single conferences that had to wait; answer their ids."""
    waiting = Invoice.objects.filter(
        state=Invoice.State.DRAFT,
        conference__isnull=False,
        contract__billing=Contract.Billing.PER_CONFERENCE,
        contract__issue=Contract.Issue.AUTOMATIC,
        lines__isnull=False,
    ).exclude(Exists(Charge.objects.filter(invoice=OuterRef("pk")).exclude(problem="")))
    issued = []
    conferences = waiting.select_related("conference__reservation")
    for invoice in conferences.order_by("created_at", "pk").distinct():
        if invoice.conference and may_go_on(invoice.conference, now=now):
            continue
        try:
            issued.append(issue_invoice(invoice=invoice, actor=actor, now=now).pk)
        except DomainError as error:
            logger.info("draft %s stays one: %s", invoice.pk, error)
        except Exception:
            logger.exception("draft %s could not be issued", invoice.pk)
    return issued


def due_periods(now: dt.datetime) -> list[str]:
    """Answer the months that an automatic run at ``now`` has to look at.

    The one before, this one (it has ended already where the day is later), and those of which a
    draft was left.
    """
    month = Period.of_moment(now, ZoneInfo("UTC"))
    left = Invoice.objects.filter(
        state=Invoice.State.DRAFT, conference=None, period__lt=str(month)
    ).values_list("period", flat=True)
    return sorted({*left.distinct().order_by(), str(month.previous), str(month)})


def _contracts_of(month: Period, customers: Iterable[Customer] | None) -> QuerySet[Contract]:
    invoices = Invoice.objects.filter(
        contract=OuterRef("pk"), period=str(month), conference=None, kind=Invoice.Kind.INVOICE
    )
    drafts = invoices.filter(state=Invoice.State.DRAFT)
    issued = invoices.filter(state=Invoice.State.ISSUED)
    in_force = Q(end=None) | Q(end__gt=month.first_day)
    contracts = Contract.objects.exclude(status=Contract.Status.DRAFT).filter(
        (in_force & Q(start__lt=month.next.first_day) & ~Exists(issued)) | Q(Exists(drafts))
    )
    if customers is not None:
        contracts = contracts.filter(customer__in=customers)
    return contracts.select_related("customer").order_by("customer__number", "number")


def _prepare(contract: Contract, month: Period, actor: Who, now: dt.datetime, run: Run) -> None:
    start, end = month.bounds(ZoneInfo(contract.timezone))
    window = (start - dt.timedelta(days=1), end)  # a conference may start before its time
    _charge_what_waits(contract, window, now)
    with transaction.atomic():
        invoice = _prepared_draft(contract, month, now)
    if invoice is None:
        return
    run.prepared.append(invoice.pk)
    if contract.issue != Contract.Issue.AUTOMATIC or now < end:
        return
    reason = _reason_to_wait(contract, invoice, window)
    if reason:
        run.left[contract.number] = reason
        return
    issue_invoice(invoice=invoice, actor=actor, now=now)
    run.issued.append(invoice.pk)


def _end_of(month: Period, contract: Contract) -> dt.datetime:
    return month.bounds(ZoneInfo(contract.timezone))[1]


def _charge_what_waits(
    contract: Contract, window: tuple[dt.datetime, dt.datetime], now: dt.datetime
) -> None:
    waiting = uncharged_conferences().filter(
        customer=contract.customer, scheduled_start__range=window
    )
    for conference in waiting:
        charge_conference(conference_id=conference.pk, now=now)


def _prepared_draft(contract: Contract, month: Period, now: dt.datetime) -> Invoice | None:
    """Refresh the draft of a month, made where something is to stand on it; None if not."""
    period = lock_period(contract=contract, period=str(month))
    if period.closed_at is not None and contract.billing == Contract.Billing.MONTHLY:
        return None
    there = Invoice.objects.filter(
        contract=contract, period=str(month), conference=None, kind=Invoice.Kind.INVOICE
    ).first()
    if there is not None and there.state != Invoice.State.DRAFT:
        return None
    known = terms_of(contract)
    if there is None and not period_lines_of(known, str(month)):
        return None
    draft = there or period_draft(contract=contract, period=str(month), now=now)
    refresh_draft(invoice=draft, known=known, now=now)
    return draft


def _reason_to_wait(
    contract: Contract, invoice: Invoice, window: tuple[dt.datetime, dt.datetime]
) -> str:
    if not invoice.lines.exists():
        return _("There is nothing to issue.")
    if Charge.objects.filter(invoice=invoice).exclude(problem="").exists():
        return _("Charges of it have a problem.")
    of_customer = Conference.objects.filter(customer=contract.customer_id)
    live = of_customer.filter(state=Conference.State.LIVE, scheduled_start__range=window)
    if live.exists():
        return _("A conference of that month is still going on.")
    waiting = Charge.objects.filter(
        customer=contract.customer_id, period=invoice.period, problem=Charge.Problem.NO_CONTRACT
    )
    return _("Conferences of that month have no contract.") if waiting.exists() else ""
