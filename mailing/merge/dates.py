"""Days in words, as a letter says them."""

import datetime as dt

from babel.dates import format_date

_LOCALES = {"es": "es_ES", "en": "en_GB"}


def long_date(day: dt.date, language: str, country: str = "") -> str:
    """Return a day in words: ``24 de noviembre de 2026``, ``24 November 2026``.

    In English to the United States, ``November 24, 2026``.
    """
    locale = "en_US" if (language, country) == ("en", "US") else _LOCALES.get(language, "es_ES")
    return format_date(day, format="long", locale=locale)
