"""A customer with charged conferences, as the screens, the API and the documents meet it."""

import datetime as dt
from decimal import Decimal
from typing import Any

from billing.models import Invoice, VatRate
from billing.services import charge_conference, issue_invoice, record_payment
from customers.models import Customer, Issuer
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

LATER = NOW + dt.timedelta(hours=1)


def charge(conference, now=NOW):
    return charge_conference(conference_id=conference.pk, now=now)


def make_draft(customer: Customer | None = None, **contract: Any) -> Invoice:
    """A draft of 3.75 without VAT: meetings of 0.65 and 0.60, the set-up of both 2.50."""
    make_vat_rate_once()
    customer = customer or make_customer(legal_name="Café Ortúzar, S.A.")
    make_contract(
        customer,
        (("toll", "0.06"), ("voip", "0.01")),
        **{"fees": {"setup": "1.25"}, **contract},
    )
    charge(
        make_conference(
            customer,
            ("10 10:00", "10 10:10", "toll"),
            ("10 10:01", "10 10:06", "voip"),
            billing_reference="PRJ-7",
        )
    )
    charged = charge(make_conference(customer, ("12 09:00", "12 09:10", "toll"), title="Cierre"))
    assert charged.invoice
    return Invoice.objects.get(pk=charged.invoice.pk)


def make_issued(customer: Customer | None = None, **contract: Any) -> Invoice:
    """The same, issued: 3.75 + 0.79 VAT = 4.54, due on 24 December."""
    make_issuer_once()
    return issue_invoice(invoice=make_draft(customer, **contract), actor="tests", now=NOW)


def pay(invoice: Invoice, amount: str, **fields: Any):
    return record_payment(
        invoice=invoice,
        amount=Decimal(amount),
        actor="tests",
        now=LATER,
        **{"paid_on": LATER.date(), "method": "transfer", "reference": "", **fields},
    )


def make_issuer_once() -> None:
    if not Issuer.objects.exists():
        make_issuer()


def make_vat_rate_once() -> None:
    if not VatRate.objects.exists():
        make_vat_rate()
