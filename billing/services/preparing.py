"""Prepare a contract's month: charge what waits, draft it, and issue what needs no eyes."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from billing.models import BillingRun, Charge, Flag, Invoice, InvoiceLine
from billing.selectors.catalogue import is_anything_due
from billing.selectors.charges import uncharged_conferences
from billing.selectors.obstacles import obstacles_to_issue
from billing.selectors.review import HOLD_UNSEEN, open_flags
from billing.selectors.terms import KnownTerms, period_lines_of, terms_of
from conferencing.models import Conference
from conferencing.selectors import may_go_on
from customers.models import Customer
from customers.services import Who
from sales.models import Contract
from toolkit.errors import DomainError
from toolkit.periods import Period

from .charges import charge_conference
from .invoices import lock_contract, lock_period, period_draft, refresh_draft
from .issuing import issue_invoice

logger = logging.getLogger(__name__)

Report = Callable[[int, int], None]


@dataclass(slots=True)
class Run:
    """What came of contracts: invoice ids, and by contract why a draft was left, in a sentence.

    ``failed`` are the contracts with which something went wrong, ``flags`` those of drafts left.
    """

    prepared: list[int] = field(default_factory=list)
    issued: list[int] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    flags: set[Flag] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to do with a month; ``dry`` takes no number, and its caller undoes all the rest."""

    month: Period
    issue: BillingRun.Issue
    actor: Who
    now: dt.datetime
    dry: bool = False


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
    order = Order(month=Period.parse(period), issue=BillingRun.Issue.AGREED, actor=actor, now=now)
    contracts = list(contracts_to_prepare(order.month, customers))
    if only_ended:
        contracts = [one for one in contracts if _end_of(order.month, one) <= now]
    run = Run()
    for done, contract in enumerate(contracts, start=1):
        prepare_contract(contract, order, run)
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


def contracts_to_prepare(
    month: Period, customers: Iterable[Customer] | None = None
) -> QuerySet[Contract]:
    """Return the contracts in force on some day of a month, or with a draft of it.

    Not those of which the month is issued and no draft is left.
    """
    invoices = Invoice.objects.filter(
        contract=OuterRef("pk"), period=str(month), kind=Invoice.Kind.INVOICE
    )
    drafts = invoices.filter(state=Invoice.State.DRAFT)
    issued = invoices.filter(state=Invoice.State.ISSUED, conference=None)
    in_force = Q(end=None) | Q(end__gt=month.first_day)
    contracts = Contract.objects.exclude(status=Contract.Status.DRAFT).filter(
        (in_force & Q(start__lt=month.next.first_day) & ~Exists(issued)) | Q(Exists(drafts))
    )
    if customers is not None:
        contracts = contracts.filter(customer__in=customers)
    return contracts.select_related("customer").order_by("customer__number", "number")


def prepare_contract(contract: Contract, order: Order, run: Run) -> None:
    """Prepare one contract's month, and issue what ``order`` lets; add to ``run`` what came of it.

    What goes wrong is told in ``run``; it keeps up neither other contracts nor other invoices of
    this one.
    """
    others: list[Invoice] = []
    with _telling(run, contract):
        _charge_what_waits(contract, order)
        with transaction.atomic():
            known = _locked_terms(contract)
            monthly = _prepared_draft(known, order)
            if monthly is not None:
                run.prepared.append(monthly.pk)
                _issue(monthly, known, order, run)
        others = _other_drafts(contract, order.month, besides=monthly)
    for draft in others:
        run.prepared.append(draft.pk)
        with _telling(run, contract), transaction.atomic():
            known = _locked_terms(contract)
            lock_period(contract=contract, period=draft.period)
            draft.refresh_from_db(fields=["state"])
            if draft.state == Invoice.State.DRAFT:
                draft.contract = known.contract
                refresh_draft(invoice=draft, known=known, now=order.now)
                _issue(draft, known, order, run)


@contextmanager
def _telling(run: Run, contract: Contract) -> Iterator[None]:
    """Tell in ``run`` what goes wrong with a contract, and go on."""
    try:
        yield
    except DomainError as error:
        _fail(run, contract, str(error))
    except Exception:
        logger.exception("contract %s could not be billed", contract.number)
        _fail(run, contract, _("It failed: see the log."))


def _locked_terms(contract: Contract) -> KnownTerms:
    """Lock a contract until the end of the transaction; answer its terms as they are now."""
    locked = lock_contract(contract.pk)
    locked.customer = contract.customer
    return terms_of(locked)


def _issue(draft: Invoice, known: KnownTerms, order: Order, run: Run) -> None:
    """Issue a draft that was just brought up to date; say in ``run`` what keeps it.

    The caller holds the locks of its month. What goes wrong leaves the draft as it is.
    """
    contract = known.contract
    if not _is_over(draft, contract, order):
        return
    with _telling(run, contract), transaction.atomic():
        if _issued_or_left(draft, contract, order, run):
            run.issued.append(draft.pk)


