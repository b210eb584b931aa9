"""Who may be debited, for which invoices, and what is under way."""

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import Collection, CollectionItem, Invoice, Mandate
from customers.models import Customer

from .invoices import with_balances
from .reminders import held_up


def mandate_of(customer: Customer) -> Mandate | None:
    """Return the customer's mandate in force."""
    return Mandate.objects.filter(customer=customer, revoked_at=None).first()


def collectable(*, collect_on: dt.date, scheme: str) -> QuerySet[Any]:
    """Return invoices in euros that can be debited on a day, with balance.

    Due by then, owed, not disputed, in no other collection, of a customer with a mandate.
    """
    mandates = Mandate.objects.filter(
        customer=OuterRef("customer"), revoked_at=None, scheme=scheme, signed_on__lte=collect_on
    )
    issued = Invoice.objects.filter(
        Exists(mandates),
        state=Invoice.State.ISSUED,
        kind=Invoice.Kind.INVOICE,
        currency="EUR",
        due_on__lte=collect_on,
    ).exclude(held_up())
    owed: QuerySet[Any] = with_balances(issued.select_related("customer"))
    ordered: QuerySet[Any] = owed.filter(balance__gt=0).order_by("due_on", "number")
    return ordered


def debit_under_way(invoice: Invoice) -> CollectionItem | None:
    """Return the debit by which an invoice is in collection."""
    found = CollectionItem.objects.filter(invoice=invoice, is_live=True)
    return found.select_related("collection").first()


def was_debited(mandate: Mandate) -> bool:
    """Tell whether a mandate was used before: the next debit is no first one."""
    used = CollectionItem.objects.filter(mandate=mandate)
    return used.exclude(collection__state=Collection.State.CANCELLED).exists()
