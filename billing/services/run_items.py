"""Work on a billing run: any number of workers, each killed anywhere.

The items of a run are its queue. A worker takes one by an advisory lock, which ends with its
connection, so that what a killed worker had taken is free at once. It writes nothing that a second
one would write again: drafts and numbers are kept unique by the database, and what came of an item
is read from the invoices themselves, not from what the worker remembers.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from django.db import connection, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from billing.models import BillingRun, Flag, Invoice, RunItem
from billing.selectors.runs import invoices_of, month_and_before, result_of
from integration.services import finish_job, record_event, report_progress
from sales.models import Contract
from toolkit.periods import Period

from .preparing import Order, Run, contracts_to_prepare, prepare_contract

# How long a worker goes on before it lets other tasks have their turn.
PIECE_SECONDS: Final = 5.0
_BEAT_SECONDS: Final = 1.0
_WAITING: Final = RunItem.State.WAITING
_ITEM_LOCK: Final = 0x42_52 << 40  # with the item's id: any number that no other lock of ours uses
_LOOKED_AT_ONCE: Final = 20


class Rest(Enum):
    """What is left of a run for whoever worked on it."""

    NOTHING = auto()
    MORE = auto()  # whoever has time may go on
    HELD = auto()  # other workers have it; should they die, somebody must look again


def work_on_run(
    *, run_id: int, clock: Callable[[], dt.datetime], seconds: float = PIECE_SECONDS
) -> Rest:
    """Do the customers of a run one by one; return what is left.

    Ends when nothing waits, when the run is paused or cancelled, when the rest is in the hands of
    other workers, or after ``seconds``. Safe beside any number of others, and to repeat.

    Args:
        run_id: of the run.
        clock: answers the present moment (aware).
        seconds: when to let others have their turn; a customer that was begun is finished.
    """
    began = beaten = time.monotonic()
    while True:
        run = BillingRun.objects.select_related("job__requested_by").get(pk=run_id)
        if run.state != BillingRun.State.RUNNING:
            return Rest.NOTHING
        with _next_item(run) as item:
            if item is None:
                break
            _work_on(item, run, clock())
        passed = time.monotonic()
        if passed - beaten >= _BEAT_SECONDS:
            beaten = passed
            _beat(run, clock())
        if passed - began >= seconds and run.items.filter(state=_WAITING).exists():
            _beat(run, clock())
            return Rest.MORE
    _beat(run, clock())
    return Rest.NOTHING if _finish_if_done(run, clock()) else Rest.HELD


@contextmanager
def _next_item(run: BillingRun) -> Iterator[RunItem | None]:
    """Hold the next item that waits and that no other worker holds; None if there is none."""
    waiting = run.items.filter(state=_WAITING).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)[:_LOOKED_AT_ONCE]):
        if not _lock_of("pg_try_advisory_lock", pk):
            continue
        try:
            item = waiting.filter(pk=pk).select_related("customer").first()
            if item is not None:  # else another one finished it just now
                yield item
                return
        finally:
            _lock_of("pg_advisory_unlock", pk)
    yield None


def _lock_of(function: str, pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_ITEM_LOCK + pk])
        return bool(cursor.fetchone()[0])


def _beat(run: BillingRun, now: dt.datetime) -> None:
    """Say that the run is alive, and how far it is."""
    BillingRun.objects.filter(pk=run.pk).update(heartbeat_at=now)
    done = run.total - run.items.filter(state=_WAITING).count()
    report_progress(job_id=run.job_id, done=done, now=now)


def _finish_if_done(run: BillingRun, now: dt.datetime) -> bool:
    """Close a run of which nothing waits any more; tell whether it is over, or was before."""
    with transaction.atomic():
        locked = BillingRun.objects.select_for_update().get(pk=run.pk)
        if locked.state != BillingRun.State.RUNNING:
            return True
        if locked.items.filter(state=_WAITING).exists():
            return False
        locked.state, locked.finished_at = BillingRun.State.DONE, now
        locked.save(update_fields=["state", "finished_at"])
        result = result_of(locked)
        record_event(
            type="run.finished",
            actor="billing",
            subject=("billing_run", run.pk),
            data={"period": run.period, "dry_run": run.dry_run, "customers": run.total},
            now=now,
        )
        finish_job(job_id=run.job_id, result=result, done=run.total, now=now)
    return True


def _work_on(item: RunItem, run: BillingRun, now: dt.datetime) -> None:
    """Bill one customer's month, and write down what came of it."""
    with translation.override(run.language):
        if run.dry_run:
            with transaction.atomic():
                _bill(item, run, now)
                transaction.set_rollback(True)
        else:
            _bill(item, run, now)
    item.finished_at = now
    item.save()


def _bill(item: RunItem, run: BillingRun, now: dt.datetime) -> None:
    order = Order(
        month=Period.parse(run.period),
        issue=BillingRun.Issue(run.issue),
        actor=run.job.requested_by or run.started_by,
        now=now,
        dry=run.dry_run,
    )
    done = Run()
    for contract in contracts_to_prepare(order.month, [item.customer]):
        if contract.currency == item.currency:
            prepare_contract(contract, order, done)
    _sum_up(item, run, done)


def _sum_up(item: RunItem, run: BillingRun, done: Run) -> None:
    """Say what came of a customer, as the invoices themselves say it now.

    So that nothing is missing that a killed worker did before.
    """
    month, before = month_and_before(
        customer=item.customer, currency=item.currency, period=run.period
    )
    invoices = invoices_of(item)
    drafts = [one for one in invoices if one.state == Invoice.State.DRAFT and one.has_lines]  # type: ignore[attr-defined]
    issued = [one for one in invoices if one.state == Invoice.State.ISSUED]
    now_issued = [one for one in issued if one.issued_at and one.issued_at >= run.created_at]
    item.net = month.net if month else Decimal(0)
    item.previous_net, item.previous_period = (before.net, before.period) if before else (None, "")
    item.left = done.left
    item.flags = [flag for flag in Flag if flag in done.flags]
    if run.dry_run:
        would = set(done.issued)
        now_issued += [one for one in drafts if one.pk in would]
        drafts = [one for one in drafts if one.pk not in would]
    else:
        item.prepared = [one.pk for one in (*drafts, *now_issued)]
        item.issued = [one.pk for one in now_issued]
    item.state = _outcome(drafts, now_issued, done)
    item.reason = " ".join(dict.fromkeys(done.left.values()))
    if item.state == RunItem.State.NOTHING and not item.reason:
        item.reason = _why_nothing(issued, item, run)


def _outcome(drafts: list[Invoice], issued: list[Invoice], done: Run) -> RunItem.State:
    if done.failed:
        return RunItem.State.FAILED
    if drafts and done.flags:
        return RunItem.State.FLAGGED
    if drafts:
        return RunItem.State.PREPARED
    return RunItem.State.ISSUED if issued else RunItem.State.NOTHING


def _why_nothing(issued: list[Invoice], item: RunItem, run: BillingRun) -> str:
    if issued:
        numbers = ", ".join(str(one.number) for one in issued[:3])
        return _("Issued before: %(numbers)s.") % {"numbers": numbers}
    month = Period.parse(run.period)
    in_force = Contract.objects.exclude(status=Contract.Status.DRAFT).filter(
        Q(end=None) | Q(end__gt=month.first_day),
        customer=item.customer,
        start__lt=month.next.first_day,
    )
    if in_force.exists():
        return _("No conference, and nothing agreed for every month.")
    return _("No contract in that month.")
