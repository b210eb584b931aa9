"""Fields that contracts and rates have in common."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import get_currency_name
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from sales.selectors import plain_amount
from toolkit.money import MINOR_UNIT_DIGITS


class AmountField(forms.DecimalField):
    """An amount or percentage, written as people of the active language do.

    Fineness and range are the services' question.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        super().__init__(localize=True, **options)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 (Django's)
        """Show no needless zeros: 0.06 instead of 0.060000."""
        return Decimal(plain_amount(value)) if isinstance(value, Decimal) else value


class WholeField(forms.IntegerField):
    """A whole number, typed without the arrows of a number input."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric"}))
        super().__init__(**options)


class DaysField(forms.CharField):
    """A list of days, one on a line, as year-month-day."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 4}), **options)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 (Django's)
        """Show a list as lines."""
        if isinstance(value, list):
            return "\n".join(day.isoformat() for day in sorted(value))
        return value

    def to_python(self, value: Any) -> list[dt.date]:  # type: ignore[override]  # noqa: ANN401
        """Read the days; blanks, commas and new lines divide them."""
        days = []
        for word in re.split(r"[\s,;]+", (value or "").strip()):
            try:
                days += [dt.date.fromisoformat(word)] if word else []
            except ValueError:
                message = _("“%(word)s” is no day: write it as 2026-12-25.")
                raise ValidationError(message, "invalid_date", {"word": word}) from None
        return days


def currency_choices() -> list[tuple[str, str]]:
    """Return the currencies with their names in the active language, by code."""
    language = (get_language() or "es").split("-")[0]
    return [
        (code, f"{code} · {get_currency_name(code, locale=language)}")
        for code in sorted(MINOR_UNIT_DIGITS)
    ]


def zone_choices() -> list[tuple[str, str]]:
    """Return the time zones that are named after places."""
    return [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone or zone == "UTC"]
