"""Write many rows by COPY, with ids that are known before: what bulk imports are made of."""

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db import connection, models

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_AT_ONCE = 1 << 18  # characters handed to the server in one piece


def next_ids(model: type[models.Model], count: int) -> Iterator[int]:
    """Take so many ids from the sequence of a table; those that are not used leave a gap."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return iter([row[0] for row in cursor.fetchall()])


def copy_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Write rows of values by COPY, in this transaction; return how many.

    Values are text, whole numbers, decimals, truths, aware moments, UUIDs, None, or lists and
    objects for columns of JSON. Constraints and triggers of the table work as with any insert.
    """
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    count = size = 0
    pieces: list[str] = []
    copying = f"COPY {table} ({names}) FROM STDIN"
    # Around what the driver raises when the copy ends: callers know Django's errors.
    wrapped = connection.wrap_database_errors
    with connection.cursor() as cursor, wrapped, cursor.copy(copying) as copy:
        for row in rows:
            line = "\t".join([_WRITERS[type(value)](value) for value in row])
            pieces.append(line)
            count += 1
            size += len(line)
            if size > _AT_ONCE:
                copy.write("\n".join(pieces) + "\n")
                pieces, size = [], 0
        if pieces:
            copy.write("\n".join(pieces) + "\n")
    return count


def copy_models(instances: Sequence[models.Model]) -> int:
    """Write new rows of one table by COPY; return how many.

    All with an id (see ``next_ids``), or all without: then the database gives them one, unseen.
    """
    if not instances:
        return 0
    model = type(instances[0])
    has_ids = instances[0].pk is not None
    fields = [one for one in model._meta.concrete_fields if has_ids or not one.primary_key]
    values = attrgetter(*(field.attname for field in fields))
    columns = [str(field.column) for field in fields]
    return copy_rows(model, columns, map(values, instances))


def _text(value: str) -> str:
    if _SPECIAL.search(value):
        return _SPECIAL.sub(lambda match: _ESCAPED[match[0]], value)
    return value


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":")).replace("\\", "\\\\")


class _Writers(dict[type, Callable[[Any], str]]):
    """Finds the writer of a subclass (the choices of a field are texts) by its ancestors."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        for ancestor in kind.__mro__[1:]:
            if ancestor in self:
                self[kind] = writer = _choice if ancestor is str else self[ancestor]
                return writer
        message = f"no way to write {kind.__name__} to a table"
        raise TypeError(message)


def _choice(value: str) -> str:
    return _text(str(value))


_WRITERS = _Writers(
    {
        type(None): lambda _value: "\\N",
        str: _text,
        int: str,
        bool: lambda value: "t" if value else "f",
        Decimal: str,
        dt.datetime: lambda value: value.isoformat(" "),
        uuid.UUID: str,
        dict: _json,
        list: _json,
    }
)
