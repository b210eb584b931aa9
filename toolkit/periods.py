"""Count calendar months and moments: the month of a customer's zone, and UTC microseconds.

Pure. A period is a calendar month as its customer sees it, so that its bounds in UTC depend on a
zone. The rating of calls counts time in whole microseconds since 1970 in UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_PERIOD: Final = re.compile(r"([0-9]{4})-([0-9]{2})")
_MICROSECOND: Final = timedelta(microseconds=1)


class InvalidPeriodError(ValueError):
    """A text or a pair of numbers that is no calendar month."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month, written ``YYYY-MM``; it sorts as it reads.

    Raises:
        InvalidPeriodError: no such month, or a year beyond 1 to 9998.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9998 and 1 <= self.month <= 12):
            message = f"{self.year}-{self.month} is no calendar month"
            raise InvalidPeriodError(message)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read ``"2026-11"``.

        Raises:
            InvalidPeriodError: anything else.
        """
        match = _PERIOD.fullmatch(text)
        if match is None:
            message = f"{text[:40]!r} is no period such as '2026-11'"
            raise InvalidPeriodError(message)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of_date(cls, day: date) -> Period:
        """Answer the month of a local date."""
        return cls(day.year, day.month)

    @classmethod
    def of_moment(cls, moment: datetime, zone: ZoneInfo) -> Period:
        """Answer the month in which an aware moment falls on the clocks of ``zone``."""
        return cls.of_date(moment.astimezone(zone).date())

    @property
    def first_day(self) -> date:
        """Answer the first local date of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """Answer the last local date of the month."""
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        """Count the days of the month, 28 to 31."""
        return monthrange(self.year, self.month)[1]

    @property
    def next(self) -> Period:
        """Answer the month after.

        Raises:
            InvalidPeriodError: the end of the calendar.
        """
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> Period:
        """Answer the month before.

        Raises:
            InvalidPeriodError: the beginning of the calendar.
        """
        return Period(self.year - (self.month == 1), self.month - 1 or 12)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Answer the first moment of the month in ``zone`` and that of the next, both in UTC."""
        return first_moment(self.first_day, zone), first_moment(self.next.first_day, zone)

    def active_days(self, start: date, end: date | None) -> int:
        """Count the days of the month from ``start`` on and before ``end`` (None: open)."""
        first = max(self.first_day, start)
        after = self.next.first_day if end is None else min(self.next.first_day, end)
        return max(0, (after - first).days)


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """Answer the UTC moment at which a local date begins.

    Where clocks jump over midnight, it is the moment of the jump; where midnight comes twice, the
    first of the two.
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def to_microseconds(moment: datetime) -> int:
    """Answer an aware moment as whole microseconds since 1970 in UTC, exactly.

    Raises:
        TypeError: the moment is naive.
    """
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Answer microseconds since 1970 as an aware moment in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)
