"""Count business days by the calendar of a country."""

import datetime as dt
from collections.abc import Collection
from functools import cache

from holidays import HolidayBase, country_holidays

_SATURDAY = 5


def business_days_after(
    day: dt.date, count: int, *, country: str, closed: Collection[dt.date] = ()
) -> dt.date:
    """Return the business day that comes ``count`` business days after ``day``.

    Weekends and national holidays are those of ``country`` (ISO 3166-1); where it is not known,
    weekends are Saturday and Sunday. Holidays of a region or a town are not known here: give
    further days off as ``closed``. With ``count`` 0 it is ``day`` itself, or the next business day.

    Source: python-holidays, https://holidays.readthedocs.io/.
    """
    calendar = _calendar(country)
    left = count
    while left > 0 or not _is_open(day, calendar, closed):
        day += dt.timedelta(days=1)
        if left > 0 and _is_open(day, calendar, closed):
            left -= 1
    return day


def _is_open(day: dt.date, calendar: HolidayBase | None, closed: Collection[dt.date]) -> bool:
    works = day.weekday() < _SATURDAY if calendar is None else calendar.is_working_day(day)
    return works and day not in closed


@cache
def _calendar(country: str) -> HolidayBase | None:
    try:
        return country_holidays(country)
    except NotImplementedError:
        return None
