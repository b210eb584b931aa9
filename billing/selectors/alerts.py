"""What a customer should hear of before the invoice says it: the pool, and unusual usage."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import F, Q, Sum

from billing.models import Charge
from customers.models import Customer
from sales.models import Contract
from toolkit.periods import Period

POOL_PERCENT: Final = 80
FAR_ABOVE: Final = 2
USUAL_MONTHS: Final = 3
# Nobody wants to hear that a few calls are twice as long as a few others.
LEAST_MINUTES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAlert:
    """Of a contract's included minutes of the month most are used; ``used`` is in minutes."""

    contract: Contract
    period: str
    used: int
    included: int

    @property
    def percent(self) -> int:
        """Answer how much of them, in whole percent."""
        return self.used * 100 // self.included


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageAlert:
    """A customer's month is far above its usual one; both in minutes of calls."""

    customer: Customer
    period: str
    minutes: int
    usual: int

    @property
    def times(self) -> Decimal:
        """Answer how many times the usual it is."""
        return round(Decimal(self.minutes) / self.usual, 1)


def pool_alerts(*, now: dt.datetime) -> list[PoolAlert]:
    """Answer the contracts that used 80 % or more of their included minutes in the present month.

    The month is that of each contract's zone; the most used first.
    """
    contracts = {
        contract.pk: contract
        for contract in Contract.objects.filter(included_minutes__gt=0)
        .exclude(status=Contract.Status.DRAFT)
        .select_related("customer")
    }
    if not contracts:
        return []
    used = (
        Charge.objects.filter(contract__in=contracts, period__in=_periods_at(now))
        .order_by()
        .values_list("contract", "period")
        .annotate(seconds=Sum(F("free_after") - F("free_before")))
    )
    found = [
        PoolAlert(
            contract=contracts[pk],
            period=period,
            used=int(seconds) // 60,
            included=contracts[pk].included_minutes,
        )
        for pk, period, seconds in used
        if period == str(Period.of_moment(now, ZoneInfo(contracts[pk].timezone)))
        and seconds * 100 >= contracts[pk].included_minutes * 60 * POOL_PERCENT
    ]
    return sorted(found, key=lambda alert: (-alert.percent, alert.contract.number))


def usage_alerts(*, now: dt.datetime) -> list[UsageAlert]:
    """Answer the customers whose present month has twice their usual minutes or more.

    The usual is the average of the three months before, of those with any call; an hour at least
    must have been used. The month is that of the customer's zone; the farthest above first.
    """
    months = _periods_at(now)
    earliest = Period.parse(min(months))
    for _ in range(USUAL_MONTHS):
        earliest = earliest.previous
    seconds: dict[int, dict[str, int]] = {}
    sums = (
        Charge.objects.filter(
            Q(period__gte=str(earliest), period__lte=max(months)), customer__isnull=False
        )
        .order_by()
        .values_list("customer", "period")
        .annotate(seconds=Sum("duration_seconds"))
    )
    for customer, period, of_month in sums:
        seconds.setdefault(customer, {})[period] = int(of_month)
    # Most are ordinary: only those that may be far above are looked at by name and zone.
    loud = [pk for pk, of in seconds.items() if max(of.values()) >= LEAST_MINUTES * 60]
    customers = Customer.objects.filter(pk__in=loud)
    found = [alert for one in customers for alert in _of_customer(one, seconds[one.pk], now)]
    return sorted(found, key=lambda alert: (-alert.times, alert.customer.number))


def _of_customer(
    customer: Customer, seconds: dict[str, int], now: dt.datetime
) -> Iterator[UsageAlert]:
    month = Period.of_moment(now, ZoneInfo(customer.timezone))
    before = month
    usual = []
    for _ in range(USUAL_MONTHS):
        before = before.previous
        usual += [seconds[str(before)]] if seconds.get(str(before)) else []
    this = seconds.get(str(month), 0)
    if not usual or this < LEAST_MINUTES * 60:
        return
    average = sum(usual) // len(usual)
    if average and this >= FAR_ABOVE * average:
        yield UsageAlert(
            customer=customer,
            period=str(month),
            minutes=-(-this // 60),
            usual=max(1, average // 60),
        )


def _periods_at(now: dt.datetime) -> list[str]:
    """Answer the months that it is somewhere in the world: one, or two around midnight."""
    zones = (dt.timezone(dt.timedelta(hours=hours)) for hours in (-12, 14))
    return sorted({str(Period.of_date(now.astimezone(zone).date())) for zone in zones})
