"""Show money, numbers, durations, days and moments as the reader's language writes them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.core import UnknownLocaleError
from babel.numbers import get_currency_symbol
from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from toolkit import countries
from toolkit import money as amounts

register = template.Library()

NBSP = "\u00a0"
Number = Decimal | int | str | None


register.filter("country_name", countries.country_name)


def _language() -> str:
    return (get_language() or "es").split("-")[0]


@register.filter
def num(value: Number, decimals: int | None = None) -> str:
    """Write a number with separators; with ``decimals``, rounded and padded to them."""
    if value in (None, ""):
        return ""
    return str(number_format(Decimal(str(value)), decimals, force_grouping=True))


@register.filter
def money(value: Number, currency: str) -> str:
    """Write an amount in whole units of ``currency`` (Decimal) with that currency's decimals.

    ``"1.234,50 €"`` in Spanish, ``"€1,234.50"`` in English. Rounds half-up.
    """
    if value in (None, ""):
        return ""
    return micros(amounts.from_decimal(Decimal(str(value))), currency)


@register.filter
def micros(value: int | str | None, currency: str) -> str:
    """Write an amount held as micros (``toolkit.money``) like ``money`` does."""
    if value is None or value == "":
        return ""
    return _with_symbol(Decimal(amounts.format_micros(int(value), currency)), currency)


@register.filter
def rate(value: Number, currency: str) -> str:
    """Write a price per minute: up to six decimals, the needless zeros left off."""
    if value in (None, ""):
        return ""
    least = amounts.minor_unit_digits(currency)
    exact = Decimal(str(value)).normalize()
    exponent = exact.as_tuple().exponent
    digits = max(least, -exponent if isinstance(exponent, int) else 0)
    return _with_symbol(exact.quantize(Decimal(1).scaleb(-digits)), currency)


@register.filter
def rate_micros(value: int | None, currency: str) -> str:
    """Write a price per minute held as micros like ``rate`` does."""
    return "" if value is None else rate(amounts.to_decimal(value), currency)


def _with_symbol(amount: Decimal, currency: str) -> str:
    exponent = amount.as_tuple().exponent
    digits = number_format(
        abs(amount), -exponent if isinstance(exponent, int) else 0, force_grouping=True
    )
    sign = "-" if amount < 0 else ""
    symbol = currency_symbol(currency)
    if _language() == "es":
        return f"{sign}{digits}{NBSP}{symbol}"
    # A code needs a gap ("CHF 12.00"), a sign stands close ("€12.00").
    return f"{sign}{symbol}{NBSP if symbol.isalpha() else ''}{digits}"


@register.filter
def currency_symbol(currency: str) -> str:
    """Answer what a reader of the active language calls the currency: ``€``, ``US$``, ``CHF``."""
    try:
        return get_currency_symbol(currency, locale=_language())
    except UnknownLocaleError:
        return currency


@register.filter
def percent(value: Number, decimals: int | None = None) -> str:
    """Write a percentage that is already one: 21 is ``21 %`` in Spanish, ``21%`` in English."""
    text = num(value, decimals)
    if not text:
        return ""
    return f"{text}{NBSP if _language() == 'es' else ''}%"


@register.filter
def percent_micros(value: int | None) -> str:
    """Write a percentage held as millionths of a percent, needless zeros left off."""
    if value is None:
        return ""
    exact = amounts.to_decimal(value).normalize()
    return percent(exact.quantize(Decimal(1)) if exact == exact.to_integral() else exact)


@register.filter
def duration(seconds: int | timedelta | None) -> str:
    """Write whole seconds as ``h:mm:ss``."""
    if seconds is None or seconds == "":
        return ""
    if isinstance(seconds, timedelta):
        seconds = int(seconds.total_seconds())
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


@register.filter
def minutes(seconds: int | timedelta | None) -> str:
    """Write whole seconds as minutes with one decimal (``12,5 min``), none where it is zero."""
    if seconds is None or seconds == "":
        return ""
    if isinstance(seconds, timedelta):
        seconds = int(seconds.total_seconds())
    tenths = (Decimal(seconds) / 60).quantize(Decimal("0.1"))
    whole = tenths == tenths.to_integral()
    return f"{num(tenths, 0 if whole else 1)}{NBSP}min"


@register.simple_tag
def moment(
    value: datetime | None, zone: str | ZoneInfo = "", style: str = "DATETIME_FORMAT"
) -> SafeString:
    """Show a moment in ``zone`` (default: the current one), the zone named in the title.

    ``style`` is a format name or pattern of Django: ``DATETIME_FORMAT``, ``TIME_FORMAT``, ``H:i``.
    """
    if value is None:
        return SafeString("")
    local = in_zone(value, zone)
    return format_html(
        '<time datetime="{}" title="{} {}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "DATETIME_FORMAT"),
        getattr(local.tzinfo, "key", local.tzname()),
        date_format(local, style),
    )


@register.simple_tag
def day(value: date | None, style: str = "DATE_FORMAT") -> SafeString:
    """Show a day; ``style`` as in ``moment`` (``MONTH_DAY_FORMAT`` leaves the year off)."""
    if value is None:
        return SafeString("")
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(), date_format(value, style)
    )


@register.simple_tag
def due(value: date | None, today: date | None = None, css: str = "") -> SafeString:
    """Show a day as its distance from today, the day itself in the title."""
    if value is None:
        return SafeString("")
    return format_html(
        '<time datetime="{}" title="{}" class="{}">{}</time>',
        value.isoformat(),
        date_format(value, "DATE_FORMAT"),
        css,
        days_away(value, today or timezone.localdate()),
    )


@register.simple_tag
def ago(value: datetime | None, now: datetime | None = None) -> SafeString:
    """Show how long ago a moment was, the moment itself in the title."""
    if value is None:
        return SafeString("")
    local = in_zone(value, "")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "DATETIME_FORMAT"),
        time_ago(value, now or timezone.now()),
    )


def in_zone(value: datetime, zone: str | ZoneInfo) -> datetime:
    """Answer an aware moment on the clocks of ``zone``; of the current zone where none is given."""
    if not zone:
        return timezone.localtime(value)
    return timezone.localtime(value, ZoneInfo(zone) if isinstance(zone, str) else zone)


def days_away(value: date, today: date) -> str:
    """Say in words how far a day is from ``today``."""
    days = (value - today).days
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    if days == -1:
        return gettext("yesterday")
    if days > 0:
        return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}
    return ngettext("%(days)d day ago", "%(days)d days ago", -days) % {"days": -days}


def time_ago(value: datetime, now: datetime) -> str:
    """Say in words how long ago ``value`` was, in the largest unit that fits."""
    seconds = int((now - value).total_seconds())
    if seconds < 60:
        return gettext("just now")
    if seconds < 3600:
        count = seconds // 60
        return ngettext("%(count)d min ago", "%(count)d min ago", count) % {"count": count}
    if seconds < 86_400:
        count = seconds // 3600
        return ngettext("%(count)d h ago", "%(count)d h ago", count) % {"count": count}
    count = seconds // 86_400
    return ngettext("%(count)d day ago", "%(count)d days ago", count) % {"count": count}
