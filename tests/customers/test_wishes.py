"""What customers wish is noted once, lifted exactly, and kept as a record."""

import importlib

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from customers.models import OptOut, UndeliverableEmail
from customers.selectors import (
    opted_out,
    opted_out_emails,
    preferences_of,
    undeliverable_emails,
    wants,
)
from customers.services import (
    change_customer,
    mend_email,
    note_undeliverable,
    opt_in,
    opt_out,
)
from integration.models import Event, OutgoingMessage, Suppression
from integration.services import suppress
from integration.signals import message_bounced
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
    assert [
        event.data["channel"] for event in Event.objects.filter(type="customer.unsubscribed")
    ] == ["letter"]


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


def test_who_says_so_himself_stands_in_the_timeline():
    customer = make_customer()
    refuse(customer, source="one_click")
    opt_in(customer=customer, channel="letter", actor="t", now=NOW, source="page")
    refuse(customer, source="desk")
    opt_in(customer=customer, channel="letter", actor="t", now=NOW)
    told = Event.objects.filter(subject_type="customer").order_by("pk")
    assert [event.type.partition(".")[2] for event in told][1:] == [
        "unsubscribed",
        "resubscribed",
        "opted_out",
        "opted_in",
    ]


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


def suppressed():
    rows = Suppression.objects.filter(lifted_at=None).order_by("pk")
    return [(row.customer_number, row.email, row.reason) for row in rows]


def test_what_is_queued_is_not_sent_either():
    customer = make_customer()
    refuse(customer, "letter")
    assert suppressed() == []
    refuse(customer, "email", email="Ana@example.com")
    refuse(customer, "email")
    assert suppressed() == [
        (customer.number, "ana@example.com", "unsubscribed"),
        (customer.number, "", "unsubscribed"),
    ]
    opt_in(customer=customer, channel="email", actor="eva", now=NOW)
    assert suppressed() == [(customer.number, "ana@example.com", "unsubscribed")]


def bounce(customer, email, kind="hard"):
    message_bounced.send(
        sender=OutgoingMessage,
        key="k",
        purpose="p",
        batch="",
        customer_number=customer.number,
        email=email,
        kind=kind,
        code="5.1.1",
        reason="550 no such user",
        moment=NOW,
    )


def test_a_bounce_is_kept_at_everybody_who_has_the_address():
    written_to = make_customer(email="casa@example.com")
    shares = make_customer(contacts=[{"name": "Ana", "email": "CASA@example.com"}])
    other = make_customer()
    bounce(written_to, "Casa@example.com", kind="soft")
    assert not UndeliverableEmail.objects.exists()
    for _twice in range(2):
        bounce(written_to, "Casa@example.com")
    numbers = [customer.number for customer in (written_to, shares, other)]
    assert undeliverable_emails(numbers=numbers) == {
        (written_to.number, "casa@example.com"),
        (shares.number, "casa@example.com"),
    }
    noted = UndeliverableEmail.objects.get(customer=written_to)
    assert (noted.reason, noted.since) == ("550 no such user", NOW)


def test_a_mended_address_is_written_to_again():
    customer = make_customer(email="casa@example.com")
    suppress(email="casa@example.com", reason="hard_bounce", actor="tests", now=NOW)
    suppress(email="casa@example.com", reason="complaint", actor="tests", now=NOW)
    bounce(customer, "casa@example.com")
    mend_email(noted=UndeliverableEmail.objects.get(), actor="eva", now=NOW)
    assert suppressed() == [("", "casa@example.com", "complaint")]


def change(customer, **fields):
    customer.refresh_from_db()
    return change_customer(
        customer=customer, expected_version=customer.version, actor="eva", now=NOW, **fields
    )


def test_preferences_are_written_through_the_wishes():
    customer = make_customer(preferences={"letters": False, "notices": True, "paper": "thick"})
    assert preferences_of(customer) == {"letters": False, "notices": True, "paper": "thick"}
    assert customer.preferences == {"paper": "thick"}
    changed = change(customer, preferences={"letters": True, "notices": False})
    assert changed.version == 2
    assert preferences_of(changed) == {"letters": True, "notices": False}
    assert opted_out(numbers=[customer.number], channel="email") == {customer.number}
    event = Event.objects.get(type="customer.changed")
    assert event.data == {"fields": ["preferences"], "version": 2}


def test_preferences_that_say_nothing_of_a_channel_lift_no_wish():
    customer = make_customer()
    refuse(customer)
    changed = change(customer, preferences={"paper": "thin"})
    assert preferences_of(changed) == {"letters": False, "notices": True, "paper": "thin"}
    assert preferences_of(change(customer, phone="1")) == preferences_of(changed)


def test_a_wish_that_is_no_yes_or_no_is_refused():
    customer = make_customer()
    with pytest.raises(ValidationError) as refused:
        change(customer, preferences={"letters": "no"})
    assert set(refused.value.error_dict) == {"preferences"}
    assert not OptOut.objects.exists()


def test_changing_an_address_mends_it():
    customer = make_customer(
        email="casa@example.com",
        contacts=[{"name": "Ana", "email": "ana@example.com"}, {"name": "Eva"}],
    )
    for email in ("casa@example.com", "ana@example.com"):
        note_undeliverable(customer=customer, email=email, reason="550", now=NOW)
    change(customer, phone="1")
    change(customer, contacts=[{"name": "Ana", "email": "Ana@example.com", "phone": "2"}])
    assert len(undeliverable_emails(numbers=[customer.number])) == 2
    change(customer, email="oficina@example.com")
    assert undeliverable_emails(numbers=[customer.number]) == {(customer.number, "ana@example.com")}
    change(customer, contacts=[{"name": "Ana", "email": "ana.roca@example.com"}])
    assert undeliverable_emails(numbers=[customer.number]) == set()


def test_preferences_of_before_become_wishes():
    migration = importlib.import_module("customers.migrations.0006_wishes_of_preferences")
    both, one, none = make_customer(), make_customer(), make_customer()
    for customer, before in (
        (both, {"letters": False, "notices": False, "paper": "thick"}),
        (one, {"letters": True, "notices": False}),
        (none, {}),
    ):
        customer.preferences = before
        customer.save()
    with connection.cursor() as cursor:
        for _twice in range(2):
            cursor.execute(migration.NOTED)
            cursor.execute(migration.TAKEN_OUT)
    for customer in (both, one, none):
        customer.refresh_from_db()
    assert [customer.preferences for customer in (both, one, none)] == [{"paper": "thick"}, {}, {}]
    assert preferences_of(both) == {"letters": False, "notices": False, "paper": "thick"}
    assert preferences_of(one) == {"letters": True, "notices": False}
    assert preferences_of(none) == {"letters": True, "notices": True}
    wish = OptOut.objects.get(customer=one)
    assert (wish.source, wish.since) == ("desk", one.updated_at)
    with connection.cursor() as cursor:
        cursor.execute(migration.PUT_BACK)
    one.refresh_from_db()
    assert one.preferences == {"letters": True, "notices": False}
