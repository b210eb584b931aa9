"""REST of reservations, tickets, conferences, and the signed feed of call records."""

import datetime as dt
import json
from http import HTTPStatus
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from conferencing.models import CallRecord, Conference, LegTicket, Reservation
from conferencing.services.bridge_secrets import bridge_secret, sign_call_record
from customers.services import suspend_customer
from integration.models import MachineKey
from tests.factories.conferencing import make_bridge, make_record, make_reservation
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
BASE = "/api/v1/"


@pytest.fixture
def api(user_of):
    """Return a function: a client with the token of a role."""

    def make(role: str) -> APIClient:
        client = APIClient()
        token = AuthToken.objects.create(user=user_of(role))[1]
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}", HTTP_ACCEPT_LANGUAGE="en")
        return client

    return make


@pytest.fixture
def gateway():
    _key, secret = MachineKey.objects.create_key(name="gateway 1", scopes=["tickets"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    return client


@pytest.fixture
def start() -> dt.datetime:
    day = timezone.now() + dt.timedelta(days=1)
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


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


# --- call records ---------------------------------------------------------------------------------
def send(
    bridge, record: Any, *, now=None, message_id="msg_1", slug="", body=None, **changed: str
) -> Any:
    signed, headers = sign_call_record(
        bridge=bridge, record=record, message_id=message_id, now=now or timezone.now()
    )
    return APIClient().post(
        f"{BASE}bridges/{slug or bridge.slug}/call-records/",
        data=body if body is not None else signed,
        content_type="application/json",
        headers=headers | {name.replace("_", "-"): value for name, value in changed.items()},
    )


def test_a_signed_record_is_taken_once(start) -> None:
    reservation = make_reservation(scheduled_start=start, now=timezone.now())
    bridge = reservation.bridge
    record = make_record(reservation)
    first = send(bridge, record)
    assert first.status_code == HTTPStatus.CREATED
    conference = Conference.objects.get()
    assert first.json() == {
        "call_id": record["call_id"],
        "version": 1,
        "outcome": "new",
        "conference": str(conference.pk),
        "reservation": reservation.number,
        "orphan": False,
    }
    assert send(bridge, record).status_code == HTTPStatus.OK
    assert CallRecord.objects.count() == 1
    corrected = send(bridge, record | {"legs": record["legs"][:1]}, message_id="msg_2")
    assert (corrected.status_code, corrected.json()["version"]) == (HTTPStatus.CREATED, 2)
    unknown = send(bridge, make_record(), message_id="msg_3")
    assert unknown.status_code == HTTPStatus.ACCEPTED
    assert unknown.json()["orphan"] is True


def test_nothing_is_taken_without_the_bridges_own_signature(start) -> None:
    reservation = make_reservation(scheduled_start=start, now=timezone.now())
    bridge, other = reservation.bridge, make_bridge()
    record = make_record(reservation)
    old = timezone.now() - dt.timedelta(minutes=6)
    refused = [
        send(bridge, record, now=old),
        send(bridge, record, now=timezone.now() + dt.timedelta(minutes=6)),
        send(bridge, record, slug=other.slug),
        send(bridge, record, slug="none-such"),
        send(bridge, record, body=json.dumps(record | {"call_id": "forged"})),
        send(bridge, record, body=b"\xff\xfe"),
        send(bridge, record, webhook_signature="v1,AAAA"),
        send(bridge, record, webhook_signature="nonsense"),
        send(bridge, record, webhook_timestamp="nan"),
        send(bridge, record, webhook_id="another"),
        APIClient().post(f"{BASE}bridges/{bridge.slug}/call-records/", record, format="json"),
    ]
    for answer in refused:
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["type"].endswith("/bad-signature")
    bridge.secret_version += 1
    bridge.save()
    assert not CallRecord.objects.exists()
    assert send(bridge, record).status_code == HTTPStatus.CREATED


def test_bad_records_are_told_what_is_wrong() -> None:
    bridge = make_bridge()
    for record, expected in [
        ([1, 2], [("", "invalid")]),
        ("text", [("", "invalid")]),
        (make_record(call_id=""), [("/call_id", "required")]),
        (
            make_record(legs=[{"id": "x"}]),
            [("/legs/0/answered_at", "required"), ("/legs/0/ended_at", "required")],
        ),
    ]:
        answer = send(bridge, record)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert pointers(answer) == expected
    odd = make_record() | {"note": "\0", "more": {"deep": "\ud800"}}
    assert send(bridge, odd).status_code == 400
    assert not CallRecord.objects.exists()
    assert not Conference.objects.exists()


def test_the_bridges_key_is_printed(capsys) -> None:
    bridge = make_bridge()
    call_command("bridgesecret", bridge.slug)
    printed = capsys.readouterr().out.strip()
    assert printed == bridge_secret(bridge)
    assert printed.startswith("whsec_")
    with pytest.raises(CommandError, match="There is no bridge"):
        call_command("bridgesecret", "none-such")


# --- conferences ----------------------------------------------------------------------------------
def test_conferences_tell_how_each_time_is_known(api, start, django_assert_max_num_queries) -> None:
    reservation = make_reservation(scheduled_start=start, now=timezone.now())
    record = make_record(reservation)
    made = send(reservation.bridge, record).json()
    client = api("billing")
    with django_assert_max_num_queries(15):
        rows = client.get(f"{BASE}conferences/", {"customer": reservation.customer.number}).json()
    [row] = rows["results"]
    assert "legs" not in row
    detail = client.get(f"{BASE}conferences/{made['conference']}/").json()
    assert detail["state"] == "ended"
    assert detail["reservation"] == reservation.number
    assert detail["legs"][0] == {
        "id": record["legs"][0]["id"],
        "participant": record["legs"][0]["participant"],
        "access": "voip",
        "number": None,
        "answered_at": start.isoformat().replace("+00:00", "Z"),
        "answered_how": "record",
        "ended_at": (start + dt.timedelta(minutes=10)).isoformat().replace("+00:00", "Z"),
        "ended_how": "record",
        "estimated": False,
        "without_ticket": False,
    }
    assert client.get(f"{BASE}conferences/nonsense/").status_code == 404
    assert api("mailing").get(f"{BASE}conferences/").status_code == 403
