"""Countries by their ISO 3166-1 codes, named by the Unicode CLDR (Babel)."""

from functools import cache

from babel import Locale
from django.utils.translation import get_language

# CLDR lists groupings and historic codes beside the countries.
_NOT_COUNTRIES = frozenset(
    "EU EZ UN QO XA XB ZZ AC CP CQ DG EA IC TA".split()  # noqa: SIM905 (read as words)
)


@cache
def _names(language: str) -> dict[str, str]:
    territories = Locale.parse(language).territories
    return {
        code: str(name)
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }


def is_country(code: str) -> bool:
    """Whether ``code`` is a country of ISO 3166-1 (capital letters)."""
    return code in _names("en")


def country_name(code: str, language: str | None = None) -> str:
    """Return the country's name in ``language`` (by default the active one), or the code."""
    return _names((language or get_language() or "es")[:2]).get(code, code)


def country_choices() -> list[tuple[str, str]]:
    """Return ``(code, name)`` of all countries, by name in the active language."""
    return sorted(_names((get_language() or "es")[:2]).items(), key=lambda item: item[1])
