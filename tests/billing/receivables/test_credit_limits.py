"""Credit limits: bookings are warned of or refused, and taken again once the customer paid."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import CreditLimit
from billing.selectors.credit_limits import exposure_of
from billing.services.credit_limits import (
    CreditLimitRefusedError,
    set_credit_limit,
    watch_credit_limits,
)
from billing.services.payments import record_payment
from conferencing.models import Reservation
from conferencing.services import CreditLimitReachedError, book_reservation
from integration.models import Event
from tests.factories.users import make_user

from .conftest import AT

pytestmark = pytest.mark.django_db
WHO = {"actor": "ana", "now": AT}
D = Decimal


def book(customer, actor="desk", **fields):
    return book_reservation(
        customer=customer,
        title="Junta",
        scheduled_start=AT + dt.timedelta(days=1),
        duration_minutes=60,
        reserved_ports=5,
        access=["toll"],
        actor=actor,
        now=AT,
        **fields,
    )


def test_bookings_are_refused_beyond_the_limit_and_taken_after_payment(invoices):
    customer = invoices[0].customer
    assert exposure_of(customer) == D("72.60")
    set_credit_limit(customer=customer, amount=D("72.60"), action="block", **WHO)
    customer.refresh_from_db()
    assert customer.credit_hold == "none"
    set_credit_limit(customer=customer, amount=D("72.59"), action="block", **WHO)
    customer.refresh_from_db()
    assert customer.credit_hold == "block"
    with pytest.raises(CreditLimitReachedError):
        book(customer)
    assert not Reservation.objects.exists()
    record_payment(
        invoice=invoices[0], amount=D("12.10"), paid_on=AT.date(), method="transfer", **WHO
    )
    assert watch_credit_limits(now=AT) == 1
    assert watch_credit_limits(now=AT) == 0
    assert book(customer).override_reason == ""
    event = Event.objects.filter(type="customer.credit_hold_changed").order_by("pk").last()
    assert event.data == {"hold": "none"}


def test_who_may_books_all_the_same_with_a_reason(invoices):
    customer = invoices[0].customer
    set_credit_limit(customer=customer, amount=D(0), action="block", **WHO)
    desk = make_user("reservations")
    with pytest.raises(CreditLimitReachedError) as refused:
        book(customer, actor=desk)
    assert refused.value.may_override
    assert book(customer, actor=desk, override_reason="Paga hoy").override_reason == "Paga hoy"


def test_a_warning_lets_bookings_pass_and_a_lifted_limit_is_forgotten(invoices):
    customer = invoices[0].customer
    set_credit_limit(customer=customer, amount=D(1), action="warn", **WHO)
    customer.refresh_from_db()
    assert customer.credit_hold == "warn"
    book(customer)
    set_credit_limit(customer=customer, amount=None, action="warn", **WHO)
    customer.refresh_from_db()
    assert (customer.credit_hold, CreditLimit.objects.count()) == ("none", 0)
    with pytest.raises(CreditLimitRefusedError):
        set_credit_limit(customer=customer, amount=D("-1"), action="warn", **WHO)
