"""Billing runs: start one for a month, pause it, go on, leave the rest alone."""

import datetime as dt
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import BillingRun, RunItem
from billing.selectors.runs import run_customers
from customers.models import Customer
from customers.services import Who
from integration.services import fail_job, record_event, start_job
from toolkit.errors import DomainError
from toolkit.periods import Period

# A run that gave no sign of life for so long has no worker.
_SILENCE: Final = dt.timedelta(seconds=45)
_ITEMS_AT_ONCE: Final = 2_000
_FURTHEST_ZONE: Final = dt.timedelta(hours=14)


class RunRefusedError(DomainError):
    """There is nothing that such a run could do."""

    code = "run-refused"
    title = gettext_lazy("The billing run is not possible")


class RunOverError(DomainError):
    """The run is over, or in a state in which this can't be asked of it."""

    code = "run-over"
    title = gettext_lazy("The billing run is over")


@transaction.atomic
def start_run(
    *,
    period: str,
    actor: Who,
    now: dt.datetime,
    task: str,
    customers: QuerySet[Customer] | None = None,
    selection: str = "",
    issue: str = BillingRun.Issue.AGREED,
    dry_run: bool = False,
) -> BillingRun:
    """Write down a run and its queue; hand its id to ``task`` on commit.

    Args:
        period: ``YYYY-MM``.
        actor: who asked for it; invoices say so.
        now: the present moment (aware).
        task: the name of the task that works on it, for the job.
        customers: only these, each with a result even where there is nothing to bill; by default
            all with a contract in that month.
        selection: the query string that chose them, for people.
        issue: see ``BillingRun.Issue``.
        dry_run: write nothing but what would come of it.

    Raises:
        InvalidPeriodError: ``period`` is no month.
        RunRefusedError: the month has begun nowhere yet, or there is no customer to bill.
    """
    month = Period.parse(period)
    if month.first_day > (now + _FURTHEST_ZONE).date():
        raise RunRefusedError(_("%(period)s has not begun yet.") % {"period": month})
    wanted = run_customers(month=month, customers=customers)
    if not wanted:
        raise RunRefusedError(
            _("No customer has a contract in %(period)s: there is nothing to bill.")
            % {"period": month}
        )
    label = _("Dry run %(period)s") if dry_run else _("Billing run %(period)s")
    job = start_job(
        task=task,
        label=label % {"period": month},
        total=len(wanted),
        requested_by=actor if isinstance(actor, User) else None,
        now=now,
    )
    run = BillingRun(
        period=str(month),
        dry_run=dry_run,
        issue=issue,
        selection=selection,
        job=job,
        language=translation.get_language() or "en",
        total=len(wanted),
        created_at=now,
        heartbeat_at=now,
    )
    run.save()
    run.started_by = _record(run, "run.started", actor, now)
    run.save(update_fields=["started_by"])
    items = [RunItem(run=run, customer_id=pk, currency=currency) for pk, currency in wanted]
    RunItem.objects.bulk_create(items, batch_size=_ITEMS_AT_ONCE)
    return run


@transaction.atomic
def pause_run(*, run: BillingRun, actor: Who, now: dt.datetime) -> BillingRun:
    """Let workers stop after the customer that they are at.

    Raises:
        RunOverError: it is not going on.
    """
    locked = _lock(run, BillingRun.State.RUNNING)
    locked.state, locked.paused_at = BillingRun.State.PAUSED, now
    locked.save()
    _record(locked, "run.paused", actor, now)
    return locked


@transaction.atomic
def resume_run(*, run: BillingRun, actor: Who, now: dt.datetime) -> BillingRun:
    """Go on with a paused run; hand its id to the task on commit.

    Raises:
        RunOverError: it is not paused.
    """
    locked = _lock(run, BillingRun.State.PAUSED)
    locked.state = BillingRun.State.RUNNING
    _end_pause(locked, now)
    locked.heartbeat_at = now
    locked.save()
    _record(locked, "run.resumed", actor, now)
    return locked


@transaction.atomic
def cancel_run(*, run: BillingRun, actor: Who, now: dt.datetime) -> BillingRun:
    """Leave the customers alone that wait; what is prepared or issued stays.

    Raises:
        RunOverError: it is over already.
    """
    locked = _lock(run, BillingRun.State.RUNNING, BillingRun.State.PAUSED)
    locked.state, locked.finished_at = BillingRun.State.CANCELLED, now
    _end_pause(locked, now)
    locked.save()
    done = locked.items.exclude(state=RunItem.State.WAITING).count()
    who = _record(locked, "run.cancelled", actor, now)
    text = _("%(who)s cancelled it after %(done)s of %(total)s customers.")
    fail_job(
        job_id=locked.job_id,
        error=text % {"who": who, "done": done, "total": locked.total},
        now=now,
    )
    return locked


def silent_runs(*, now: dt.datetime) -> list[int]:
    """Answer the ids of runs that should go on and of which no worker was heard for a while."""
    going_on = BillingRun.objects.filter(state=BillingRun.State.RUNNING)
    return list(going_on.filter(heartbeat_at__lt=now - _SILENCE).values_list("pk", flat=True))


def _lock(run: BillingRun, *states: BillingRun.State) -> BillingRun:
    locked = BillingRun.objects.select_for_update().get(pk=run.pk)
    if locked.state not in states:
        state = BillingRun.State(locked.state).label
        raise RunOverError(_("The run is not going on: %(state)s.") % {"state": state})
    return locked


def _end_pause(run: BillingRun, now: dt.datetime) -> None:
    if run.paused_at is not None:
        run.paused_seconds += max(0, round((now - run.paused_at).total_seconds()))
        run.paused_at = None


def _record(run: BillingRun, what: str, actor: Who, now: dt.datetime) -> str:
    """Record what happened to a run; answer the name of who did it."""
    event = record_event(
        type=what,
        actor=actor,
        subject=("billing_run", run.pk),
        data={
            "period": run.period,
            "dry_run": run.dry_run,
            "issue": run.issue,
            "customers": run.total,
        },
        now=now,
    )
    return str(event.actor)
