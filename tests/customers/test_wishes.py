"""What customers wish is noted once, lifted exactly, and kept as a record."""

import pytest

from customers.models import OptOut, UndeliverableEmail
from customers.selectors import (
    opted_out,
    opted_out_emails,
    preferences_of,
    undeliverable_emails,
    wants,
)
from customers.services import mend_email, note_undeliverable, opt_in, opt_out
from integration.models import Event
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db


def refuse(customer, channel="letter", **fields):
    return opt_out(
        **{"customer": customer, "channel": channel, "source": "page", "actor": "t", "now": NOW}
        | fields
    )


def test_an_opt_out_is_noted_once_and_found_by_number():
    customer, other = make_customer(), make_customer()
    first = refuse(customer)
    assert refuse(customer, source="desk") == first
    numbers = [customer.number, other.number]
    assert opted_out(numbers=numbers, channel="letter") == {customer.number}
    assert opted_out(numbers=numbers, channel="email") == set()
    assert opted_out(numbers=[other.number], channel="letter") == set()
    assert preferences_of(customer) == {"letters": False, "notices": True}
    assert [event.data["channel"] for event in Event.objects.filter(type="customer.opted_out")] == [
        "letter"
    ]


def test_a_wish_of_one_address_leaves_the_others_of_the_customer():
    customer = make_customer()
    refuse(customer, "email", email="Ana@example.com")
    assert opted_out(numbers=[customer.number], channel="email") == set()
    assert opted_out_emails(numbers=[customer.number]) == {(customer.number, "ana@example.com")}
    assert not wants(customer=customer, channel="email", email="ANA@example.com")
    assert wants(customer=customer, channel="email", email="eva@example.com")
    assert preferences_of(customer)["notices"] is True
    refuse(customer, "email")
    assert not wants(customer=customer, channel="email", email="eva@example.com")
    assert opted_out_emails(numbers=[customer.number]) == {(customer.number, "ana@example.com")}


def test_no_address_stands_in_the_log():
    customer = make_customer()
    refuse(customer, "email", email="ana@example.com")
    note_undeliverable(customer=customer, email="ana@example.com", reason="550 ana", now=NOW)
    assert not [event for event in Event.objects.all() if "ana" in str(event.data)]


def test_opting_in_lifts_exactly_that_wish_and_keeps_the_record():
    customer = make_customer()
    refuse(customer, "email")
    refuse(customer, "email", email="ana@example.com")
    for _twice in range(2):
        opt_in(customer=customer, channel="email", actor="eva", now=NOW)
    assert opted_out(numbers=[customer.number], channel="email") == set()
    assert not wants(customer=customer, channel="email", email="ana@example.com")
    assert OptOut.objects.count() == 2
    assert Event.objects.filter(type="customer.opted_in").count() == 1
    refuse(customer, "email")
    assert OptOut.objects.count() == 3


def test_a_wish_of_the_whole_customer_is_a_new_version_of_him():
    customer = make_customer()
    refuse(customer)
    refuse(customer)
    customer.refresh_from_db()
    assert customer.version == 2
    opt_in(customer=customer, channel="letter", actor="eva", now=NOW)
    customer.refresh_from_db()
    assert customer.version == 3


def test_an_undeliverable_address_is_noted_once_and_mended():
    customer = make_customer()
    for reason in ("550 no such user", "x" * 400):
        noted = note_undeliverable(
            customer=customer, email="Ana@example.com", reason=reason, now=NOW
        )
    assert noted.reason == "550 no such user"
    assert undeliverable_emails(numbers=[customer.number]) == {(customer.number, "ana@example.com")}
    for _twice in range(2):
        mend_email(noted=noted, actor="eva", now=NOW)
    assert undeliverable_emails(numbers=[customer.number]) == set()
    assert Event.objects.filter(type="customer.email_mended").count() == 1
    note_undeliverable(customer=customer, email="ana@example.com", reason="again", now=NOW)
    assert UndeliverableEmail.objects.count() == 2
