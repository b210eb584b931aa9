"""What billing looks at every morning: a year in months, whom most is billed to, what waits.

Money is of one currency. Each figure is the sum of a list that a screen shows, so that whoever
doubts one can open it:

- ``billed``: totals of what was issued in the month (issue date), credit notes less, with VAT.
- ``collected``: payments of the month (the day paid on).
- ``overdue``: what is left today of invoices that fell due in the month and before today, with VAT.
- ``unbilled``: drafts of the month (their period), without VAT.
- ``minutes``: real time of all legs of the month's conferences, of all currencies; rounded up once.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import CharField, F, Func, QuerySet, Sum, Value

from billing.models import Charge, Invoice, Payment
from customers.models import Customer
from customers.selectors import issuer
from toolkit.money import from_decimal, to_decimal
from toolkit.periods import Period

from .invoices import today, with_balances

MONTHS = 12
TOP = 10
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """One month; the module says what each figure is."""

    currency: str
    period: str
    first_day: dt.date
    last_day: dt.date
    billed: Decimal
    collected: Decimal
    overdue: Decimal
    unbilled: Decimal
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopCustomer:
    """A customer, and what was billed to it in all the months together, with VAT."""

    customer: Customer
    currency: str
    billed: Decimal
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """The months, the latest last; ``overdue`` and ``unbilled`` are of all that there is."""

    currency: str
    currencies: tuple[str, ...]
    months: tuple[MonthFigures, ...]
    overdue: Decimal
    unbilled: Decimal
    top: tuple[TopCustomer, ...]
    as_of: dt.datetime

    @property
    def current(self) -> MonthFigures:
        """Answer the month that is going on."""
        return self.months[-1]

    @property
    def before(self) -> MonthFigures:
        """Answer the month before."""
        return self.months[-2]


def billing_dashboard(*, now: dt.datetime, currency: str = "") -> Dashboard:
    """Answer the figures of the last twelve months, this one included, in one currency.

    Args:
        now: the present moment (aware); months are those of the issuer's place.
        currency: by default the issuer's. One in which nothing was ever billed gives zeros.
    """
    day = today(now)
    company = issuer()
    currency = currency or (company.currency if company else "EUR")
    months = [Period.of_date(day)]
    while len(months) < MONTHS:
        months.insert(0, months[0].previous)
    first, last = months[0].first_day, months[-1].last_day
    invoices = Invoice.objects.filter(currency=currency)
    issued = invoices.filter(state=Invoice.State.ISSUED, issued_on__range=(first, last))
    overdue = with_balances(invoices, on=day).filter(
        status="overdue"  # type: ignore[misc]
    )
    drafts = invoices.filter(state=Invoice.State.DRAFT)
    sums = {
        "billed": _by_month(issued, "issued_on", "total"),
        "collected": _by_month(
            Payment.objects.filter(invoice__currency=currency, paid_on__range=(first, last)),
            "paid_on",
            "amount",
        ),
        "overdue": _by_month(overdue, "due_on", "balance"),
        "unbilled": _by_period(drafts, "net"),
    }
    seconds = _by_period(
        Charge.objects.filter(period__range=(str(months[0]), str(months[-1]))), "duration_seconds"
    )
    return Dashboard(
        currency=currency,
        currencies=tuple(invoices_currencies()),
        months=tuple(_month(month, currency, sums, seconds) for month in months),
        overdue=_money(sum(sums["overdue"].values(), _ZERO), currency),
        unbilled=_money(sum(sums["unbilled"].values(), _ZERO), currency),
        top=tuple(_top(issued, currency)),
        as_of=now,
    )


def invoices_currencies() -> list[str]:
    """Answer the currencies of all invoices and drafts, by their codes."""
    return list(Invoice.objects.order_by("currency").values_list("currency", flat=True).distinct())


def _month(
    month: Period,
    currency: str,
    sums: Mapping[str, Mapping[str, Decimal]],
    seconds: Mapping[str, Any],
) -> MonthFigures:
    key = str(month)
    money = {name: _money(of.get(key, _ZERO), currency) for name, of in sums.items()}
    return MonthFigures(
        currency=currency,
        period=key,
        first_day=month.first_day,
        last_day=month.last_day,
        minutes=-(-int(seconds.get(key, 0)) // 60),
        **money,
    )


def _by_month(rows: QuerySet[Any], day: str, amount: str) -> dict[str, Decimal]:
    month = Func(F(day), Value("YYYY-MM"), function="to_char", output_field=CharField())
    sums = rows.order_by().annotate(month=month).values_list("month").annotate(sum=Sum(amount))
    return dict(sums)


def _by_period(rows: QuerySet[Any], amount: str) -> dict[str, Decimal]:
    return dict(rows.order_by().values_list("period").annotate(sum=Sum(amount)))


def _money(amount: Decimal, currency: str) -> Decimal:
    return to_decimal(from_decimal(amount), currency)


def _top(issued: QuerySet[Invoice], currency: str) -> list[TopCustomer]:
    sums = issued.order_by().values_list("customer").annotate(sum=Sum("total"))
    rows = list(sums.order_by("-sum", "customer")[:TOP])
    total = issued.aggregate(sum=Sum("total", default=_ZERO))["sum"]
    customers = Customer.objects.in_bulk([pk for pk, _sum in rows])
    return [
        TopCustomer(
            customer=customers[pk],
            currency=currency,
            billed=_money(billed, currency),
            percent=int(billed * 100 / total) if total > 0 else 0,
        )
        for pk, billed in rows
    ]
