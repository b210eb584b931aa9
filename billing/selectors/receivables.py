"""Who owes what since when, and a customer's statement of account.

What a customer owes is the sum of the balances of his invoices less his credit; the statement's
closing balance is the same number, reached by another way (tests compare them).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from billing.models import CreditEntry, Invoice, Payment
from customers.models import Customer

from .invoices import with_balances

# Days after the due date from which each column but the first begins.
BUCKETS = (1, 31, 61, 91)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Ageing:
    """What one customer owes in one currency, by the days since it was due.

    ``buckets`` are: not due yet, 1 to 30 days, 31 to 60, 61 to 90, more. ``credit`` is what he has
    to his credit, overpaid invoices included.
    """

    customer: Customer
    currency: str
    buckets: tuple[Decimal, ...]
    credit: Decimal

    @property
    def owed(self) -> Decimal:
        """Add up the columns."""
        return sum(self.buckets, _ZERO)

    @property
    def overdue(self) -> Decimal:
        """Add up what is due."""
        return sum(self.buckets[1:], _ZERO)

    @property
    def balance(self) -> Decimal:
        """What is left when the credit is taken off."""
        return self.owed - self.credit


def ageing(*, on: dt.date, customers: QuerySet[Customer] | None = None) -> list[Ageing]:
    """Return what is owed on a day by each customer and currency, the most overdue first.

    As the books are now: what was paid since then is paid.
    """
    found = _balances(on, customers)
    credits_ = _credits(customers)
    keys = found.keys() | credits_.keys()
    people = Customer.objects.in_bulk({customer for customer, _currency in keys})
    rows = []
    for customer_id, currency in keys:
        buckets = found.get((customer_id, currency), (_ZERO,) * 6)
        credit = credits_.get((customer_id, currency), _ZERO) + buckets[-1]
        if any(buckets) or credit:
            rows.append(Ageing(people[customer_id], currency, buckets[:-1], credit))
    rows.sort(key=lambda row: (-row.overdue, -row.owed, row.customer.sort_key, row.currency))
    return rows


def ageing_totals(rows: Iterable[Ageing]) -> list[tuple[str, tuple[Decimal, ...], Decimal]]:
    """Add up by currency: its code, the columns, the credit."""
    totals: dict[str, list[Decimal]] = {}
    for row in rows:
        sums = totals.setdefault(row.currency, [_ZERO] * 6)
        for place, amount in enumerate((*row.buckets, row.credit)):
            sums[place] += amount
    return [(code, tuple(sums[:-1]), sums[-1]) for code, sums in sorted(totals.items())]


def _balances(
    on: dt.date, customers: QuerySet[Customer] | None
) -> dict[tuple[int, str], tuple[Decimal, ...]]:
    issued = Invoice.objects.filter(state=Invoice.State.ISSUED, kind=Invoice.Kind.INVOICE)
    if customers is not None:
        issued = issued.filter(customer__in=customers)
    unpaid: QuerySet[Any] = with_balances(issued, on=on)
    edges = [on - dt.timedelta(days=days - 1) for days in BUCKETS]
    owed = Q(balance__gt=0)
    columns = [owed & Q(due_on__gte=edges[0])]
    columns += [owed & Q(due_on__lt=edge, due_on__gte=older) for edge, older in pairwise(edges)]
    columns.append(owed & Q(due_on__lt=edges[-1]))
    sums = {
        f"sum_{place}": Sum("balance", filter=column, default=_ZERO)
        for place, column in enumerate(columns)
    }
    rows = (
        unpaid.exclude(balance=0)
        .order_by()
        .values("customer_id", "currency")
        .annotate(**sums, over=Sum("balance", filter=Q(balance__lt=0), default=_ZERO))
    )
    return {
        (row["customer_id"], row["currency"]): (
            *(row[name] for name in sums),
            -row["over"],
        )
        for row in rows
    }


def _credits(customers: QuerySet[Customer] | None) -> dict[tuple[int, str], Decimal]:
    entries = CreditEntry.objects.order_by()
    if customers is not None:
        entries = entries.filter(customer__in=customers)
    sums = entries.values_list("customer_id", "currency").annotate(sum=Sum("amount"))
    return {(customer, currency): amount for customer, currency, amount in sums if amount}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a statement: positive what the customer owes more; ``balance`` after it.

    ``kind`` is one of ``invoice``, ``credit_note``, ``payment``, ``returned``, ``refund``.
    """

    on: dt.date
    kind: str
    number: str
    reference: str
    amount: Decimal
    balance: Decimal
    invoice_id: int | None = None
    due_on: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A customer's account in one currency over some days, both included."""

    customer: Customer
    currency: str
    first_day: dt.date
    last_day: dt.date
    opening: Decimal
    entries: tuple[Entry, ...]
    open_invoices: tuple[Invoice, ...]

    @property
    def closing(self) -> Decimal:
        """What is owed at the end; below zero, what we owe."""
        return self.entries[-1].balance if self.entries else self.opening

    @property
    def debits(self) -> Decimal:
        """What came to be owed."""
        return sum((one.amount for one in self.entries if one.amount > 0), _ZERO)

    @property
    def credits(self) -> Decimal:
        """What was paid or taken back."""
        return -sum((one.amount for one in self.entries if one.amount < 0), _ZERO)


