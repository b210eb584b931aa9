"""A small believable firm for browser tests: customers, bookings, invoices in every state."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from billing.models import Invoice
from billing.services import charge_conference, issue_invoice, record_payment
from conferencing.models import Conference
from customers.models import Customer
from tests.factories import billing, conferencing
from tests.factories.customers import make_customer, make_issuer

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def fill() -> None:
    """Write it to the test's database; committed data, so only for tests with transactions."""
    make_issuer()
    billing.make_vat_rate()
    meridiano = make_customer(
        legal_name="Industrias Meridiano, S.A.",
        tags=["Gran cuenta"],
        contacts=[{"name": "Iñaki Otxoa", "email": "compras@meridiano.example", "role": "billing"}],
    )
    billing.make_contract(
        meridiano,
        rates=(("toll", "0.06"), ("voip", "0.0275"), ("toll_free", "0.112")),
        billing="per_conference",
    )
    paid, late, _draft = (confer(meridiano, day) for day in ("03", "10", "24"))
    for invoice in (paid, late):
        issue_invoice(invoice=invoice, actor="tests", now=NOW)
    record_payment(
        invoice=paid,
        amount=Decimal(Invoice.objects.get(pk=paid.pk).total),
        paid_on=NOW.date(),
        method="transfer",
        actor="tests",
        now=NOW,
    )
    lumen = make_customer(legal_name="Óptica Lumen, S.L.")
    charge_conference(conference_id=talk(lumen, "20").pk, now=NOW)  # without a contract: a problem
    tomorrow = timezone.now().replace(hour=9, minute=0, second=0) + dt.timedelta(days=1)
    for customer, hours in ((meridiano, 0), (lumen, 1)):
        conferencing.make_reservation(
            customer=customer,
            scheduled_start=tomorrow + dt.timedelta(hours=hours),
            now=timezone.now(),
        )


def confer(customer: Customer, day: str) -> Invoice:
    """Have a conference on a day of November and charge it; the answer is its draft invoice."""
    charge = charge_conference(conference_id=talk(customer, day).pk, now=NOW)
    return Invoice.objects.filter(lines__charge_line__charge=charge).distinct().get()


def talk(customer: Customer, day: str) -> Conference:
    return billing.make_conference(
        customer,
        (f"{day} 09:00", f"{day} 10:30"),
        (f"{day} 09:01", f"{day} 10:29", "voip"),
        (f"{day} 09:05", f"{day} 09:50", "toll_free"),
    )
