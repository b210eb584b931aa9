"""A rate changes at local midnight in the middle of a call that a bridge posts afterwards."""

import datetime as dt
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import Charge
from conferencing.models import Bridge, CallRecord
from conferencing.services import book_reservation
from conferencing.services.bridge_secrets import sign_call_record
from customers.models import Customer
from tests.bridge.janus import wait_until
from tests.factories.sales import a_rate
from tests.flows.story import PATIENCE, Account, text

VOIP = a_rate(access="voip", price_per_minute="0.035", next_increment=6)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def midnight(office):
    """The beginning of today, where the customer is."""
    today = dt.datetime.now(office.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return today.astimezone(dt.UTC)


@pytest.fixture
def account(office, midnight):
    """A customer whose internet calls cost twice as much from today on."""
    today = midnight.astimezone(office.zone).date()
    start = f"{today.year - 1}-01-01"
    terms: dict[str, Any] = {
        "currency": "EUR",
        "timezone": office.zone.key,
        "start": start,
        "end": None,
        "monthly_fee": "12.5",
        "rates": [
            VOIP | {"valid_from": start},
            a_rate(access="toll", valid_from=start, price_per_minute="0.0612"),
        ],
    }
    account = Account(office, terms=terms)
    raised = VOIP | {"valid_from": today.isoformat(), "price_per_minute": "0.07"}
    office.sales.post(f"contracts/{account.contract}/rates/", raised)
    account.terms["rates"][0]["valid_to"] = today.isoformat()
    account.terms["rates"].append(raised)
    return account


@pytest.fixture
def reservation(office, account, midnight):
    """A booking of last night on a bridge that only posts records, made two days before."""
    bridge = Bridge.objects.create(
        slug="carrier", name="Carrier", make=Bridge.Make.FEED, capacity=50
    )
    return book_reservation(
        customer=Customer.objects.get(number=account.customer),
        bridge=bridge,
        title="Cierre del ejercicio",
        scheduled_start=midnight - dt.timedelta(minutes=5),
        duration_minutes=30,
        reserved_ports=3,
        access=["voip", "toll"],
        actor="tests",
        now=midnight - dt.timedelta(days=2),
    )


def post(reservation, legs, *, message):
    """Post a call record as the bridge does; answer status and content."""
    record = {
        "call_id": "carrier-77",
        "conference_id": None,
        "room": reservation.room,
        "reservation": reservation.number,
        "started_at": min(leg["answered_at"] for leg in legs),
        "ended_at": max(leg["ended_at"] for leg in legs),
        "legs": legs,
    }
    body, headers = sign_call_record(
        bridge=reservation.bridge,
        record=record,
        message_id=message,
        now=dt.datetime.now(dt.UTC),
    )
    answer = APIClient().post(
        f"/api/v1/bridges/{reservation.bridge.slug}/call-records/",
        body,
        content_type="application/json",
        headers=headers,
    )
    return answer.status_code, answer.json()


def as_case(reservation, answer, legs):
    return {
        "id": answer["conference"],
        "scheduled_start": text(reservation.scheduled_start),
        "cancelled_at": None,
        "operator_assisted": False,
        "recorded": False,
        "reserved_ports": 3,
        "legs": legs,
    }


def test_a_rate_that_changes_at_midnight_splits_the_leg(office, account, reservation, midnight):
    ana = {
        "id": "carrier-77-1",
        "participant": "Ana",
        "access": "voip",
        "number": None,
        "answered_at": text(midnight - 169.75 * SECOND),
        "ended_at": text(midnight + 153.75 * SECOND),
    }
    status, answer = post(reservation, [ana], message="m-1")
    assert (status, answer["outcome"], answer["version"]) == (201, "new", 1)
    wait_until(account.invoices, seconds=PATIENCE, what="the draft")
    first = account.billed()
    assert first == [account.expected(as_case(reservation, answer, [ana]))]
    # 60 s and 19 increments of 6 s begin before midnight, 25 more after it: 324 s in all.
    today = midnight.astimezone(office.zone).date().isoformat()
    since = account.terms["start"]
    assert first[0]["legs"] == [
        (
            "carrier-77-1",
            324,
            324,
            0,
            "0.276500",  # 174 s at 0.035 a minute and 150 s at 0.07
            [(("voip", "", "any", since), 174), (("voip", "", "any", today), 150)],
        )
    ]

    invoice = account.invoices()
    for message in ("m-1", "m-2"):  # the same delivery again; the same content once more
        status, again = post(reservation, [ana], message=message)
        assert (status, again["outcome"], again["version"]) == (200, "unchanged", 1)
    office.worker.wait_until_idle()
    assert account.invoices() == invoice
    assert Charge.objects.get(conference=answer["conference"]).version == 1

    longer = ana | {"ended_at": text(midnight + 200.5 * SECOND)}
    bruno = longer | {
        "id": "carrier-77-2",
        "participant": "Bruno",
        "access": "toll",
        "number": "+34910000001",
    }
    status, corrected = post(reservation, [bruno, longer], message="m-3")
    assert (status, corrected["outcome"], corrected["version"]) == (201, "corrected", 2)
    expected = [account.expected(as_case(reservation, answer, [longer, bruno]))]
    wait_until(lambda: account.billed() == expected, seconds=PATIENCE, what="the new draft")
    assert expected != first
    assert [one["id"] for one in account.invoices()] == [one["id"] for one in invoice]
    assert Charge.objects.get(conference=answer["conference"]).version == 2
    assert CallRecord.objects.filter(call_id="carrier-77").count() == 2

    # The first delivery, repeated late, is no correction back.
    status, late = post(reservation, [ana], message="m-1")
    assert (status, late["outcome"]) == (200, "unchanged")
    office.worker.wait_until_idle()
    assert account.billed() == expected
