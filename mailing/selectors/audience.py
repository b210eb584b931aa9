"""Who is meant by an audience: customers by filter, by list, or by their numbers."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from customers.filters import CustomerFilter
from customers.models import Customer, CustomerList
from customers.selectors import customers_visible_to, lists_visible_to

Reader = AbstractBaseUser | AnonymousUser

WAYS: Final = frozenset({"filter", "list", "numbers"})


def check_audience(audience: Mapping[str, Any]) -> None:
    """Check that an audience says exactly one thing, in a form that can be read.

    Raises:
        ValidationError: it does not; the message is for the field ``audience``.
    """
    (way, what), *others = list(audience.items()) or [("", None)]
    match way, what:
        case "filter", dict() if not others:
            _filter(what, Customer.objects.none())
        case "list", int() if not others and not isinstance(what, bool):
            if not CustomerList.objects.filter(pk=what).exists():
                raise _refused(_("This list of customers does not exist."))
        case "numbers", list() if not others and what and all(map(_is_text, what)):
            pass
        case _:
            raise _refused(_("Choose the customers by a filter, a list or their numbers."))


def chosen_customers(audience: Mapping[str, Any], user: Reader) -> QuerySet[Customer]:
    """Return the customers that are meant, as far as ``user`` may see them.

    Raises:
        ValidationError: the audience can't be read, or names a list that ``user`` can't see.
    """
    check_audience(audience)
    seen = customers_visible_to(user)
    if "filter" in audience:
        return _filter(audience["filter"], seen)
    return seen.filter(number__in=_numbers(audience, user))


def unknown_numbers(audience: Mapping[str, Any], user: Reader) -> list[str]:
    """Return the numbers that are nobody's, or nobody's that ``user`` may see.

    Raises:
        ValidationError: as ``chosen_customers``.
    """
    if "filter" in audience:
        return []
    known = set(chosen_customers(audience, user).values_list("number", flat=True))
    return [number for number in _numbers(audience, user) if number not in known]


def _filter(parameters: Mapping[str, Any], seen: QuerySet[Customer]) -> QuerySet[Customer]:
    if unknown := parameters.keys() - CustomerFilter.base_filters.keys():
        message = _("Unknown filter: %(names)s.")
        raise _refused(message % {"names": ", ".join(sorted(map(str, unknown)))})
    chosen = CustomerFilter(
        data={name: str(value) for name, value in parameters.items()}, queryset=seen
    )
    if not chosen.is_valid():
        raise _refused(
            "; ".join(f"{name}: {' '.join(map(str, why))}" for name, why in chosen.errors.items())
        )
    rows: QuerySet[Customer] = chosen.qs
    return rows


def _numbers(audience: Mapping[str, Any], user: Reader) -> list[str]:
    """Return the numbers as they are written in the database, each once."""
    given = audience.get("numbers")
    if given is None:
        saved = lists_visible_to(user).filter(pk=audience["list"]).first()
        if saved is None:
            raise _refused(_("This list of customers does not exist."))
        given = saved.numbers
    return list(dict.fromkeys(number.strip().upper() for number in given))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _refused(message: str) -> ValidationError:
    return ValidationError({"audience": ValidationError(message, code="audience")})
