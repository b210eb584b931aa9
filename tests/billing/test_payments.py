"""Payments: never more than is owed, and what an invoice's status is."""

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied

from billing.models import Invoice, Payment
from billing.selectors import invoice_for, invoices_visible_to, with_balances
from billing.services import (
    PaymentReferenceUsedError,
    PaymentRefusedError,
    charge_conference,
    issue_invoice,
    record_payment,
)
from integration.models import Event
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 12, 1)


@pytest.fixture
def draft():
    make_vat_rate()
    make_issuer()
    customer = make_customer()
    make_contract(customer, payment_days=30)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    return charge_conference(conference_id=conference.pk, now=NOW).invoice


@pytest.fixture
def invoice(draft):
    return issue_invoice(invoice=draft, actor="tests", now=NOW)


def pay(invoice, amount, **fields):
    given = {"paid_on": DAY, "method": "transfer", "actor": "ana", "now": NOW, **fields}
    return record_payment(invoice=invoice, amount=Decimal(amount), **given)


def status(on=DAY):
    invoice = with_balances(Invoice.objects.all(), on=on).get()
    return invoice.status, invoice.paid, invoice.balance


def test_status_follows_payments_and_days(invoice):
    assert invoice.due_on == dt.date(2026, 12, 24)
    assert status() == ("open", Decimal(0), Decimal("0.73"))
    assert status(on=dt.date(2026, 12, 24))[0] == "open"
    assert status(on=dt.date(2026, 12, 25))[0] == "overdue"
    payment = pay(invoice, "0.70")
    assert (payment.recorded_by, payment.recorded_at, payment.amount) == (
        "ana",
        NOW,
        Decimal("0.70"),
    )
    assert status() == ("open", Decimal("0.70"), Decimal("0.03"))
    pay(invoice, "0.03")
    assert status(on=dt.date(2027, 1, 1)) == ("paid", Decimal("0.73"), Decimal(0))
    event = Event.objects.filter(type="payment.recorded").first()
    assert event is not None
    assert (event.subject_id, event.actor) == (invoice.number, "ana")
    assert "amount" not in event.data


def test_a_draft_has_no_balance(draft):
    assert status() == ("draft", Decimal(0), Decimal(0))
    with pytest.raises(PaymentRefusedError, match=r"draft|borrador"):
        pay(draft, "0.10")
    assert not Payment.objects.exists()


@pytest.mark.parametrize("amount", ["0", "-1", "0.74", "0.001", "NaN", "Infinity"])
def test_amounts_that_cannot_be_are_refused(invoice, amount):
    with pytest.raises(PaymentRefusedError):
        pay(invoice, amount)
    assert not Payment.objects.exists()
    assert not Event.objects.filter(type="payment.recorded").exists()


def test_never_more_than_is_left(invoice):
    pay(invoice, "0.50")
    with pytest.raises(PaymentRefusedError, match=r"0\.23 EUR"):
        pay(invoice, "0.24")
    assert Payment.objects.count() == 1


def test_the_same_reference_is_the_same_payment(invoice):
    first = pay(invoice, "0.73", reference="BANK-1")
    assert pay(invoice, "0.73", reference="BANK-1") == first
    with pytest.raises(PaymentReferenceUsedError, match="BANK-1"):
        pay(invoice, "0.10", reference="BANK-1")
    assert Payment.objects.count() == 1
    assert Event.objects.filter(type="payment.recorded").count() == 1


def test_only_who_may_sees_invoices(invoice):
    nobody = User.objects.create(username="sales")
    root = User.objects.create(username="root", is_superuser=True)
    for user in (nobody, AnonymousUser()):
        assert not invoices_visible_to(user).exists()
        with pytest.raises(PermissionDenied):
            invoice_for(user, invoice.pk)
    assert invoice_for(root, invoice.pk) == invoice
    with pytest.raises(Invoice.DoesNotExist):
        invoice_for(root, 0)
