"""Correct a rate that was wrong, and bill what it makes of past months, as a job.

The rates are corrected at once; then month after month is priced again, each in a transaction of
its own. What is issued gives one adjustment for each kind of line of a conference, on the next
draft; what is open follows. Doing a month twice changes nothing.
"""

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Charge, InvoiceLine, ReRatedMonth, ReRating
from billing.selectors.re_ratings import months_of
from billing.selectors.terms import terms_of
from customers.services import Who
from integration.services import (
    begin_job,
    finish_job,
    record_event,
    report_progress,
    start_job,
)
from sales.models import ContractRate
from sales.services import correct_rate
from toolkit.errors import DomainError

from .adjustments import follow_prices
from .closed_months import price_month
from .invoice_lines import Cause
from .invoices import follow_charges, lock_contract, lock_period
from .pricing import Ledger
from .re_rating_preview import days_within, preview_rate_correction

logger = logging.getLogger(__name__)

TASK = "billing.tasks.re_rate"
_SILENT = dt.timedelta(minutes=5)


class ReRatingRefusedError(DomainError):
    """The correction can't be: no reason, or nobody has seen what it changes."""

    code = "re-rating-refused"
    title = gettext_lazy("The rate can't be corrected so")


def start_re_rating(
    *,
    rates: Sequence[ContractRate],
    terms: Mapping[str, Any],
    reason: str,
    seen: str,
    actor: Who,
    now: dt.datetime,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> ReRating:
    """Correct rates, each of another contract, and put down the months to be priced again.

    Args:
        rates: known now; the first is the one that was chosen, whose days are corrected as given,
            the others on those that are theirs, too.
        terms: what was wrong, as ``sales.services.correct_rate`` takes it.
        reason: for people.
        seen: the ``fingerprint`` of the preview that somebody looked at.
        actor: who corrects it.
        now: the present moment (aware).
        valid_from: the first local day, by default the first rate's.
        valid_to: the first local day on which it was right again, by default the first rate's.

    Raises:
        ReRatingRefusedError: no reason, or what was seen is no longer what would change.
        ContractInvalidError: see ``correct_rate``.
        ContractNotActiveError: see there.
    """
    if not reason.strip():
        raise ReRatingRefusedError(_("Say why the rate is corrected."))
    with transaction.atomic():
        for contract in sorted({rate.contract_id for rate in rates}):
            lock_contract(contract)
        rates = [
            ContractRate.objects.select_related("contract__customer").get(pk=rate.pk)
            for rate in rates
        ]
        preview = preview_rate_correction(
            rates=rates, terms=terms, now=now, valid_from=valid_from, valid_to=valid_to
        )
        if preview.fingerprint != seen:
            raise ReRatingRefusedError(
                _("Something happened meanwhile: look again at what it changes.")
            )
        job = start_job(task=TASK, label=str(_("Correction of a rate")), now=now)
        row = ReRating(reason=reason.strip(), job=job, created_at=now, heartbeat_at=now)
        row.started_by = _record_start(rates[0], actor, now)
        row.save()
        for place, rate in enumerate(rates):
            first, last = (
                (valid_from, valid_to) if not place else days_within(rate, valid_from, valid_to)
            )
            right = correct_rate(
                rate=rate, terms=terms, actor=actor, now=now, valid_from=first, valid_to=last
            )
            months = months_of(right.contract, right.valid_from, right.valid_to)
            ReRatedMonth.objects.bulk_create(
                ReRatedMonth(re_rating=row, contract=right.contract, rate=right, period=period)
                for period in months
            )
        job.total = row.months.count()
        job.save(update_fields=["total"])
        _finish_if_done(row, now)
    return row


def work_on_re_rating(*, re_rating_id: int, clock: Callable[[], dt.datetime]) -> None:
    """Price the months that wait, one after the other. Safe beside others that do the same.

    A month that fails is logged and waits for the next time.
    """
    row = ReRating.objects.get(pk=re_rating_id)
    if row.finished_at is not None or not begin_job(job_id=row.job_id):
        return
    for pk in row.months.filter(done_at=None).values_list("pk", flat=True):
        try:
            _work_on(pk, clock())
        except Exception:
            logger.exception("month %s of re-rating %s failed", pk, row.pk)
        ReRating.objects.filter(pk=row.pk).update(heartbeat_at=clock())
        report_progress(job_id=row.job_id, done=row.months.exclude(done_at=None).count())
    with transaction.atomic():
        _finish_if_done(row, clock())


def silent_re_ratings(*, now: dt.datetime) -> list[int]:
    """Answer the re-ratings that nobody seems to work on."""
    waiting = ReRating.objects.filter(finished_at=None, heartbeat_at__lt=now - _SILENT)
    return list(waiting.values_list("pk", flat=True))


@transaction.atomic
def _work_on(pk: int, now: dt.datetime) -> None:
    """Price one month again, unless it is done or in other hands."""
    waiting = ReRatedMonth.objects.filter(pk=pk, done_at=None)
    month = waiting.select_for_update(of=("self",), skip_locked=True).first()
    if month is None:
        return
    contract, period = month.contract, month.period
    closed_at = lock_period(contract=contract, period=period).closed_at
    known = terms_of(contract)
    before = dict(Charge.objects.filter(contract=contract, period=period).values_list("pk", "net"))
    billed = _billed(month)
    ledger = Ledger(known, now)
    price_month(ledger=ledger, period=period)
    ledger.save()
    if closed_at is None:
        follow_charges(charges=ledger.changed, known=known, now=now)
    else:
        follow_prices(
            charges=ledger.changed, known=known, period=period, cause=Cause.RE_RATING, now=now
        )
    month.difference = _billed(month) - billed
    month.conferences = sum(charge.net != before[charge.pk] for charge in ledger.changed)
    month.done_at = now
    month.save()
    if month.conferences:
        record_event(
            type="re_rating.done",
            actor="billing",
            customer_number=contract.customer.number,
            subject=("contract", contract.number),
            data={"period": period, "conferences": month.conferences},
            now=now,
        )


def _billed(month: ReRatedMonth) -> Decimal:
    """Add up what stands on invoices and drafts of a contract's month, without VAT."""
    lines = InvoiceLine.objects.filter(invoice__contract=month.contract, period=month.period)
    total: Decimal = lines.aggregate(sum=Sum("net", default=Decimal(0)))["sum"]
    return total


def _finish_if_done(row: ReRating, now: dt.datetime) -> None:
    locked = ReRating.objects.select_for_update().get(pk=row.pk)
    if locked.finished_at is not None or locked.months.filter(done_at=None).exists():
        return
    locked.finished_at = now
    locked.save(update_fields=["finished_at"])
    done = locked.months.count()
    finish_job(job_id=locked.job_id, result={"re_rating": locked.pk}, done=done, now=now)
    row.finished_at = now


def _record_start(rate: ContractRate, actor: Who, now: dt.datetime) -> str:
    event = record_event(
        type="re_rating.started",
        actor=actor,
        customer_number=rate.contract.customer.number,
        subject=("contract", rate.contract.number),
        data={"rate": rate.pk},
        now=now,
    )
    return str(event.actor)
