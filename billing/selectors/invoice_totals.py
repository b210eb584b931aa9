"""What a list of invoices adds up to: by status and currency, in one question."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTotal:
    """The sums over invoices of one status and currency; ``net`` is without VAT, the rest with."""

    status: str
    currency: str
    count: int
    net: Decimal
    vat: Decimal
    total: Decimal
    balance: Decimal


def invoice_totals(invoices: QuerySet[Any]) -> list[InvoiceTotal]:
    """Add up invoices that come from ``with_balances``, by status and currency."""
    sums = (
        invoices.order_by()
        .values("status", "currency")
        .annotate(
            count=Count("pk"),
            net_sum=Sum("net"),
            vat_sum=Sum("vat"),
            total_sum=Sum("total"),
            balance_sum=Sum("balance"),
        )
    )
    return [
        InvoiceTotal(
            status=row["status"],
            currency=row["currency"],
            count=row["count"],
            net=row["net_sum"],
            vat=row["vat_sum"],
            total=row["total_sum"],
            balance=row["balance_sum"],
        )
        for row in sums
    ]


def count_by_status(totals: Iterable[InvoiceTotal]) -> Counter[str]:
    """Count invoices by their status."""
    counts: Counter[str] = Counter()
    for total in totals:
        counts[total.status] += total.count
    return counts


def by_currency(totals: Iterable[InvoiceTotal]) -> list[InvoiceTotal]:
    """Add up each currency over all the statuses given, in the order of their codes."""
    found: dict[str, InvoiceTotal] = {}
    for one in totals:
        there = found.get(one.currency)
        found[one.currency] = one if there is None else _sum(there, one)
    return [found[currency] for currency in sorted(found)]


def _sum(one: InvoiceTotal, other: InvoiceTotal) -> InvoiceTotal:
    return InvoiceTotal(
        status="",
        currency=one.currency,
        count=one.count + other.count,
        net=one.net + other.net,
        vat=one.vat + other.vat,
        total=one.total + other.total,
        balance=one.balance + other.balance,
    )
