"""Show what billing counts: quantities by the kind of their line, amounts without a symbol."""

from decimal import Decimal
from typing import Final

from django import template
from django.utils.formats import number_format
from django.utils.translation import ngettext

from toolkit.money import format_exact, format_micros, from_decimal
from toolkit.templatetags.values import NBSP, num

register = template.Library()

_PER_PORT: Final = ("unused_ports", "overage_ports")


@register.filter
def clock(seconds: int | None) -> str:
    """Write seconds as minutes and seconds, exactly: ``125:30``."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{num(minutes)}:{rest:02}"


@register.simple_tag
def quantity(kind: str, count: int | None) -> str:
    """Write the quantity of a line with its unit: what is counted depends on the kind."""
    if count is None:
        return ""
    if kind.startswith("usage:"):
        return f"{clock(count)}{NBSP}min"
    if kind in _PER_PORT:
        text = ngettext("%(count)s port", "%(count)s ports", count)
    elif kind == "monthly_fee":
        text = ngettext("%(count)s day", "%(count)s days", count)
    else:  # recording, missing participants times minutes
        text = ngettext("%(count)s min", "%(count)s min", count)
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
