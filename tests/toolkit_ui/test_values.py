"""Money, numbers and times as each language writes them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from toolkit.money import TooManyDecimalsError, UnknownCurrencyError
from toolkit.templatetags import values

NOW = datetime(2026, 11, 24, 11, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "spanish", "english"),
    [
        (Decimal("1234.5"), "EUR", "1.234,50\u00a0€", "€1,234.50"),
        (Decimal("-12.345"), "EUR", "-12,35\u00a0€", "-€12.35"),
        (Decimal(0), "EUR", "0,00\u00a0€", "€0.00"),
        (Decimal("1234567.5"), "JPY", "1.234.568\u00a0JPY", "¥1,234,568"),
        (Decimal("1.2345"), "KWD", "1,235\u00a0KWD", "KWD\u00a01.235"),
        ("99.9", "MXN", "99,90\u00a0MXN", "MX$99.90"),
        (None, "EUR", "", ""),
    ],
)
def test_money(amount, currency, spanish, english):
    with translation.override("es"):
        assert values.money(amount, currency) == spanish
    with translation.override("en"):
        assert values.money(amount, currency) == english


def test_money_of_micros_is_the_same():
    with translation.override("es"):
        assert values.micros(1_234_500_000, "EUR") == values.money("1234.5", "EUR")
        assert values.micros(0, "EUR") == "0,00\u00a0€"
        assert values.micros(None, "EUR") == ""


def test_money_refuses_what_is_none():
    with pytest.raises(UnknownCurrencyError):
        values.money(1, "XXX")
    with pytest.raises(TooManyDecimalsError):
        values.money("0.1234567", "EUR")


@pytest.mark.parametrize(
    ("price", "spanish"),
    [
        ("0.068", "0,068\u00a0€"),
        ("0.1", "0,10\u00a0€"),
        ("45", "45,00\u00a0€"),
        ("100", "100,00\u00a0€"),
    ],
)
def test_rate_shows_as_many_decimals_as_it_has(price, spanish):
    with translation.override("es"):
        assert values.rate(price, "EUR") == spanish
        assert values.rate_micros(int(Decimal(price) * 1_000_000), "EUR") == spanish


def test_numbers_and_percentages():
    with translation.override("es"):
        assert values.num(11280) == "11.280"
        assert values.num(Decimal("11280.55"), 1) == "11.280,5"
        assert values.percent(21) == "21\u00a0%"
        assert values.percent_micros(5_200_000) == "5,2\u00a0%"
        assert values.percent_micros(20_000_000) == "20\u00a0%"
    with translation.override("en"):
        assert values.num(11280) == "11,280"
        assert values.percent("5.2") == "5.2%"


def test_durations():
    assert values.duration(3723) == "1:02:03"
    assert values.duration(timedelta(days=1, seconds=1)) == "24:00:01"
    assert values.duration(None) == ""
    with translation.override("es"):
        assert values.minutes(3750) == "62,5\u00a0min"
        assert values.minutes(720_000) == "12.000\u00a0min"


def test_moment_in_the_zone_of_the_customer():
    with translation.override("es"):
        html = values.moment(NOW, "America/Mexico_City")
    assert html == (
        '<time datetime="2026-11-24T05:42:00-06:00" title="24 nov 2026, 05:42 America/Mexico_City">'
        "24 nov 2026, 05:42</time>"
    )


def test_days_and_distances():
    today = date(2026, 11, 24)
    with translation.override("en"):
        assert values.day(today) == '<time datetime="2026-11-24">24 Nov 2026</time>'
        assert values.due(date(2026, 11, 27), today) == (
            '<time datetime="2026-11-27" title="27 Nov 2026" class="">in 3 days</time>'
        )
        said = [values.days_away(today + timedelta(days=n), today) for n in (-12, -1, 0, 1)]
        assert said == ["12 days ago", "yesterday", "today", "tomorrow"]
        gone = [values.time_ago(NOW - timedelta(seconds=n), NOW) for n in (5, 125, 7300, 180_000)]
        assert gone == ["just now", "2 min ago", "2 h ago", "2 days ago"]
