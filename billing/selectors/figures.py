"""What a salesperson asks of billing: a customer's month in a few figures (docs/figures.md)."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum

from billing.models import Charge, Invoice, InvoiceLine, Payment
from customers.models import Customer
from sales.models import Contract
from toolkit.money import HUNDRED_PERCENT, from_decimal, share_of, to_decimal
from toolkit.periods import Period

from .catalogue import due_subscriptions, is_catalogue_used
from .invoices import today, vat_rate_on, with_balances
from .terms import period_lines_of, terms_of

CURRENT = "current"
_COUNTED = ("conferences", "seconds", "unpriced_legs")
_ZERO = Decimal(0)
_NOTHING = dict.fromkeys(("total", "issued", "overdue", "paid"), _ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A customer's month. Money is in ``currency``, with its decimals; each is in docs/figures.md.

    ``rated_not_invoiced`` is without VAT; ``invoiced``, ``paid``, ``balance``, ``overdue`` and
    ``expected_total`` are with it. ``other_currencies`` names those in which there is more that
    these sums leave out.
    """

    period: str
    currency: str
    conferences: int
    minutes: int
    rated_not_invoiced: Decimal
    unpriced_legs: int
    invoiced: Decimal
    paid: Decimal
    balance: Decimal
    overdue: Decimal
    expected_total: Decimal
    as_of: dt.datetime
    other_currencies: tuple[str, ...] = ()


def customer_figures(*, customer: Customer, period: str, now: dt.datetime) -> Figures:
    """Answer the figures of a customer's month; no leg is looked at, only sums on charges.

    Args:
        customer: whose.
        period: ``YYYY-MM``, or ``current``: the month of ``now`` in the customer's time zone.
        now: the present moment (aware), shown as ``as_of``.

    Raises:
        InvalidPeriodError: ``period`` is neither.
    """
    month = (
        Period.of_moment(now, ZoneInfo(customer.timezone))
        if period == CURRENT
        else Period.parse(period)
    )
    contracts = list(_contracts_of(customer, month))
    currency = contracts[-1].currency if contracts else customer.currency
    charged = _charged(customer, month)
    invoiced = _invoiced(customer, month, today(now))
    mine = invoiced.get(currency, _NOTHING)
    seconds = sum(sums["seconds"] for sums in charged.values())
    money = {
        "rated_not_invoiced": charged.get(currency, {}).get("open_net", _ZERO),
        "invoiced": mine["issued"],
        "paid": mine["paid"],
        "balance": mine["issued"] - mine["paid"],
        "overdue": mine["overdue"],
        "expected_total": mine["total"] + _not_drafted_yet(contracts, month, currency),
    }
    elsewhere = {code for code, sums in charged.items() if sums["open_net"]} | {*invoiced}
    return Figures(
        period=str(month),
        currency=currency,
        conferences=sum(sums["conferences"] for sums in charged.values()),
        minutes=-(-seconds // 60),
        unpriced_legs=sum(sums["unpriced_legs"] for sums in charged.values()),
        as_of=now,
        other_currencies=tuple(sorted(elsewhere - {currency})),
        **{name: to_decimal(from_decimal(sum_), currency) for name, sum_ in money.items()},
    )


def _contracts_of(customer: Customer, month: Period) -> QuerySet[Contract]:
    """Return the contracts in force on some day of the month, the latest last."""
    return (
        Contract.objects.exclude(status=Contract.Status.DRAFT)
        .filter(
            Q(end=None) | Q(end__gt=month.first_day),
            customer=customer,
            start__lt=month.next.first_day,
        )
        .select_related("customer")
        .order_by("start")
    )


def _charged(customer: Customer, month: Period) -> dict[str, Any]:
    """Answer the sums over the month's charges, by currency.

    ``open_net`` holds the differences, too, that stand on a draft because what they adjust is
    issued already.
    """
    issued = Q(invoice__state=Invoice.State.ISSUED)
    sums = (
        Charge.objects.filter(customer=customer, period=str(month))
        .order_by()
        .values("currency")
        .annotate(
            conferences=Count("pk", filter=Q(participants__gt=0)),
            seconds=Sum("duration_seconds", default=0),
            unpriced_legs=Sum("unpriced_legs", default=0),
            open_net=Sum("net", filter=~issued, default=_ZERO),
        )
    )
    found: dict[str, dict[str, Any]] = {row["currency"]: dict(row) for row in sums}
    pending = InvoiceLine.objects.filter(
        invoice__customer=customer,
        invoice__state=Invoice.State.DRAFT,
        charge__isnull=False,
        period=str(month),
    )
    for currency, sum_ in pending.order_by().values_list("invoice__currency").annotate(Sum("net")):
        of_currency = found.setdefault(currency, dict.fromkeys(_COUNTED, 0) | {"open_net": _ZERO})
        of_currency["open_net"] += sum_
    return found


def _invoiced(customer: Customer, month: Period, day: dt.date) -> dict[str, dict[str, Decimal]]:
    """Answer the sums over the customer's invoices, credit notes and payments, by currency."""
    of_month = Invoice.objects.filter(customer=customer, period=str(month)).order_by()
    is_issued = Q(state=Invoice.State.ISSUED)
    due = Invoice.objects.filter(is_issued, customer=customer, due_on__lt=day).order_by()
    with_balance: QuerySet[Any] = with_balances(due, on=day)
    overdue = with_balance.filter(balance__gt=0)
    came_in = Payment.objects.filter(invoice__customer=customer, invoice__period=str(month))
    found: dict[str, dict[str, Decimal]] = {}
    sums = of_month.values_list("currency").annotate(
        total_=Sum("total"), issued=Sum("total", filter=is_issued, default=_ZERO)
    )
    for currency, total, issued in sums:
        found[currency] = _NOTHING | {"total": total, "issued": issued}
    for currency, sum_ in overdue.values_list("currency").annotate(sum=Sum("balance")):
        found.setdefault(currency, dict(_NOTHING))["overdue"] = sum_
    paid = came_in.order_by().values_list("invoice__currency").annotate(sum=Sum("amount"))
    for currency, sum_ in paid:
        found.setdefault(currency, dict(_NOTHING))["paid"] = sum_
    return found


def _not_drafted_yet(contracts: list[Contract], month: Period, currency: str) -> Decimal:
    """Answer what is due every month, with VAT, of contracts that have no draft of it yet."""
    drafted = set(
        Invoice.objects.filter(
            contract__in=contracts,
            period=str(month),
            conference=None,
            kind=Invoice.Kind.INVOICE,
            replaces=None,
        ).values_list("contract", flat=True)
    )
    total = 0
    for contract in contracts:
        if contract.pk in drafted or contract.currency != currency:
            continue
        for category, net in _due_every_month(contract, str(month)).items():
            rate = vat_rate_on(category=category, day=month.last_day)
            percent = from_decimal(rate.percent) if rate else 0
            total += net + share_of(net, percent, HUNDRED_PERCENT, currency)
    return to_decimal(total, currency)


def _due_every_month(contract: Contract, period: str) -> dict[str, int]:
    """Answer fee, commitment and subscriptions of a month without VAT, in micros by category."""
    nets: dict[str, int] = {}
    if contract.commitment is not None or contract.monthly_fee is not None:
        lines = period_lines_of(terms_of(contract), period)
        nets[contract.vat_category] = sum(line.net for line, _basis in lines)
    if is_catalogue_used(contract):
        for due in due_subscriptions(contract, period):
            category = due.subscription.product.vat_category or contract.vat_category
            nets[category] = nets.get(category, 0) + from_decimal(due.net)
    return nets
