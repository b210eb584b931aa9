"""Billing runs: who may see them, how far they are, and whom one is about."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import (
    Count,
    Exists,
    Expression,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from billing.models import BillingRun, Invoice, InvoiceLine, RunItem
from customers.models import Customer
from sales.models import Contract
from toolkit.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSum:
    """What a customer's invoices and drafts of a month come to, without VAT."""

    period: str
    net: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is. ``per_minute`` and ``seconds_left`` are None before anything is done."""

    done: int
    total: int
    counts: Mapping[str, int]
    per_minute: Decimal | None
    seconds_left: int | None

    @property
    def percent(self) -> int:
        """Answer the whole percent that is done."""
        return self.done * 100 // self.total if self.total else 100


def runs_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[BillingRun]:
    """Return the runs that ``user`` may see: all of them, or none."""
    if user.has_perm("billing.view_billingrun"):  # type: ignore[union-attr]
        return BillingRun.objects.select_related("job")
    return BillingRun.objects.none()


def with_counts(runs: QuerySet[BillingRun]) -> QuerySet[BillingRun]:
    """Add how many customers of a run are ``done``, how many of them ``failed`` or ``flagged``."""
    waiting, failed, flagged = (
        RunItem.State.WAITING,
        RunItem.State.FAILED,
        RunItem.State.FLAGGED,
    )
    return runs.annotate(
        done=F("total") - _count(waiting), failed=_count(failed), flagged=_count(flagged)
    )


def _count(state: RunItem.State) -> Expression:
    items = RunItem.objects.filter(run=OuterRef("pk"), state=state).order_by().values("run")
    count = items.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


def progress_of(run: BillingRun, *, now: dt.datetime) -> Progress:
    """Answer how far a run is at ``now``; pauses do not count for its rate."""
    counts = dict(run.items.order_by().values_list("state").annotate(Count("pk")))
    waiting = counts.get(RunItem.State.WAITING, 0)
    done = run.total - waiting
    until = run.finished_at or run.paused_at or now
    seconds = (until - run.created_at).total_seconds() - run.paused_seconds
    is_known = done > 0 and seconds > 0
    per_second = Decimal(done) / Decimal(str(seconds)) if is_known else None
    return Progress(
        done=done,
        total=run.total,
        counts=counts,
        per_minute=per_second and round(per_second * 60, 1),
        seconds_left=None if per_second is None or run.is_over else int(waiting / per_second),
    )


def items_of(run: BillingRun) -> QuerySet[RunItem]:
    """Return the customers of a run, with their names."""
    return RunItem.objects.filter(run=run).select_related("customer")


def run_customers(*, month: Period, customers: QuerySet[Customer] | None) -> list[tuple[int, str]]:
    """Answer whom a run is about, by name: ids of customers, each with a currency.

    All with a contract in force on some day of the month, or an invoice of it, in each currency;
    of ``customers`` also those without.
    """
    in_force = Q(end=None) | Q(end__gt=month.first_day)
    contracts = Contract.objects.exclude(status=Contract.Status.DRAFT).filter(
        (in_force & Q(start__lt=month.next.first_day))
        | Q(Exists(Invoice.objects.filter(contract=OuterRef("pk"), period=str(month))))
    )
    chosen = Customer.objects.filter(pk__in=contracts.values("customer"))
    if customers is not None:
        contracts = contracts.filter(customer__in=customers)
        chosen = customers
    currencies: dict[int, list[str]] = {}
    pairs = contracts.order_by("currency").values_list("customer", "currency").distinct()
    for customer, currency in pairs:
        currencies.setdefault(customer, []).append(currency)
    named = chosen.order_by("sort_key", "pk").values_list("pk", "currency")
    return [
        (customer, currency)
        for customer, own_currency in named
        for currency in currencies.get(customer, [own_currency])
    ]


def month_and_before(
    *, customer: Customer, currency: str, period: str
) -> tuple[MonthSum | None, MonthSum | None]:
    """Answer what a customer's month comes to, and the latest before it with any invoice."""
    sums = (
        Invoice.objects.filter(customer=customer, currency=currency, period__lte=period)
        .order_by()
        .values_list("period")
        .annotate(net_sum=Sum("net"))
        .order_by("-period")[:2]
    )
    found = [MonthSum(period=month, net=net) for month, net in sums]
    this = next((one for one in found if one.period == period), None)
    return this, next((one for one in found if one.period != period), None)


def invoices_of(item: RunItem) -> list[Invoice]:
    """Answer the invoices and drafts of an item's month as they are now, with ``has_lines``."""
    invoices = Invoice.objects.filter(
        customer=item.customer_id,
        currency=item.currency,
        period=item.run.period,
        kind=Invoice.Kind.INVOICE,
    )
    lines = InvoiceLine.objects.filter(invoice=OuterRef("pk"))
    return list(
        invoices.annotate(has_lines=Exists(lines))
        .only("pk", "state", "number", "issued_at")
        .order_by("pk")
    )


def result_of(run: BillingRun) -> dict[str, object]:
    """Answer what a run did, for its job: ids of invoices, and why drafts were left, by contract.

    ``run`` is its own id.
    """
    prepared: list[int] = []
    issued: list[int] = []
    left: dict[str, str] = {}
    items: Iterable[RunItem] = run.items.order_by("pk").only("prepared", "issued", "left")
    for item in items:
        prepared += item.prepared
        issued += item.issued
        left |= item.left
    return {"run": run.pk, "prepared": prepared, "issued": issued, "left": left}
