"""Customers as recipients of a mailing, for tests of who gets what."""

from mailing.services import freeze
from tests.factories.customers import NOW
from tests.factories.mailing import make_mailing


def address(**fields):
    return {
        "kind": "postal",
        "line1": "Gran Vía 41",
        "postcode": "48011",
        "city": "Bilbao",
        "country": "ES",
        **fields,
    }


def frozen(sender, **fields):
    return freeze(mailing=make_mailing(sender, **fields), actor=sender, now=NOW)


def rows(mailing, *columns):
    return list(mailing.recipients.order_by("position").values_list(*columns))


def reasons_of(mailing, customer):
    row = mailing.recipients.get(customer=customer)
    return row.letter_reason, row.notice_reason
