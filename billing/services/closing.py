"""Close a month: what comes later of it goes on the next invoice."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import BillingPeriod, ClosedMonth
from billing.selectors.closing import checks_of_month
from billing.selectors.invoices import today
from customers.services import Who
from integration.services import record_event
from sales.models import Contract
from toolkit.errors import DomainError
from toolkit.periods import Period


class MonthNotReadyError(DomainError):
    """Something of the month is left to do, or it has not ended."""

    code = "month-not-ready"
    title = gettext_lazy("The month can't be closed yet")


class MonthClosedError(DomainError):
    """It is closed already."""

    code = "month-closed"
    title = gettext_lazy("The month is closed already")


@transaction.atomic
def close_month(*, period: str, actor: Who, now: dt.datetime) -> ClosedMonth:
    """Close a month for good, of all contracts that were in force in it.

    From then on a leg that comes late is priced by the counters as they stand, and goes on the
    invoice of the next open month, labelled with its own. There is no way back.

    Raises:
        MonthNotReadyError: it has not ended, or a check of the list is not done.
        MonthClosedError: it is closed already.
    """
    month = Period.parse(period)
    if today(now) <= month.last_day:
        raise MonthNotReadyError(_("The month has not ended."))
    contracts = (
        Contract.objects.exclude(status=Contract.Status.DRAFT)
        .filter(start__lte=month.last_day)
        .exclude(end__lte=month.first_day)
        .order_by("pk")
    )
    # Nothing is priced or issued meanwhile: what was checked is what is closed.
    locked = list(contracts.select_for_update(no_key=True).values_list("pk", flat=True))
    if ClosedMonth.objects.filter(period=str(month)).exists():
        raise MonthClosedError(_("%s is closed already.") % month)
    left = [check for check in checks_of_month(period=str(month), now=now) if not check.is_done]
    if left:
        raise MonthNotReadyError(
            _("Left to do: %s.") % ", ".join(f"{check.label} ({check.count})" for check in left)
        )
    event = record_event(
        type="month.closed",
        actor=actor,
        subject=("month", str(month)),
        data={"period": str(month), "contracts": len(locked)},
        now=now,
    )
    closed, made = ClosedMonth.objects.get_or_create(
        period=str(month), defaults={"closed_at": now, "closed_by": event.actor}
    )
    if not made:
        raise MonthClosedError(_("%s is closed already.") % month)
    BillingPeriod.objects.bulk_create(
        [BillingPeriod(contract_id=pk, period=str(month), closed_at=now) for pk in locked],
        ignore_conflicts=True,
    )
    BillingPeriod.objects.filter(period=str(month), closed_at=None).update(closed_at=now)
    return closed
