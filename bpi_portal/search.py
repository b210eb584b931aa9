"""The search of the palette: customers, contracts, reservations and invoices at once.

Each department offers what it has by what the user may see; the roof only asks them in turn.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.selectors import customers_visible_to, search_customers

User = AbstractBaseUser | AnonymousUser
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

    title: str | Promise
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


KINDS: list[tuple[Promise, str, Callable[[User, str], Iterable[Hit]]]] = [
    (_("Customers"), "building-2", _customers),
]
