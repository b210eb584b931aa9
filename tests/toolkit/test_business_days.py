"""Business days by the calendar of a country."""

import datetime as dt

import pytest

from toolkit.business_days import business_days_after

FRIDAY = dt.date(2026, 12, 4)


@pytest.mark.parametrize(
    ("country", "count", "expected"),
    [
        # Spain: the 8th (Inmaculada) is a holiday; Monday, Wednesday, Thursday count.
        ("ES", 3, dt.date(2026, 12, 10)),
        ("DE", 3, dt.date(2026, 12, 9)),
        # Saudi Arabia rests on Friday and Saturday.
        ("SA", 1, dt.date(2026, 12, 6)),
        ("SA", 0, dt.date(2026, 12, 6)),
        ("ES", 0, FRIDAY),
        # Unknown calendar: Saturday and Sunday only.
        ("AQ", 3, dt.date(2026, 12, 9)),
    ],
)
def test_days_are_counted_by_the_calendar_of_the_country(country, count, expected):
    assert business_days_after(FRIDAY, count, country=country) == expected


def test_the_house_has_days_off_of_its_own():
    monday = dt.date(2026, 12, 7)
    found = business_days_after(FRIDAY, 1, country="DE", closed={monday})
    assert found == dt.date(2026, 12, 8)


def test_no_days_after_a_day_off_is_the_next_business_day():
    assert business_days_after(dt.date(2026, 12, 8), 0, country="ES") == dt.date(2026, 12, 9)
