"""Hold money as whole numbers of 1e-6 ("micros") and know the currencies' minor units.

Nothing here is a float and nothing imports Django: the rating of calls runs on this alone. A
percentage is held the same way, as millionths of a percent. Every rounding is half-up, with
negative amounts away from zero (a credit note rounds like the invoice that it takes back).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

DECIMALS: Final = 6
MICROS: Final = 10**DECIMALS
HUNDRED_PERCENT: Final = 100 * MICROS

# Fifteen digits are more than any amount of money here, and few enough for NUMERIC(24, 6).
_MONEY: Final = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,15})(?:\.(?P<decimals>[0-9]+))?")
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)

_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR: Final = "CLF UYW"
_TWO: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW "
    "ZWG"
)
MINOR_UNIT_DIGITS: Final[dict[str, int]] = {
    currency: digits
    for digits, currencies in ((0, _NONE), (2, _TWO), (3, _THREE), (4, _FOUR))
    for currency in currencies.split()
}
"""Decimals of every currency of ISO 4217 that has a minor unit (metals and XXX have none).

BGN left the list on 2026-01-01; it stays here for the books of the years before.
Source: ISO 4217 list one, as of 2026.
"""


class UnknownCurrencyError(ValueError):
    """A code that is no currency of ISO 4217 with a minor unit."""


class InvalidMoneyError(ValueError):
    """A text that is no amount: wrong syntax, or more digits than are kept."""


class TooManyDecimalsError(InvalidMoneyError):
    """An amount finer than 1e-6, which would have to be rounded unseen."""


def minor_unit_digits(currency: str) -> int:
    """Answer how many decimals an amount of ``currency`` has.

    Raises:
        UnknownCurrencyError: the code is not in ISO 4217, or written in lower case.
    """
    try:
        return MINOR_UNIT_DIGITS[currency]
    except KeyError:
        message = f"{currency!r} is no currency of ISO 4217"
        raise UnknownCurrencyError(message) from None


def minor_unit(currency: str) -> int:
    """Answer the smallest amount of ``currency`` that can be paid, in micros.

    Raises:
        UnknownCurrencyError: see ``minor_unit_digits``.
    """
    return int(10 ** (DECIMALS - minor_unit_digits(currency)))


def parse_micros(text: str) -> int:
    """Read an amount or a percentage such as ``"-12.345678"`` as micros, exactly.

    Raises:
        TooManyDecimalsError: more than six decimals are written, zeros included.
        InvalidMoneyError: anything but digits with a point, or more than 15 digits before it.
    """
    match = _MONEY.fullmatch(text)
    if match is None:
        message = f"{text[:40]!r} is no amount such as '12.50'"
        raise InvalidMoneyError(message)
    decimals = match["decimals"] or ""
    if len(decimals) > DECIMALS:
        message = f"{text[:40]!r} has more than {DECIMALS} decimals"
        raise TooManyDecimalsError(message)
    micros = int(match["whole"]) * MICROS + int(decimals.ljust(DECIMALS, "0"))
    return -micros if match["sign"] else micros


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide, rounding a half away from zero.

    Args:
        numerator: any sign.
        denominator: positive.
    """
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def round_to_minor(micros: int, currency: str) -> int:
    """Round micros half-up to the minor unit of ``currency``; the answer is in micros again.

    Raises:
        UnknownCurrencyError: see ``minor_unit_digits``.
    """
    unit = minor_unit(currency)
    return divide_half_up(micros, unit) * unit


def share_of(micros: int, numerator: int, denominator: int, currency: str) -> int:
    """Answer ``numerator/denominator`` of an amount, rounded half-up once to the minor unit.

    Days of a month and percentages are shares: VAT is
    ``share_of(net, vat_percent, HUNDRED_PERCENT, currency)``.

    Raises:
        UnknownCurrencyError: see ``minor_unit_digits``.
    """
    unit = minor_unit(currency)
    return divide_half_up(micros * numerator, denominator * unit) * unit


def format_micros(micros: int, currency: str) -> str:
    """Write an amount with the decimals of ``currency``, rounded half-up: ``"-1234.50"``.

    For machines: no thousands separator, no symbol, always all decimals, zero too.

    Raises:
        UnknownCurrencyError: see ``minor_unit_digits``.
    """
    digits = minor_unit_digits(currency)
    units = divide_half_up(micros, 10 ** (DECIMALS - digits))
    return _written(units, digits)


def format_exact(micros: int) -> str:
    """Write an amount or a percentage with its six decimals: ``"0.120000"``."""
    return _written(micros, DECIMALS)


def to_decimal(micros: int, currency: str | None = None) -> Decimal:
    """Answer the amount as Decimal: with six decimals, or rounded to those of ``currency``.

    Raises:
        UnknownCurrencyError: see ``minor_unit_digits``.
    """
    return Decimal(format_exact(micros) if currency is None else format_micros(micros, currency))


def from_decimal(amount: Decimal) -> int:
    """Answer a Decimal as micros, exactly.

    Raises:
        TooManyDecimalsError: the amount is finer than 1e-6.
        InvalidMoneyError: infinite or no number, or more than 15 digits before the point.
    """
    if not amount.is_finite() or amount.adjusted() >= 15:
        message = f"{amount} is no amount of money"
        raise InvalidMoneyError(message)
    scaled = amount.scaleb(DECIMALS, _WIDE)
    micros = int(scaled)
    if micros != scaled:
        message = f"{amount} has more than {DECIMALS} decimals"
        raise TooManyDecimalsError(message)
    return micros


def _written(units: int, digits: int) -> str:
    sign = "-" if units < 0 else ""
    if not digits:
        return f"{units}"
    whole, decimals = divmod(abs(units), 10**digits)
    return f"{sign}{whole}.{decimals:0{digits}d}"
