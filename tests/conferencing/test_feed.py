"""The signed feed of call records, and conferences as the API tells of them."""

import datetime as dt
import json
from http import HTTPStatus
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from conferencing.models import CallRecord, Conference
from conferencing.services.bridge_secrets import bridge_secret, sign_call_record
from tests.factories.conferencing import make_bridge, make_record, make_reservation

pytestmark = pytest.mark.django_db
BASE = "/api/v1/"


def pointers(answer) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


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
