from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import money


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("-0", 0),
        ("12", 12_000_000),
        ("0.06", 60_000),
        ("-1.000001", -1_000_001),
        ("007.5", 7_500_000),
        ("999999999999999.999999", 999_999_999_999_999_999_999),
    ],
)
def test_text_is_read_exactly(text, micros):
    assert money.parse_micros(text) == micros


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1.", ".5", "+1", "1e3", "1,5", "NaN", "٣", "--1", "1" * 16, "1\n"]
)
def test_text_that_is_no_amount_is_refused(text):
    with pytest.raises(money.InvalidMoneyError):
        money.parse_micros(text)


@pytest.mark.parametrize("text", ["0.0000001", "1.0000000"])
def test_a_seventh_decimal_is_refused_even_a_zero(text):
    with pytest.raises(money.TooManyDecimalsError):
        money.parse_micros(text)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("CLP", 0), ("JPY", 0), ("EUR", 2), ("MXN", 2), ("KWD", 3), ("TND", 3), ("UYW", 4)],
)
def test_currencies_have_the_decimals_of_iso_4217(currency, digits):
    assert money.minor_unit_digits(currency) == digits
    assert money.minor_unit(currency) * 10**digits == money.MICROS


@pytest.mark.parametrize("currency", ["XXX", "XAU", "eur", "", "EURO", "DEM"])
def test_other_currencies_are_unknown(currency):
    with pytest.raises(money.UnknownCurrencyError):
        money.minor_unit_digits(currency)


def test_the_table_holds_every_currency_once():
    codes = f"{money._NONE} {money._TWO} {money._THREE} {money._FOUR}".split()
    assert len(codes) == len(set(codes)) == len(money.MINOR_UNIT_DIGITS)
    assert all(len(code) == 3 and code.isupper() for code in codes)
    assert 165 <= len(codes) <= 180


@pytest.mark.parametrize(
    ("micros", "currency", "written"),
    [
        (0, "EUR", "0.00"),
        (-1, "EUR", "0.00"),
        (5_000, "EUR", "0.01"),
        (-5_000, "EUR", "-0.01"),
        (-4_999, "EUR", "0.00"),
        (1_234_500_000, "EUR", "1234.50"),
        (499_999, "CLP", "0"),
        (-500_000, "CLP", "-1"),
        (12_345_500, "KWD", "12.346"),
    ],
)
def test_amounts_are_written_with_the_decimals_of_their_currency(micros, currency, written):
    assert money.format_micros(micros, currency) == written
    assert money.to_decimal(micros, currency) == Decimal(written)
    assert money.format_micros(money.round_to_minor(micros, currency), currency) == written


def test_exact_amounts_keep_six_decimals():
    assert money.format_exact(-120_000) == "-0.120000"
    assert str(money.to_decimal(120_000)) == "0.120000"


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**9))
def test_halves_go_away_from_zero(numerator, denominator):
    exact = Fraction(numerator, denominator)
    rounded = money.divide_half_up(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(st.integers(-(10**20), 10**20))
def test_text_and_decimals_lead_back(micros):
    assert money.parse_micros(money.format_exact(micros)) == micros
    assert money.from_decimal(money.to_decimal(micros)) == micros


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e15"])
def test_a_decimal_that_is_no_amount_is_refused(amount):
    with pytest.raises(money.InvalidMoneyError):
        money.from_decimal(Decimal(amount))


def test_a_decimal_finer_than_micros_is_refused():
    with pytest.raises(money.TooManyDecimalsError):
        money.from_decimal(Decimal("0.0000001"))
    assert money.from_decimal(Decimal("1E+3")) == 1_000_000_000


def test_a_share_is_rounded_once():
    # 10 % of 0.45 is 0.045: half-up 0.05; and 29.99 x 21 % = 6.2979.
    assert money.share_of(450_000, 10 * money.MICROS, money.HUNDRED_PERCENT, "EUR") == 50_000
    assert money.share_of(29_990_000, 21 * money.MICROS, money.HUNDRED_PERCENT, "EUR") == 6_300_000
    assert money.share_of(-450_000, 1, 10, "EUR") == -50_000
    assert money.share_of(28_000_000, 14, 28, "EUR") == 14_000_000
