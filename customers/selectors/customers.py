"""Find customers: by number, by words without accents, by likeness."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.postgres.search import TrigramWordSimilarity
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from customers.models import Customer
from toolkit.sql import Unaccent

# Below this word similarity (0 to 1) two names are strangers; found by trying real pairs.
ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class SimilarCustomer:
    """A customer that may be the one being registered, and what makes one think so."""

    customer: Customer
    reason: str


def customers_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Customer]:
    """Return the customers that ``user`` may read: all of them, or none."""
    if user.has_perm("customers.view_customer"):  # type: ignore[union-attr]
        return Customer.objects.all()
    return Customer.objects.none()


def customer_for(user: AbstractBaseUser | AnonymousUser, number: str) -> Customer:
    """Return one customer that ``user`` may read.

    Raises:
        PermissionDenied: ``user`` may read no customers.
        Customer.DoesNotExist: there is none of that number.
    """
    if not user.has_perm("customers.view_customer"):  # type: ignore[union-attr]
        raise PermissionDenied
    return customer_by_number(number)


def customer_by_number(number: str) -> Customer:
    """Return the customer of that number.

    Raises:
        Customer.DoesNotExist: there is none.
    """
    return Customer.objects.get(number=number)


def search_customers(queryset: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Narrow to customers whose names, number or tax id contain every word, accents ignored."""
    for word in text.split():
        queryset = queryset.filter(search_text__contains=_plain(word))
    return queryset


def similar_customers(
    *,
    legal_name: str = "",
    trade_name: str = "",
    tax_id: str = "",
    email: str = "",
    phone: str = "",
    exclude: Customer | None = None,
    limit: int = 5,
) -> list[SimilarCustomer]:
    """Return customers that may be the same one: equal tax id, e-mail or phone, similar name."""
    everyone = Customer.objects.exclude(pk=exclude.pk) if exclude else Customer.objects.all()
    found: dict[int, SimilarCustomer] = {}

    def add(rows: QuerySet[Customer], reason: str) -> None:
        for customer in rows[:limit]:
            found.setdefault(customer.pk, SimilarCustomer(customer, reason))

    if tax_id:
        add(everyone.filter(tax_id="".join(tax_id.upper().split())), _("same tax id"))
    if email:
        same = Q(email__iexact=email) | Q(contacts__email__iexact=email)
        add(everyone.filter(same).distinct(), _("same e-mail"))
    if phone:
        add(everyone.filter(Q(phone=phone) | Q(contacts__phone=phone)).distinct(), _("same phone"))
    for name in filter(None, {legal_name.strip(), trade_name.strip()}):
        add(_by_likeness(everyone, name), _("similar name"))
    return list(found.values())[:limit]


def _by_likeness(rows: QuerySet[Customer], name: str) -> QuerySet[Customer]:
    return (
        rows.annotate(alike=TrigramWordSimilarity(_plain(name), F("search_text")))  # type: ignore[arg-type]
        .filter(alike__gte=ALIKE)
        .order_by("-alike", "pk")
    )


def _plain(text: str) -> Lower:
    """Text as the column ``search_text`` holds it, computed by the same function."""
    return Lower(Unaccent(Value(text)))


def status_counts(queryset: QuerySet[Customer]) -> dict[str, int]:
    """Return how many customers have each status."""
    counts = queryset.order_by().values_list("status").annotate(Count("pk"))
    return dict(counts)
