from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from toolkit.periods import (
    InvalidPeriodError,
    Period,
    first_moment,
    from_microseconds,
    to_microseconds,
)

MADRID = ZoneInfo("Europe/Madrid")


def test_a_period_reads_and_writes_itself():
    period = Period.parse("2026-02")
    assert (period, str(period)) == (Period(2026, 2), "2026-02")
    assert (period.first_day, period.last_day, period.days) == (
        date(2026, 2, 1),
        date(2026, 2, 28),
        28,
    )
    assert Period.parse("2028-02").days == 29


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-01", "2026-011", "", "9999-12"]
)
def test_what_is_no_month_is_refused(text):
    with pytest.raises(InvalidPeriodError):
        Period.parse(text)


def test_years_end_and_begin():
    assert Period(2026, 12).next == Period(2027, 1)
    assert Period(2026, 1).previous == Period(2025, 12)
    assert Period(2026, 5).next.previous == Period(2026, 5)
    assert Period(2026, 12) < Period(2027, 1)


def test_bounds_are_local_midnights():
    assert Period(2026, 10).bounds(MADRID) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
    )


def test_a_moment_belongs_to_the_month_of_the_clock_on_the_wall():
    moment = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert Period.of_moment(moment, MADRID) == Period(2026, 11)
    assert Period.of_moment(moment, ZoneInfo("America/Mexico_City")) == Period(2026, 10)


def test_a_day_without_midnight_begins_when_clocks_jump():
    santiago = ZoneInfo("America/Santiago")
    assert first_moment(date(2026, 9, 6), santiago) == datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert first_moment(date(2026, 4, 5), santiago) == datetime(2026, 4, 5, 4, tzinfo=UTC)


def test_midnight_that_comes_twice_counts_once():
    havana = ZoneInfo("America/Havana")
    assert first_moment(date(2026, 11, 1), havana) == datetime(2026, 11, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 1, 1), None, 30),
        (date(2026, 11, 10), date(2026, 11, 20), 10),
        (date(2026, 11, 30), None, 1),
        (date(2026, 12, 1), None, 0),
        (date(2026, 1, 1), date(2026, 11, 1), 0),
        (date(2026, 1, 1), date(9999, 12, 31), 30),
    ],
)
def test_active_days_are_those_inside_the_month(start, end, days):
    assert Period(2026, 11).active_days(start, end) == days


def test_microseconds_are_exact_and_lead_back():
    moment = datetime(2026, 11, 10, 10, 0, 0, 123_457, tzinfo=UTC)
    assert to_microseconds(moment) == 1_794_304_800_123_457
    assert from_microseconds(to_microseconds(moment)) == moment
    assert to_microseconds(moment.astimezone(MADRID)) == to_microseconds(moment)
    assert to_microseconds(datetime(1969, 12, 31, tzinfo=UTC)) == -86_400_000_000


def test_a_naive_moment_is_refused():
    with pytest.raises(TypeError):
        to_microseconds(datetime(2026, 1, 1) + timedelta())  # noqa: DTZ001
