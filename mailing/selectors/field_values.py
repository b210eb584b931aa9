"""The values of the fields that a text may name, for one recipient of a mailing."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from customers.models import Contact, Customer, Issuer
from customers.selectors import issuer
from mailing.merge import PostalAddress, blank_fields, long_date
from mailing.merge.fields import Value
from mailing.models import Mailing, Recipient, TemplateVersion
from toolkit.countries import country_name

from .schedule import arrival_days, posting_day

Values = dict[str, dict[str, Value]]

_LANGUAGE_NAMES: Final = {
    "es": {"es": "español", "en": "inglés"},
    "en": {"es": "Spanish", "en": "English"},
}


def named_in(*versions: TemplateVersion | None) -> frozenset[str]:
    """Return the paths of the fields that these texts name."""
    return frozenset(path for version in versions if version for path in version.fields)


def fixed_values(
    customer: Customer, contact: Contact | None, paths: Collection[str]
) -> dict[str, Value]:
    """Return what a recipient keeps of the customer for the texts, by path: only what they name."""
    manager = customer.account_manager
    known: dict[str, Value] = {
        "customer.legal_name": customer.legal_name,
        "customer.tax_id": customer.tax_id,
        "customer.email": customer.email,
        "customer.phone": customer.phone,
        "customer.currency": customer.currency,
        "customer.country": customer.country,
        "customer.country_name": customer.country,  # a code, named in the letter's language
        "customer.since": customer.created_at.year,
        "contact.email": contact.email if contact else None,
        "contact.phone": contact.phone if contact else None,
        "account_manager.name": (manager.get_full_name() or manager.username) if manager else None,
        "account_manager.email": manager.email if manager else None,
    }
    return {path: value for path, value in known.items() if path in paths}


def postal_address(recipient: Recipient) -> PostalAddress:
    """Return the fixed address as it is written on a letter."""
    return PostalAddress(
        recipient=recipient.recipient_line,
        contact=recipient.contact_name,
        line1=recipient.line1,
        line2=recipient.line2,
        postcode=recipient.postcode,
        city=recipient.city,
        region=recipient.region,
        country=recipient.country,
    )


@dataclass(frozen=True, slots=True)
class Occasion:
    """What all recipients of a mailing have in common: the house, the day, the arrivals."""

    mailing: Mailing
    house: Issuer
    day: dt.date
    arrivals: Mapping[str, dt.date]

    def values(self, recipient: Recipient) -> Values:
        """Return the values of all fields for one recipient, as ``mailing.merge`` takes them."""
        language = recipient.language
        values = blank_fields()
        for path, value in recipient.fields.items():
            group, name = path.split(".")
            values[group][name] = value
        values["customer"] |= {
            "name": recipient.customer_name,
            "number": recipient.customer_number,
            "language": language,
            "language_name": _LANGUAGE_NAMES.get(language, {}).get(language),
            "country_name": _country(values["customer"]["country_name"], language),
        }
        values["contact"]["name"] = recipient.contact_name
        values["address"] |= _address(recipient)
        values["issuer"] |= _house(self.house)
        values["mailing"] |= {
            "name": self.mailing.name,
            "date": long_date(self.day, language, recipient.country),
        }
        values["notice"]["arrival"] = self._arrival(recipient)
        return values

    def _arrival(self, recipient: Recipient) -> str | None:
        there = recipient.country or recipient.customer.country
        day = recipient.arrives_on or self.arrivals.get(there)
        return long_date(day, recipient.language, recipient.country) if day else None


def occasion(mailing: Mailing, *, now: dt.datetime, countries: Collection[str] = ()) -> Occasion:
    """Return what all recipients have in common.

    Of a mailing that was not started, ``countries`` are those for which the arrival is wanted.
    """
    return Occasion(
        mailing=mailing,
        house=issuer() or Issuer(),  # blank before the settings were filled in
        day=posting_day(mailing, now=now),
        arrivals=arrival_days(mailing, set(countries), now=now),
    )


def _address(recipient: Recipient) -> dict[str, Any]:
    return {
        "recipient": recipient.recipient_line,
        "line1": recipient.line1,
        "line2": recipient.line2,
        "postcode": recipient.postcode,
        "city": recipient.city,
        "region": recipient.region,
        "country": recipient.country,
        "country_name": _country(recipient.country, recipient.language),
    }


def _house(house: Issuer) -> dict[str, Any]:
    street = ", ".join(filter(None, (house.line1, house.line2)))
    return {
        "name": str(house),
        "legal_name": house.legal_name,
        "tax_id": house.tax_id,
        "address": f"{street}, {house.postcode} {house.city}",
        "city": house.city,
        "email": house.email,
        "phone": house.phone,
        "website": house.website,
        "iban": " ".join(house.iban[at : at + 4] for at in range(0, len(house.iban), 4)),
    }


def _country(code: Value, language: str) -> str | None:
    return country_name(code, language) if isinstance(code, str) and code else None
