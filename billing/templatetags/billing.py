"""Show what billing counts: quantities by the kind of their line, amounts without a symbol."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django import template
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy, ngettext

from billing.models import Flag, InvoiceLine, LineKind, PaymentMethod, Product
from sales.models import ContractRate
from toolkit.money import format_exact, format_micros, from_decimal
from toolkit.templatetags.values import NBSP, num

register = template.Library()

_SHOWN_DECIMALS: Final = 9
_FROM_CATALOGUE: Final = (LineKind.SUBSCRIPTION, LineKind.ONE_OFF)
_CAUSES: Final = {
    "late": gettext_lazy("late"),
    "correction": gettext_lazy("corrected"),
    "re_rating": gettext_lazy("rate corrected"),
}
_PER_PORT: Final = ("unused_ports", "overage_ports")


@register.filter
def book_cell(value: object) -> str:
    """Write a cell of a book: days short, amounts with their decimals, what is unknown empty."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, Decimal):
        return number_format(value)
    return str(value)


@register.filter
def clock(seconds: int | None) -> str:
    """Write seconds as minutes and seconds, exactly: ``125:30``."""
    if seconds is None:
        return ""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{num(minutes)}:{rest:02}"


@register.filter
def cause_name(cause: str) -> str:
    """Say why a line differs from what was billed before."""
    return str(_CAUSES.get(cause, ""))


@register.simple_tag
def what_for(line: InvoiceLine) -> str:
    """Say what a line is for, in the reader's language; from the catalogue as the invoice says."""
    if line.kind in _FROM_CATALOGUE:
        return line.description
    return str(LineKind(line.kind).label)


@register.simple_tag
def quantity(kind: str, count: int | None, unit: str = "") -> str:
    """Write the quantity of a line with its unit: what is counted depends on the kind.

    ``unit`` is that of a product, for lines from the catalogue.
    """
    if count is None:
        return ""
    if kind in _FROM_CATALOGUE:
        return _of_product(count, unit)
    if kind.startswith("usage:"):
        return f"{clock(count)}{NBSP}min"
    if kind in _PER_PORT:
        text = ngettext("%(count)s port", "%(count)s ports", count)
    elif kind == "monthly_fee":
        text = ngettext("%(count)s day", "%(count)s days", count)
    else:  # recording, missing participants times minutes
        text = ngettext("%(count)s min", "%(count)s min", count)
    return (text % {"count": num(count)}).replace(" ", NBSP)


def _of_product(count: int, unit: str) -> str:
    match unit:
        case Product.Unit.HOUR:
            text = ngettext("%(count)s hour", "%(count)s hours", count)
        case Product.Unit.DAY:
            text = ngettext("%(count)s day", "%(count)s days", count)
        case Product.Unit.MINUTE:
            text = ngettext("%(count)s min", "%(count)s min", count)
        case _:  # pieces, and what is paid by the month
            text = "%(count)s"
    return (text % {"count": num(count)}).replace(" ", NBSP)


@register.filter
def plain(amount: Decimal | None, currency: str) -> str:
    """Write an amount with the decimals of ``currency`` and no symbol, for columns of figures."""
    if amount is None:
        return ""
    digits = format_micros(from_decimal(amount), currency)
    exponent = Decimal(digits).as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return str(number_format(Decimal(digits), decimals, force_grouping=True))


@register.filter
def exactly(amount: Decimal, decimals: int) -> str:
    """Write an amount with the decimals of its column, which are never fewer than its own."""
    exact = Decimal(format_exact(from_decimal(amount)))
    return str(number_format(exact, decimals, force_grouping=True))


@register.filter
def method_name(method: str) -> str:
    """Name a way of paying; what is none of ours is shown as it came."""
    return str(dict(PaymentMethod.choices).get(method, method))


@register.simple_tag
def segment_sum(segment: Mapping[str, Any]) -> str:
    """Multiply out a segment of a leg: exactly up to nine decimals, else cut with an ellipsis."""
    exact = (
        (segment["seconds"] - segment["free_seconds"])
        * Fraction(segment["price_per_minute"])
        * (100 - Fraction(segment["discount_percent"]))
        / 6000
    )
    units, rest = divmod(exact * 10**_SHOWN_DECIMALS, 1)
    shown = Decimal(units).scaleb(-_SHOWN_DECIMALS)
    if rest:
        return f"{number_format(shown, _SHOWN_DECIMALS, force_grouping=True)}…"
    return str(number_format(shown, -_exponent(shown), force_grouping=True))


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return min(exponent, -2) if isinstance(exponent, int) else -2


@register.filter
def trimmed(number: str) -> str:
    """Leave the needless zeros of an exact decimal off: ``"0.060000"`` is ``"0.06"``."""
    return f"{Decimal(number).normalize():f}"


@register.simple_tag
def flag_name(flag: str, count: int = 0) -> str:
    """Name a flag in the active language, with the number of what it is about."""
    name = str(Flag(flag).label)
    return f"{name}: {num(count)}" if count else name


@register.simple_tag
def kind_name(kind: str) -> str:
    """Name a kind of line in the active language."""
    return str(LineKind(kind).label)


@register.filter
def band_name(band: str) -> str:
    """Name the hours of a rate in the active language."""
    return str(dict(ContractRate.Band.choices).get(band, band))