def statement_of(
    *, customer: Customer, currency: str, first_day: dt.date, last_day: dt.date
) -> Statement:
    """Return a customer's statement of account; open invoices are those of now.

    Setting credit off against an invoice changes nothing in the sum and is left out; so is a match
    that was wrong, with what took it back.
    """
    steps = sorted(_steps(customer, currency), key=lambda step: (step.on, step.kind, step.number))
    opening = sum((step.amount for step in steps if step.on < first_day), _ZERO)
    balance = opening
    entries = []
    for step in steps:
        if first_day <= step.on <= last_day:
            balance += step.amount
            entries.append(
                Entry(
                    step.on,
                    step.kind,
                    step.number,
                    step.reference,
                    step.amount,
                    balance,
                    step.invoice_id,
                    step.due_on,
                )
            )
    issued = Invoice.objects.filter(
        customer=customer,
        currency=currency,
        state=Invoice.State.ISSUED,
        kind=Invoice.Kind.INVOICE,
    )
    unpaid: QuerySet[Any] = with_balances(issued)
    return Statement(
        customer=customer,
        currency=currency,
        first_day=first_day,
        last_day=last_day,
        opening=opening,
        entries=tuple(entries),
        open_invoices=tuple(unpaid.exclude(balance=0).order_by("due_on", "number")),
    )


def currencies_of(customer: Customer) -> list[str]:
    """Return the currencies in which there is an account, the customer's own first."""
    invoiced = Invoice.objects.filter(customer=customer, state=Invoice.State.ISSUED)
    credited = CreditEntry.objects.filter(customer=customer)
    codes = {*invoiced.values_list("currency", flat=True).distinct().order_by()}
    codes |= {*credited.values_list("currency", flat=True).distinct().order_by()}
    return sorted(codes | {customer.currency}, key=lambda code: (code != customer.currency, code))


def _steps(customer: Customer, currency: str) -> list[Entry]:
    issued = Invoice.objects.filter(
        customer=customer, currency=currency, state=Invoice.State.ISSUED
    ).select_related("rectifies")
    steps = [
        Entry(
            invoice.issued_on or dt.date.min,
            invoice.kind,
            invoice.number or "",
            (invoice.rectifies.number or "") if invoice.rectifies else "",
            invoice.total,
            _ZERO,
            invoice.pk,
            invoice.due_on if invoice.kind == Invoice.Kind.INVOICE else None,
        )
        for invoice in issued
    ]
    paid = (
        Payment.objects.filter(
            invoice__customer=customer, invoice__currency=currency, credit_entry=None
        )
        .exclude(transaction__isnull=False, reverses__transaction=F("transaction"))
        .exclude(transaction__isnull=False, reversed_by__transaction=F("transaction"))
    )
    steps += [
        Entry(
            payment.paid_on,
            "payment" if payment.amount > 0 else "returned",
            payment.invoice.number or "",
            payment.reference,
            -payment.amount,
            _ZERO,
            payment.invoice_id,
        )
        for payment in paid.select_related("invoice")
    ]
    kept = CreditEntry.objects.filter(
        customer=customer,
        currency=currency,
        kind__in=[CreditEntry.Kind.OVERPAID, CreditEntry.Kind.REFUNDED],
        reversed_by=None,
    )
    steps += [
        Entry(
            entry.on,
            "payment" if entry.amount > 0 else "refund",
            "",
            entry.reference,
            -entry.amount,
            _ZERO,
        )
        for entry in kept
    ]
    return steps