def _issued_or_left(draft: Invoice, contract: Contract, order: Order, run: Run) -> bool:
    flags = open_flags(draft)
    is_unseen = contract.issue == Contract.Issue.AUTOMATIC
    wanted = order.issue == BillingRun.Issue.UNFLAGGED or (
        order.issue == BillingRun.Issue.AGREED and is_unseen
    )
    reason = _reason_to_wait(contract, draft, order) if wanted else ""
    holding = [flag for flag in flags if not is_unseen or flag in HOLD_UNSEEN]
    if wanted and holding and not reason:
        names = ", ".join(str(flag.label) for flag in holding)
        reason = _("It waits for somebody to look: %(flags)s.") % {"flags": names}
    if reason:
        run.left[contract.number] = reason
    if reason or not wanted:
        run.flags.update(flags)
        return False
    if order.dry:
        _refuse_as_issuing_would(draft, run, contract)
    else:
        issue_invoice(invoice=draft, actor=order.actor, now=order.now, is_up_to_date=True)
    return contract.number not in run.failed


def _refuse_as_issuing_would(draft: Invoice, run: Run, contract: Contract) -> None:
    """Say in a dry run what would keep the draft from getting its number."""
    obstacles = obstacles_to_issue(draft)
    if obstacles is None:
        return
    if obstacles.issuer_missing:
        _fail(run, contract, _("Fill in the settings of the issuer before the first invoice."))
    elif obstacles.vat_category_without_rate:
        text = _("There is no VAT rate for “%(category)s”: add it to the settings.")
        _fail(run, contract, text % {"category": obstacles.vat_category_without_rate})


def _fail(run: Run, contract: Contract, reason: str) -> None:
    run.left[contract.number] = reason
    run.failed.add(contract.number)


def _end_of(month: Period, contract: Contract) -> dt.datetime:
    return month.bounds(ZoneInfo(contract.timezone))[1]


def _window(month: Period, contract: Contract) -> tuple[dt.datetime, dt.datetime]:
    start, end = month.bounds(ZoneInfo(contract.timezone))
    return start - dt.timedelta(days=1), end  # a conference may start before its time


def _is_over(draft: Invoice, contract: Contract, order: Order) -> bool:
    """Tell whether what the draft bills is over: its month, or the one conference."""
    if draft.conference is not None:
        return not may_go_on(draft.conference, now=order.now)
    return order.now >= _end_of(order.month, contract)


def _charge_what_waits(contract: Contract, order: Order) -> None:
    waiting = uncharged_conferences().filter(
        customer=contract.customer, scheduled_start__range=_window(order.month, contract)
    )
    for conference in waiting:
        charge_conference(conference_id=conference.pk, now=order.now)


def _prepared_draft(known: KnownTerms, order: Order) -> Invoice | None:
    """Refresh the draft of a month, made where something is to stand on it; None if not."""
    contract, month, now = known.contract, order.month, order.now
    period = lock_period(contract=contract, period=str(month))
    if period.closed_at is not None and contract.billing == Contract.Billing.MONTHLY:
        return None
    there = Invoice.objects.filter(
        contract=contract,
        period=str(month),
        conference=None,
        kind=Invoice.Kind.INVOICE,
        replaces=None,
    ).first()
    if there is not None and there.state != Invoice.State.DRAFT:
        return None
    if there is None and not _is_anything_due(known, str(month)):
        return None
    draft = there or period_draft(contract=contract, period=str(month), now=now)
    draft.contract, draft.customer = contract, contract.customer
    refresh_draft(invoice=draft, known=known, now=now)
    return draft


def _is_anything_due(known: KnownTerms, period: str) -> bool:
    return bool(period_lines_of(known, period)) or is_anything_due(known.contract, period)


def _other_drafts(contract: Contract, month: Period, *, besides: Invoice | None) -> list[Invoice]:
    """Answer the drafts of single conferences, and those that replace an invoice; oldest first."""
    drafts = Invoice.objects.filter(
        Exists(InvoiceLine.objects.filter(invoice=OuterRef("pk"))),
        contract=contract,
        period=str(month),
        kind=Invoice.Kind.INVOICE,
        state=Invoice.State.DRAFT,
    )
    if besides is not None:
        drafts = drafts.exclude(pk=besides.pk)
    return list(drafts.select_related("conference__reservation").order_by("created_at", "pk"))


def _reason_to_wait(contract: Contract, invoice: Invoice, order: Order) -> str:
    if not invoice.lines.exists():
        return _("There is nothing to issue.")
    if Charge.objects.filter(invoice=invoice).exclude(problem="").exists():
        return _("Charges of it have a problem.")
    if invoice.conference_id is not None:
        return ""
    of_customer = Conference.objects.filter(customer=contract.customer_id)
    live = of_customer.filter(
        state=Conference.State.LIVE, scheduled_start__range=_window(order.month, contract)
    )
    if live.exists():
        return _("A conference of that month is still going on.")
    waiting = Charge.objects.filter(
        customer=contract.customer_id, period=invoice.period, problem=Charge.Problem.NO_CONTRACT
    )
    return _("Conferences of that month have no contract.") if waiting.exists() else ""
