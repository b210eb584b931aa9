"""The search of the palette: customers, contracts, reservations and invoices at once.

Each department offers what it has by what the user may see; the roof only asks them in turn.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing.selectors.invoices import invoices_visible_to
from conferencing.selectors import reservations_visible_to, search_reservations
from customers.models import Customer
from customers.selectors import customers_visible_to, search_customers
from sales.selectors import contracts_visible_to

User = AbstractBaseUser | AnonymousUser
M = TypeVar("M", bound=Model)
PER_KIND = 6
SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: what it is called, a word beside it, where it is."""

    label: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind."""

    title: StrOrPromise
    icon: str
    hits: list[Hit]


def search(user: User, text: str) -> list[Hits]:
    """Return what ``user`` may see that matches ``text``, kind by kind; empty kinds are left out.

    A text shorter than two characters finds nothing.
    """
    text = text.strip()
    if len(text) < SHORTEST:
        return []
    kinds = (Hits(title, icon, list(find(user, text))) for title, icon, find in KINDS)
    return [kind for kind in kinds if kind.hits]


def _customers(user: User, text: str) -> Iterable[Hit]:
    for customer in search_customers(customers_visible_to(user), text)[:PER_KIND]:
        url = reverse("sales:customer_profile", args=[customer.number])
        yield Hit(customer.name, customer.number, url)


def _contracts(user: User, text: str) -> Iterable[Hit]:
    for contract in _by_number_or_customer(contracts_visible_to(user), text)[:PER_KIND]:
        url = reverse("sales:contract_detail", args=[contract.number])
        yield Hit(contract.number, contract.customer.name, url)


def _reservations(user: User, text: str) -> Iterable[Hit]:
    found = search_reservations(reservations_visible_to(user), text).select_related("customer")
    for reservation in found.order_by("-scheduled_start")[:PER_KIND]:
        url = reverse("conferencing:reservation_detail", args=[reservation.number])
        yield Hit(reservation.title, f"{reservation.number} · {reservation.customer.name}", url)


def _invoices(user: User, text: str) -> Iterable[Hit]:
    for invoice in _by_number_or_customer(invoices_visible_to(user), text)[:PER_KIND]:
        url = reverse("billing:invoice_detail", args=[invoice.pk])
        label = invoice.number or f"{invoice.get_state_display()} {invoice.period}"
        yield Hit(label, invoice.customer.name, url)


def _by_number_or_customer(rows: QuerySet[M], text: str) -> QuerySet[M]:
    customers = search_customers(Customer.objects.all(), text).values("pk")
    return rows.filter(Q(number__icontains=text) | Q(customer__in=customers))


KINDS: list[tuple[StrOrPromise, str, Callable[[User, str], Iterable[Hit]]]] = [
    (_("Customers"), "building-2", _customers),
    (_("Contracts"), "file-pen", _contracts),
    (_("Reservations"), "calendar-days", _reservations),
    (_("Invoices"), "file-text", _invoices),
]
