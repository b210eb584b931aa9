"""Checks of what is said of a customer; every message names its field."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from stdnum.exceptions import InvalidChecksum, InvalidLength
from stdnum.exceptions import ValidationError as NumberError
from stdnum.util import get_cc_module

from toolkit.countries import is_country
from toolkit.money import UnknownCurrencyError, minor_unit_digits

# Kinds of tax number in python-stdnum, most general first.
_NUMBER_KINDS = ("vat", "nif", "nit", "ruc", "rut", "rfc", "cuit")
EU_COUNTRIES = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 (read as words)
)


def clean_tax_id(*, tax_id: str, country: str) -> str:
    """Return ``tax_id`` in its compact form, checked by the rules of ``country``.

    A country whose numbers python-stdnum does not know is taken as written, in capitals without
    spaces. An EU number may be given with or without its country letters.

    Raises:
        ValidationError: the number cannot be one of that country.
    Source: python-stdnum 2.2, ``get_cc_module``.
    """
    text = "".join(tax_id.upper().split())
    if not text:
        return ""
    module = next(
        (found for kind in _NUMBER_KINDS if (found := get_cc_module(country.lower(), kind))), None
    )
    if module is None:
        return text
    if country in EU_COUNTRIES and text.startswith(country):
        text = text.removeprefix(country)
    try:
        return str(module.validate(text))
    except InvalidChecksum as error:
        raise _refused(_("The check digit of this tax id is wrong.")) from error
    except InvalidLength as error:
        raise _refused(_("This tax id has the wrong number of characters.")) from error
    except NumberError as error:
        raise _refused(_("This is not a tax id of the chosen country.")) from error


def _refused(message: str) -> ValidationError:
    return ValidationError({"tax_id": ValidationError(message, code="invalid_tax_id")})


def check_places(*, country: str, currency: str, timezone: str) -> None:
    """Check country, currency and time zone against the lists that the world keeps.

    Raises:
        ValidationError: with the fields that are wrong.
    """
    errors: dict[str, ValidationError] = {}
    if not is_country(country):
        errors["country"] = ValidationError(_("Unknown country."), code="unknown_country")
    try:
        minor_unit_digits(currency)
    except UnknownCurrencyError:
        errors["currency"] = ValidationError(_("Unknown currency."), code="unknown_currency")
    if timezone not in available_timezones():
        errors["timezone"] = ValidationError(_("Unknown time zone."), code="unknown_timezone")
    if errors:
        raise ValidationError(errors)
