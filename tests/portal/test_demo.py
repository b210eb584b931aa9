"""The demonstration: made by the services in order of time, repeatable, never among real data."""

import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing.models import Charge, Invoice, Payment
from bpi_portal.demo import story
from bpi_portal.demo.companies import COMPANIES
from conferencing.models import Conference, Reservation
from customers.models import Customer
from integration.models import Event
from tests.factories.customers import make_customer
from tests.factories.users import make_user

ANCHOR = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
A_FEW = (COMPANIES[2], COMPANIES[19])  # an invoice per conference; a currency without decimals

pytestmark = pytest.mark.django_db


def tell(steps):
    for step in steps:
        step.act(step.at)


def counts():
    models = (Customer, Reservation, Conference, Charge, Invoice, Payment, Event)
    return {model.__name__: model.objects.count() for model in models}


def test_a_story_that_was_interrupted_goes_on_and_changes_nothing_when_told_again():
    make_user("sales")
    steps = story.steps(anchor=ANCHOR, companies=A_FEW)
    tell(steps[: len(steps) // 2])
    tell(steps)
    told = counts()
    assert told["Customer"] == 2
    assert Charge.objects.count() == Conference.objects.exclude(state="live").count()
    assert Charge.objects.filter(problem="no_customer").count() == 1

    issued = Invoice.objects.filter(state="issued").order_by("number")
    assert [invoice.number for invoice in issued] == [
        f"F-2026-{place:05}" for place in range(1, issued.count() + 1)
    ]
    assert list(issued.values_list("issued_on", flat=True)) == sorted(
        issued.values_list("issued_on", flat=True)
    )
    assert {invoice.currency for invoice in issued} == {"EUR", "CLP"}
    assert Reservation.objects.filter(scheduled_start__gt=ANCHOR, status="booked").exists()

    tell(steps)
    again = counts()
    # An intake that changes nothing records nothing either.
    assert again == told


def test_the_demonstration_refuses_to_mix_with_real_customers():
    make_customer()
    with pytest.raises(CommandError, match="real customers"):
        call_command("demo", stderr=io.StringIO())
    assert counts() == {**counts(), "Customer": 1, "Reservation": 0}


def test_a_story_ends_at_the_present_minute():
    assert timezone.now() - story.present_moment() < dt.timedelta(minutes=1)
