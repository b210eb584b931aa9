"""REST of reservations, tickets, conferences, and the signed feed of call records."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from conferencing.models import Conference, LegTicket, Reservation
from customers.services import suspend_customer
from integration.models import MachineKey
from tests.factories.conferencing import make_bridge, make_reservation
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
BASE = "/api/v1/"


@pytest.fixture
def gateway():
    _key, secret = MachineKey.objects.create_key(name="gateway 1", scopes=["tickets"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    return client


def wish(customer, start: dt.datetime, **fields: Any) -> dict[str, Any]:
    return {
        "customer": customer.number,
        "title": "Comité",
        "scheduled_start": start.isoformat(),
        "duration_minutes": 60,
        "reserved_ports": 6,
        "access": ["voip", "toll"],
        **fields,
    }


def pointers(answer) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- reservations ---------------------------------------------------------------------------------
def test_book_read_change_cancel(api, start) -> None:
    bridge = make_bridge(dial_in=[{"access": "toll", "number": "+34910000000"}])
    customer = make_customer(language="en")
    client = api("reservations")
    made = client.post(
        f"{BASE}reservations/",
        wish(customer, start, recorded=True, invitees=["a@example.com"], recurrence=None),
    )
    assert made.status_code == 201
    body = made.json()
    reservation = Reservation.objects.get()
    assert made["Location"].endswith(f"{BASE}reservations/{reservation.number}/")
    assert body["number"] == reservation.number
    assert body["status"] == "booked"
    assert body["customer"] == customer.number
    assert body["scheduled_start"] == start.isoformat().replace("+00:00", "Z")
    assert body["duration_minutes"] == 60
    assert body["invitees"] == ["a@example.com"]
    assert body["recorded"] is True
    assert reservation.source == "api"
    room = body["bridge"]
    assert room["slug"] == bridge.slug
    assert (room["room"], room["pin"]) == (reservation.room, reservation.pin)
    assert room["host_pin"] == reservation.host_pin
    assert room["dial_in"][0]["number"] == "+34910000000"
    assert client.get(room["join_url"].replace("http://127.0.0.1:8000", "")).status_code == 200

    url = f"{BASE}reservations/{reservation.number}/"
    later = {"scheduled_start": (start + HOUR).isoformat()}
    assert client.patch(url, later).status_code == 428
    assert client.patch(url, later, headers={"If-Match": '"1-99"'}).status_code == 412
    moved = client.patch(url, later, headers={"If-Match": made["ETag"]})
    assert moved.status_code == 200
    assert moved.json()["duration_minutes"] == 60
    assert moved["ETag"] != made["ETag"]
    reservation.refresh_from_db()
    assert reservation.scheduled_start == start + HOUR

    calendar = client.get(f"{url}calendar.ics")
    assert calendar["Content-Type"].startswith("text/calendar")
    cancelled = client.post(f"{url}cancel/", {"reason": "Se aplaza"})
    assert cancelled.status_code == 200
    assert cancelled.json()["status"] == "cancelled"
    assert cancelled.json()["conference"] == str(Conference.objects.get().pk)
    again = client.post(f"{url}cancel/", {})
    assert again.status_code == 409
    assert again.json()["type"].endswith("/reservation-not-open")


def test_a_full_bridge_answers_with_alternatives_that_can_be_sent(api, start) -> None:
    make_bridge(capacity=10)
    customer = make_customer()
    client = api("sales")
    assert client.post(f"{BASE}reservations/", wish(customer, start)).status_code == 201
    refused = client.post(f"{BASE}reservations/", wish(customer, start))
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert problem["type"].endswith("/bridge-full")
    assert len(problem["alternatives"]) == 3
    again = {
        name: problem["alternatives"][0][name]
        for name in ("scheduled_start", "duration_minutes", "reserved_ports", "bridge")
    }
    assert client.post(f"{BASE}reservations/", wish(customer, start) | again).status_code == 201
    assert Reservation.objects.count() == 2


def test_refusals_name_their_place(api, start) -> None:
    make_bridge(capacity=10)
    customer = make_customer(reference_policy="required")
    client = api("reservations")

    def refused(**fields: Any) -> Any:
        return client.post(f"{BASE}reservations/", wish(customer, start) | fields)

    nothing = client.post(f"{BASE}reservations/", {})
    assert nothing.status_code == 400
    assert {pointer for pointer, _code in pointers(nothing)} == {
        "/customer",
        "/title",
        "/scheduled_start",
        "/duration_minutes",
        "/reserved_ports",
    }
    faults: list[tuple[dict[str, Any], str]] = [
        ({"customer": "C-99999"}, "/customer"),
        ({"customer": 7}, "/customer"),
        ({"customer": "\0"}, "/customer"),
        ({"scheduled_start": "2027-01-01T10:00:00"}, "/scheduled_start"),
        ({"scheduled_start": []}, "/scheduled_start"),
        ({"access": []}, "/access"),
        ({"access": ["pigeon"]}, "/access/0"),
        ({"bridge": "none-such"}, "/bridge"),
        ({"invitees": ["x"]}, "/invitees/0"),
        ({"recurrence": {"every": "week"}}, "/recurrence"),
    ]
    for fields, pointer in faults:
        answer = refused(**fields)
        assert answer.status_code == 400, fields
        assert [where for where, _code in pointers(answer)] == [pointer], answer.json()
    impossible: list[tuple[dict[str, Any], str]] = [
        ({"reserved_ports": 11, "billing_reference": "x"}, "/reserved_ports"),
        ({"reserved_ports": 0, "billing_reference": "x"}, "/reserved_ports"),
        ({"duration_minutes": 0}, "/duration_minutes"),
        ({"scheduled_start": "2020-01-01T10:00:00Z"}, "/scheduled_start"),
    ]
    for fields, pointer in impossible:
        answer = refused(**fields)
        assert answer.status_code == 400
        assert answer.json()["type"].endswith("/validation-error")
        assert [where for where, _code in pointers(answer)] == [pointer]
    unnamed = refused()
    assert unnamed.status_code == 422
    assert unnamed.json()["type"].endswith("/reference-required")
    assert pointers(unnamed) == [("/billing_reference", "reference-required")]
    suspend_customer(customer=customer, reason="Impagos", actor="tests", now=timezone.now())
    suspended = refused(billing_reference="x")
    assert suspended.status_code == 409
    assert suspended.json()["reason"] == "Impagos"
    assert not Reservation.objects.exists()


def test_lists_filter_and_page(api, start, django_assert_max_num_queries) -> None:
    make_bridge(capacity=500)
    customer = make_customer()
    for hours in range(5):
        make_reservation(
            customer=customer, scheduled_start=start + hours * HOUR, now=timezone.now()
        )
    client = api("auditor")
    with django_assert_max_num_queries(15):
        rows = client.get(f"{BASE}reservations/", {"page_size": 2, "ordering": "scheduled_start"})
    page = rows.json()
    assert len(page["results"]) == 2
    assert page["results"][0]["scheduled_start"] == start.isoformat().replace("+00:00", "Z")
    assert "pin" not in page["results"][0]["bridge"]
    following = client.get(page["next"]).json()
    assert following["results"][0]["number"] != page["results"][0]["number"]
    assert client.get(f"{BASE}reservations/", {"search": "nothing"}).json()["results"] == []
    assert client.get(f"{BASE}reservations/", {"status": "odd"}).status_code == 400
    assert client.get(f"{BASE}reservations/R-0/").status_code == 404


def test_roles(api, start) -> None:
    reservation = make_reservation(scheduled_start=start, now=timezone.now())
    url = f"{BASE}reservations/{reservation.number}/"
    ticket = {"participant": "Ana"}
    expected = {
        "reservations": [200, 200, 201],
        "sales": [200, 200, 201],
        "auditor": [200, 403, 403],
        "billing": [200, 403, 403],
        "mailing": [403, 403, 403],
    }
    for role, codes in expected.items():
        client = api(role)
        etag = client.get(url).get("ETag", '"x"')
        patched = client.patch(url, {"title": reservation.title}, headers={"If-Match": etag})
        answers = [
            client.get(url).status_code,
            patched.status_code,
            client.post(f"{url}tickets/", ticket).status_code,
        ]
        assert answers == codes, role
    assert APIClient().get(url).status_code == 401


# --- tickets --------------------------------------------------------------------------------------
def test_tickets(api, gateway, start) -> None:
    reservation = make_reservation(scheduled_start=start, now=timezone.now())
    url = f"{BASE}reservations/{reservation.number}/tickets/"
    browser = api("sales").post(url, {"participant": "Ana", "access": "voip", "number": None})
    assert browser.status_code == 201
    assert set(browser.json()) == {
        "leg_id",
        "participant_id",
        "room",
        "pin",
        "token",
        "janus_url",
        "expires_at",
    }
    assert browser.json()["pin"] == reservation.pin
    toll = {"participant": "+34600111222", "access": "toll", "number": "+34910000000"}
    assert api("sales").post(url, toll).status_code == 403
    assert gateway.post(url, toll).status_code == 201
    assert gateway.get(f"{BASE}reservations/").status_code == 403
    not_booked = gateway.post(url, toll | {"access": "dial_out"})
    assert not_booked.json()["type"].endswith("/ticket-refused")
    assert gateway.post(url, toll | {"number": "abc"}).status_code == 400
    stored = LegTicket.objects.values_list("access", "number", "created_by")
    assert ("toll", "+34910000000", "gateway 1") in stored
    assert len(stored) == 2


def test_a_customers_own_gateway_reaches_its_reservations_only(start) -> None:
    own = make_reservation(scheduled_start=start, now=timezone.now())
    other = make_reservation(scheduled_start=start, now=timezone.now())
    _key, secret = MachineKey.objects.create_key(
        name="theirs", scopes=["tickets"], customer_number=own.customer.number
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    asked = {"participant": "Ana"}
    answers = [
        client.post(f"{BASE}reservations/{one.number}/tickets/", asked).status_code
        for one in (own, other)
    ]
    assert answers == [201, 404]
