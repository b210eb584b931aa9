"""Hand out the rates of a customer as a file; who took which is an event."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.selectors import issuer
from integration.services import record_event
from sales.documents import rate_sheet_pdf
from sales.selectors import RateInForce, RateSheet, rate_sheet, terms_in_words
from toolkit.exports import CSV, PDF, XLSX, Value, csv_file, xlsx_file

from .contracts import Who

CONTENT_TYPES = {"csv": CSV, "xlsx": XLSX, "pdf": PDF}
"""The kinds of file there are."""


@dataclass(frozen=True, slots=True)
class RateSheetFile:
    """A file ready to be sent."""

    filename: str
    content_type: str
    content: bytes


@transaction.atomic
def download_rates(
    *, customer: Customer, on: dt.date, kind: str, actor: Who, now: dt.datetime
) -> RateSheetFile:
    """Return the rates in force on a local day as a file, and record that they were taken.

    CSV and XLSX speak the active language, the PDF the customer's: it is made to be sent.

    Args:
        customer: whose rates.
        on: the day, in the time zone of the contract.
        kind: a key of ``CONTENT_TYPES``.
        actor: who takes it.
        now: the moment (aware), printed on the PDF.
    """
    sheet = rate_sheet(customer=customer, on=on)
    if kind == "pdf":
        content = _pdf(sheet, now)
    else:
        head = [str(label) for label in _head()]
        rows = [_row(rate) for rate in sheet.rates]
        title = f"{customer.number} {on.isoformat()}"
        content = csv_file(head, rows) if kind == "csv" else xlsx_file(title, head, rows)
    record_event(
        type="rates.downloaded",
        actor=actor,
        customer_number=customer.number,
        subject=("customer", customer.number),
        data={"on": on.isoformat(), "format": kind},
        now=now,
    )
    filename = f"rates-{customer.number}-{on.isoformat()}.{kind}"
    return RateSheetFile(filename, CONTENT_TYPES[kind], content)


def _head() -> list[str]:
    return [
        _("Contract"),
        _("Version"),
        _("Access"),
        _("Number prefix"),
        _("Hours"),
        _("Valid from"),
        _("Valid to (exclusive)"),
        _("Currency"),
        _("Price per minute"),
        _("First increment (s)"),
        _("Next increments (s)"),
        _("Minimum (s)"),
        _("Connection fee"),
    ]


def _row(rate: RateInForce) -> list[Value]:
    return [
        rate.contract,
        rate.contract_version,
        rate.access_name,
        rate.prefix,
        rate.band_name,
        rate.valid_from,
        rate.valid_to,
        rate.currency,
        rate.price_per_minute,
        rate.first_increment,
        rate.next_increment,
        rate.minimum_seconds,
        rate.connection_fee,
    ]


def _pdf(sheet: RateSheet, now: dt.datetime) -> bytes:
    house = issuer()
    language = sheet.customer.language
    with translation.override(language):
        terms = terms_in_words(sheet.contract) if sheet.contract else {}
    context = {
        "sheet": sheet,
        "issuer": house,
        "address": sheet.customer.addresses.filter(kind="billing").first(),
        "terms": terms,
        "now": now,
    }
    logo = bytes(house.logo) if house and house.logo else None
    return rate_sheet_pdf(context, language=language, logo=logo)
