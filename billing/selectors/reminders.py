"""Which invoices are to be reminded of now, at which step, and why others are not."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from billing.models import (
    CollectionItem,
    Dispute,
    Invoice,
    ReceivablesSettings,
    Reminder,
    ReminderStep,
)
from customers.models import Customer

from .invoices import with_balances
from .sending import MailTo, mail_to


@dataclass(frozen=True, slots=True)
class DueReminder:
    """One e-mail or letter to be sent: a customer, a step, his invoices in one currency."""

    customer: Customer
    step: ReminderStep
    currency: str
    invoices: tuple[Invoice, ...]
    to: MailTo | None

    @property
    def total(self) -> Decimal:
        """Add up what is owed of them."""
        return sum((one.balance for one in self.invoices), Decimal())  # type: ignore[attr-defined]

    @property
    def value(self) -> str:
        """Name it in a form."""
        return f"{self.customer.number}:{self.step.level}:{self.currency}"


def receivables_settings() -> ReceivablesSettings:
    """Return the settings, with their defaults where nobody saved any."""
    return ReceivablesSettings.objects.first() or ReceivablesSettings()


def held_up() -> Q:
    """Select invoices that nobody is reminded of: disputed, or being collected."""
    disputed = Dispute.objects.filter(invoice=OuterRef("pk"), closed_at=None)
    collected = CollectionItem.objects.filter(invoice=OuterRef("pk"), is_live=True)
    return Q(Exists(disputed)) | Q(Exists(collected))


def due_reminders(*, on: dt.date, automatic: bool | None = None) -> list[DueReminder]:
    """Return what is to be sent on a day, by customer.

    An invoice is due for the step after its last one, once it is as late as that step says and
    the last one is long enough ago. ``automatic`` keeps only steps that are, or are not.
    """
    steps = {step.level: step for step in ReminderStep.objects.all()}
    if not steps:
        return []
    following = dict(zip([0, *sorted(steps)], sorted(steps), strict=False))
    pause = dt.timedelta(days=receivables_settings().days_between)
    found: list[tuple[Invoice, ReminderStep]] = []
    for invoice in _overdue(on, min(step.days for step in steps.values())):
        step = steps.get(following.get(invoice.last_level or 0, -1))
        if step is None or (automatic is not None and step.automatic != automatic):
            continue
        assert invoice.due_on is not None  # noqa: S101 (it is issued)
        is_late = (on - invoice.due_on).days >= step.days
        if is_late and (not invoice.last_sent or invoice.last_sent.date() + pause <= on):
            found.append((invoice, step))
    return list(_grouped(found))


def _overdue(on: dt.date, days: int) -> QuerySet[Any]:
    issued = Invoice.objects.filter(
        state=Invoice.State.ISSUED,
        kind=Invoice.Kind.INVOICE,
        due_on__lte=on - dt.timedelta(days=days),
    ).exclude(held_up())
    owed: QuerySet[Any] = with_balances(issued.select_related("customer"), on=on)
    found = owed.filter(balance__gt=0).annotate(
        last_level=Max("reminders__level"), last_sent=Max("reminders__sent_at")
    )
    ordered: QuerySet[Any] = found.order_by("customer__sort_key", "due_on", "number")
    return ordered


def _grouped(found: Iterable[tuple[Invoice, ReminderStep]]) -> Iterable[DueReminder]:
    def key(one: tuple[Invoice, ReminderStep]) -> tuple[Any, ...]:
        invoice, step = one
        return invoice.customer.sort_key, invoice.customer_id, invoice.currency, step.level

    for _key, group in groupby(sorted(found, key=key), key=key):
        rows = list(group)
        first, step = rows[0]
        yield DueReminder(
            first.customer,
            step,
            first.currency,
            tuple(invoice for invoice, _step in rows),
            mail_to(first.customer),
        )


def reminders_of(invoice: Invoice) -> QuerySet[Reminder]:
    """Return what was sent about an invoice, the last first."""
    return Reminder.objects.filter(invoice=invoice).order_by("-level")


def open_disputes() -> QuerySet[Dispute]:
    """Return the disputes that nobody has settled, the oldest first."""
    found = Dispute.objects.filter(closed_at=None).select_related("invoice__customer")
    return found.order_by("opened_at", "pk")
