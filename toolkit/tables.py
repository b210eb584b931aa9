"""Pages of long lists by key instead of by number: previous and next, never a count of all.

A page is described by the row beside it (the cursor), so that it costs the same at the thousandth
page as at the first and does not slip when rows are added meanwhile.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import F, Model, Q, QuerySet

PAGE_SIZE: Final = 50

M = TypeVar("M", bound=Model)
Key = Any
"""A value of an ordered column: text, number, day, moment, UUID or None."""


@dataclass(frozen=True)
class Column:
    """A column that a list can be ordered by.

    ``path`` is a field, a path over foreign keys, or an annotation. ``nullable`` must be said of
    a column that may be NULL: such rows come last in both directions.
    """

    path: str
    nullable: bool = False


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows of a list, and the cursors of the pages beside them (empty where there is none)."""

    rows: list[M]
    sort: str
    previous_cursor: str
    next_cursor: str

    @property
    def is_only_page(self) -> bool:
        """Tell whether the list ends on both sides of this page."""
        return not self.previous_cursor and not self.next_cursor


def keyset_page(
    rows: QuerySet[M],
    parameters: Mapping[str, str],
    *,
    columns: Mapping[str, Column],
    default: str,
    size: int = PAGE_SIZE,
) -> Page[M]:
    """Answer the page that ``sort`` and ``cursor`` of a query string ask for.

    Args:
        rows: the filtered list; its own order is replaced. Rows must be unique by primary key.
        parameters: usually ``request.GET``.
        columns: what ``sort`` may say; ``-name`` is the same downwards.
        default: the sort used when none, or an unknown one, is asked for.
        size: rows on a page.

    A cursor that is broken, forged or of another sort leads to the first page: it is an old
    bookmark far more often than an attack, and it can show nothing that the list does not hold.
    """
    sort = parameters.get("sort", default)
    if sort.removeprefix("-") not in columns:
        sort = default
    order = _Order(columns[sort.removeprefix("-")], descending=sort.startswith("-"))
    cursor = _Cursor.read(parameters.get("cursor", ""), sort)
    if cursor is None:
        found = list(order.apply(rows)[: size + 1])
        return _page(found[:size], sort, order, before=False, after=len(found) > size)
    if cursor.backwards:
        found = list(
            order.reversed.apply(rows.filter(order.reversed.beyond(cursor.key)))[: size + 1]
        )
        return _page(found[:size][::-1], sort, order, before=len(found) > size, after=True)
    found = list(order.apply(rows.filter(order.beyond(cursor.key)))[: size + 1])
    return _page(found[:size], sort, order, before=True, after=len(found) > size)


def is_cursor(text: str, sort: str) -> bool:
    """Tell whether ``text`` is a cursor of ours for this sort (the API refuses others)."""
    return _Cursor.read(text, sort) is not None


def neighbours(
    rows: QuerySet[M], row: M, *, columns: Mapping[str, Column], sort: str
) -> tuple[M | None, M | None]:
    """Answer the rows before and after ``row`` in a list, for previous/next on its own page.

    ``row`` must come from the same queryset (annotations are read from it).
    """
    column = columns.get(sort.removeprefix("-")) or next(iter(columns.values()))
    order = _Order(column, descending=sort.startswith("-"))
    key = order.key(row)
    before = order.reversed.apply(rows.filter(order.reversed.beyond(key))).first()
    after = order.apply(rows.filter(order.beyond(key))).first()
    return before, after


@dataclass(frozen=True)
class _Order:
    """A total order: the column, NULL at the end, then the primary key in the same direction."""

    column: Column
    descending: bool
    nulls_first: bool = False

    @property
    def reversed(self) -> "_Order":
        return _Order(self.column, not self.descending, not self.nulls_first)

    def apply(self, rows: QuerySet[M]) -> QuerySet[M]:
        by = F(self.column.path)
        nulls: dict[str, bool] = {}
        if self.column.nullable:
            nulls = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        if self.descending:
            return rows.order_by(by.desc(**nulls), "-pk")
        return rows.order_by(by.asc(**nulls), "pk")

    def key(self, row: Model) -> tuple[Key, Key]:
        value: Any = row
        for name in self.column.path.split("__"):
            value = getattr(value, name, None)
        return value, row.pk

    def beyond(self, key: tuple[Key, Key]) -> Q:
        """Select the rows that come after ``key``."""
        value, pk = key
        path, step = self.column.path, "lt" if self.descending else "gt"
        later_pk = Q(**{f"pk__{step}": pk})
        if value is None:
            among_nulls = Q(**{f"{path}__isnull": True}) & later_pk
            return (
                among_nulls | Q(**{f"{path}__isnull": False}) if self.nulls_first else among_nulls
            )
        # The first half alone lets the database walk its index from the right place.
        after = Q(**{f"{path}__{step}e": value}) & (Q(**{f"{path}__{step}": value}) | later_pk)
        if self.column.nullable and not self.nulls_first:
            after |= Q(**{f"{path}__isnull": True})
        return after


def _page(rows: list[M], sort: str, order: _Order, *, before: bool, after: bool) -> Page[M]:
    return Page(
        rows=rows,
        sort=sort,
        previous_cursor=_Cursor(order.key(rows[0]), backwards=True).write(sort)
        if rows and before
        else "",
        next_cursor=_Cursor(order.key(rows[-1]), backwards=False).write(sort)
        if rows and after
        else "",
    )


_SIGNER = Signer(salt="toolkit.tables")
_READERS: Final[dict[str, Callable[[str], Key]]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
    "UUID": UUID,
    "int": int,
    "str": str,
}


@dataclass(frozen=True)
class _Cursor:
    """The row beside the page and the side it lies on, written so that nobody can forge one."""

    key: tuple[Key, Key]
    backwards: bool

    def write(self, sort: str) -> str:
        payload = json.dumps([sort, self.backwards, *map(_written, self.key)])
        return base64.urlsafe_b64encode(_SIGNER.sign(payload).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, sort: str) -> "_Cursor | None":
        """Answer the cursor, or None when ``text`` is none of ours for this sort."""
        try:
            signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            of_sort, backwards, value, pk = json.loads(_SIGNER.unsign(signed))
            if of_sort != sort:
                return None
            return cls((_read(value), _read(pk)), backwards=backwards)
        except (BadSignature, binascii.Error, ValueError, TypeError):
            return None


def _written(value: Key) -> list[str] | None:
    """Name the type beside the value; subclasses (text choices, booleans) as what they are."""
    if value is None:
        return None
    if isinstance(value, bool):
        return ["int", str(int(value))]
    for kind in (datetime, date, Decimal, UUID, int, str):
        if isinstance(value, kind):
            iso = value.isoformat() if isinstance(value, date) else str(value)
            return [kind.__name__, iso]
    message = f"a list cannot be ordered by values such as {value!r}"
    raise TypeError(message)


def _read(written: list[str] | None) -> Key:
    return None if written is None else _READERS[written[0]](written[1])
