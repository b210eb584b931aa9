"""The nightly look whether the books agree."""

import logging
from decimal import Decimal

import pytest

from billing import tasks
from billing.models import Charge, Invoice, InvoiceSeries, RatedLeg
from billing.selectors import disagreements
from billing.services import charge_conference, issue_invoice
from tests.factories.billing import NOW, correct, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db


def make_charge():
    customer = make_customer()
    make_contract(customer)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    charge_conference(conference_id=conference.pk, now=NOW)
    correct(conference, ("10 10:00", "10 10:20"))
    return charge_conference(conference_id=conference.pk, now=NOW)


def test_they_agree(caplog):
    make_vat_rate()
    make_issuer()
    charge_conference(conference_id=make_conference(None, ("9 10:00", "9 10:10")).pk, now=NOW)
    for _ in range(3):
        issue_invoice(invoice=make_charge().invoice, actor="tests", now=NOW)
    make_charge()
    with caplog.at_level(logging.ERROR):
        tasks.check_books()
    assert disagreements() == {}
    assert caplog.messages == []


def test_what_does_not_agree_is_named_and_logged(caplog):
    charge = make_charge()
    Charge.objects.filter(pk=charge.pk).update(net=Decimal("0.01"))
    leg = RatedLeg.objects.filter(charge=charge).latest("pk")
    RatedLeg.objects.create(
        charge=charge,
        leg_id=leg.leg_id + 1_000_000,
        version=1,
        reference="x",
        answered_at=leg.answered_at,
        ended_at=leg.ended_at,
    )
    Invoice.objects.update(vat=Decimal("0.05"))
    expected = {
        "rated_legs_without_leg": 1,
        "charges_unlike_their_lines": 1,
        "invoices_unlike_their_lines": 1,
    }
    assert disagreements() == expected
    tasks.check_books()
    assert caplog.messages == [f"the books disagree: {expected}"]


def test_lines_that_stand_nowhere_are_found():
    charge = make_charge()
    charge.invoice.lines.all().delete()
    assert disagreements() == {"lines_missing_on_invoices": 1, "invoices_unlike_their_lines": 1}
    Charge.objects.update(invoice=None)
    assert disagreements() == {"charges_on_no_invoice": 1, "invoices_unlike_their_lines": 1}


def test_a_missing_number_is_a_gap():
    make_vat_rate()
    make_issuer()
    for _ in range(2):
        issue_invoice(invoice=make_charge().invoice, actor="tests", now=NOW)
    InvoiceSeries.objects.update(next_number=5)
    issue_invoice(invoice=make_charge().invoice, actor="tests", now=NOW)
    assert disagreements() == {"gaps_in_series": 2}
