"""Whether the numbers of each series follow one another, and its dates never go back."""

import datetime as dt
from dataclasses import dataclass, field

from django.db import connection

from billing.models import InvoiceSeries

# Enough to see what is wrong; a series without end would fill the page.
MOST_SHOWN = 1_000

_FIRST_AND_LAST = """
    SELECT regexp_replace(number, '-[0-9]+$', ''), count(*),
        min(substring(number from '[0-9]+$')::bigint),
        max(substring(number from '[0-9]+$')::bigint)
    FROM billing_invoice WHERE number IS NOT NULL GROUP BY 1
"""
_MISSING = """
    SELECT wanted FROM generate_series(%s::bigint, %s::bigint) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM billing_invoice
        WHERE number = %s || '-' || lpad(wanted::text, greatest(5, length(wanted::text)), '0')
    )
    ORDER BY wanted LIMIT %s
"""
_BACK = """
    SELECT number FROM (
        SELECT number, issued_on, max(issued_on) OVER (
            ORDER BY substring(number from '[0-9]+$')::bigint
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS latest
        FROM billing_invoice WHERE regexp_replace(number, '-[0-9]+$', '') = %s
    ) AS numbered
    WHERE issued_on < latest ORDER BY number LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReport:
    """A series and what is wrong with it: nothing, if all is well.

    ``missing`` are the numbers that no document has between the first and the next;
    ``back_in_time`` those with an earlier date than one before. ``kind`` and ``next_number`` are
    unknown where documents have a prefix of no series.
    """

    name: str
    kind: str
    count: int
    first: int | None
    last: int | None
    next_number: int | None
    last_issued_on: dt.date | None
    missing: list[str] = field(default_factory=list)
    back_in_time: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.missing and not self.back_in_time


def series_report() -> list[SeriesReport]:
    """Answer the state of every series, the latest year first; see ``MOST_SHOWN``."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_AND_LAST)
        found = {name: (count, first, last) for name, count, first, last in cursor.fetchall()}
    series = {str(row): row for row in InvoiceSeries.objects.all()}
    names = [*series, *sorted(found.keys() - series.keys())]
    return [_report(name, series.get(name), *found.get(name, (0, None, None))) for name in names]


def _report(
    name: str, series: InvoiceSeries | None, count: int, first: int | None, last: int | None
) -> SeriesReport:
    missing: list[str] = []
    back: list[str] = []
    if first is not None and last is not None:
        until = max(last, series.next_number - 1) if series else last
        with connection.cursor() as cursor:
            cursor.execute(_MISSING, [first, until, name, MOST_SHOWN])
            missing = [f"{name}-{serial:05d}" for (serial,) in cursor.fetchall()]
            cursor.execute(_BACK, [name, MOST_SHOWN])
            back = [number for (number,) in cursor.fetchall()]
    return SeriesReport(
        name=name,
        kind=series.kind if series else "",
        count=count,
        first=first,
        last=last,
        next_number=series.next_number if series else None,
        last_issued_on=series.last_issued_on if series else None,
        missing=missing,
        back_in_time=back,
    )
