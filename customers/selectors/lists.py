"""Lists of customers, saved filters, and numbers read from a file."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerList, SavedView

_SEPARATORS = ",;\t"
_SORTING = ("cursor", "sort")


def lists_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[CustomerList]:
    """Return the saved lists that ``user`` may read: all of them, or none."""
    if user.has_perm("customers.view_customerlist"):  # type: ignore[union-attr]
        return CustomerList.objects.select_related("created_by")
    return CustomerList.objects.none()


def list_for(user: AbstractBaseUser | AnonymousUser, list_id: int) -> CustomerList:
    """Return one saved list that ``user`` may read.

    Raises:
        PermissionDenied: ``user`` may read no lists.
        CustomerList.DoesNotExist: there is none of that id.
    """
    if not user.has_perm("customers.view_customerlist"):  # type: ignore[union-attr]
        raise PermissionDenied
    return CustomerList.objects.select_related("created_by").get(pk=list_id)


def customers_of_list(saved: CustomerList) -> QuerySet[Customer]:
    """Return the list's customers as they are today; numbers are never given twice."""
    return Customer.objects.filter(number__in=saved.numbers)


def views_for(user: AbstractBaseUser | AnonymousUser, list_key: str) -> QuerySet[SavedView]:
    """Return the saved filters of a list that ``user`` may use: own and shared ones, by name."""
    own_or_shared = Q(user_id=user.pk) | Q(shared=True)
    return SavedView.objects.filter(own_or_shared, list_key=list_key).select_related("user")


def parameters_of(view: SavedView) -> dict[str, str]:
    """Return the filter of a view as a mapping: what a mailing keeps as ``{"filter": {…}}``."""
    return {
        name: str(value)
        for name, value in QueryDict(view.query).items()
        if value and name not in _SORTING
    }


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a file that gives no customer; ``row`` counts from 1, as a spreadsheet does."""

    row: int
    text: str
    why: str


@dataclass(slots=True)
class NumbersRead:
    """Customer numbers found in a file, in its order, and the rows that gave none."""

    numbers: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def read_customer_numbers(text: str) -> NumbersRead:
    """Read customer numbers from CSV or from plain lines; whoever is unknown or double is told.

    The separator is a comma, semicolon or tab. The numbers stand in the column whose head is one
    of the words for them (``number``, ``Número``, ``customer`` …), else in the first one; without
    a head the first row is data. Small letters and blanks around do not matter.
    """
    rows = list(_rows(text))
    column, rows = _column(rows)
    written = [(place, row[column].strip() if column < len(row) else "") for place, row in rows]
    known = _known(number for _place, number in written)
    read, seen = NumbersRead(), dict[str, int]()
    for place, number in written:
        found = number.upper()
        if found not in known:
            why = _("There is no customer of this number.") if number else _("No number.")
            read.bad.append(BadRow(place, number, why))
        elif found in seen:
            why = _("Stands in row %(row)s already.") % {"row": seen[found]}
            read.bad.append(BadRow(place, number, why))
        else:
            seen[found] = place
            read.numbers.append(found)
    return read


_HEADS = frozenset(
    "number customer customer_number número numero cliente número_de_cliente customer_no".split()  # noqa: SIM905 (read as words)
)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, with their place."""
    lines = text.lstrip("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    for place, row in enumerate(csv.reader(lines, delimiter=separator), start=1):
        if any(cell.strip() for cell in row):
            yield place, row


def _column(rows: list[tuple[int, list[str]]]) -> tuple[int, list[tuple[int, list[str]]]]:
    """Return the column of the numbers, and the rows below the head."""
    head = rows[0][1] if rows else []
    for column, cell in enumerate(head):
        if "_".join(cell.strip().lower().split()) in _HEADS:
            return column, rows[1:]
    return 0, rows


def _known(numbers: Iterable[str]) -> set[str]:
    asked = {number.upper() for number in numbers}
    return set(Customer.objects.filter(number__in=asked).values_list("number", flat=True))
