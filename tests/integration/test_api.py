"""The feed of events and jobs over HTTP; tokens from the command line."""

import datetime as dt
import io
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from integration.models import Event, IdempotencyKey, MachineKey
from integration.services import (
    fail_job,
    forget_expired,
    issue_machine_key,
    record_event,
    remember_answer,
    report_progress,
    start_job,
)

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor():
    user = User.objects.create(username="ana")
    user.user_permissions.add(Permission.objects.get(codename="view_event"))
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=user.pk))
    return client


def types(response):
    return [event["type"] for event in response.json()["results"]]


def test_an_event_as_others_see_it(auditor):
    event = record_event(
        type="contract.activated",
        actor="nightly",
        customer_number="C-1",
        subject=("contract", "CT-1"),
        data={"to": "active"},
        now=NOON,
    )
    expected = {
        "id": event.event_id,
        "type": "contract.activated",
        "timestamp": "2026-11-24T12:00:00Z",
        "customer": "C-1",
        "subject": {"type": "contract", "id": "CT-1"},
        "actor": {"kind": "system", "name": "nightly"},
        "request_id": "",
        "data": {"to": "active"},
    }
    assert auditor.get("/api/v1/events/").json() == {
        "next": None,
        "previous": None,
        "results": [expected],
    }
    assert auditor.get(f"/api/v1/events/{event.event_id}/").json() == expected


def test_the_feed_goes_on_where_one_stopped(auditor):
    for word in "abcde":
        record_event(type=f"thing.{word}", customer_number="C-1" if word in "ace" else "C-2")
    first = auditor.get("/api/v1/events/", {"page_size": 2})
    assert types(first) == ["thing.a", "thing.b"]
    second = auditor.get(first.json()["next"])
    assert types(second) == ["thing.c", "thing.d"]
    last = auditor.get(second.json()["next"])
    assert types(last) == ["thing.e"]
    assert last.json()["next"] is None

    have = last.json()["results"][-1]["id"]
    assert types(auditor.get("/api/v1/events/", {"after": have})) == []
    record_event(type="thing.f")
    assert types(auditor.get("/api/v1/events/", {"after": have})) == ["thing.f"]

    of_customer = auditor.get("/api/v1/events/", {"customer": "C-1", "page_size": 2})
    assert types(of_customer) == ["thing.a", "thing.c"]
    assert types(auditor.get(of_customer.json()["next"])) == ["thing.e"]


@pytest.mark.parametrize("after", ["evt_none", "x", "1.5", "\0"])
def test_a_cursor_that_is_no_event(auditor, after):
    response = auditor.get("/api/v1/events/", {"after": after})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/after"


def test_events_are_for_whom_they_are_for():
    record_event(type="thing.a")
    client = APIClient()
    assert client.get("/api/v1/events/").status_code == 401
    client.force_authenticate(User.objects.create(username="berta"))
    assert client.get("/api/v1/events/").status_code == 403


def test_one_asks_how_far_a_job_is():
    ana, berta = User.objects.create(username="ana"), User.objects.create(username="berta")
    job = start_job(task="t", label="October", requested_by=ana, total=4, now=NOON)
    report_progress(job_id=job.pk, done=3, message="three of four", now=NOON)
    client = APIClient()
    client.force_authenticate(ana)
    url = f"/api/v1/jobs/{job.pk}/"
    assert client.get(url).json() == {
        "id": str(job.pk),
        "label": "October",
        "state": "running",
        "done": 3,
        "total": 4,
        "message": "three of four",
        "error": "",
        "result": {},
        "created_at": "2026-11-24T12:00:00Z",
        "started_at": "2026-11-24T12:00:00Z",
        "finished_at": None,
    }
    fail_job(job_id=job.pk, error="No paper.")
    assert client.get(url).json()["error"] == "No paper."
    assert len(client.get("/api/v1/jobs/?state=failed&state=done").json()["results"]) == 1
    assert client.get("/api/v1/jobs/?state=running").json()["results"] == []

    client.force_authenticate(berta)
    assert client.get(url).status_code == 404
    assert client.get("/api/v1/jobs/").json()["results"] == []
    assert client.get("/api/v1/jobs/nonsense/").status_code == 404


def test_the_command_prints_a_token_and_nothing_else():
    user = User.objects.create(username="ana")
    out = io.StringIO()
    call_command("apitoken", "ana", days=1, stdout=out)
    token = out.getvalue()
    assert re.fullmatch(r"[0-9a-f]{64}\n", token)
    client = APIClient(HTTP_AUTHORIZATION=f"Token {token.strip()}")
    assert client.get("/api/v1/jobs/").status_code == 200

    kept = AuthToken.objects.get(user=user)
    assert round((kept.expiry - kept.created) / dt.timedelta(days=1), 3) == 1
    assert token.strip() not in str(kept.__dict__)
    event = Event.objects.get()
    assert (event.type, event.subject_id, event.actor) == (
        "token.issued",
        "ana",
        "manage.py apitoken",
    )
    AuthToken.objects.update(expiry=timezone.now())
    assert client.get("/api/v1/jobs/").status_code == 401


@pytest.mark.parametrize(("name", "days"), [("nobody", None), ("gone", None), ("ana", 0)])
def test_the_command_refuses(name, days):
    User.objects.create(username="ana")
    User.objects.create(username="gone", is_active=False)
    with pytest.raises(CommandError):
        call_command("apitoken", name, days=days, stdout=io.StringIO())
    assert not AuthToken.objects.exists()


def test_a_machine_gets_a_key():
    key = issue_machine_key(name="gateway", scopes=["tickets"], customer_number="C-1")
    kept = MachineKey.objects.get()
    assert kept.is_valid(key)
    assert (kept.name, kept.scopes, kept.customer_number) == ("gateway", ["tickets"], "C-1")
    assert Event.objects.get().data == {"scopes": ["tickets"]}


def test_what_has_expired_is_forgotten(settings):
    settings.IDEMPOTENCY_KEY_HOURS = 1
    for key, now in (("old", NOON), ("new", NOON + dt.timedelta(minutes=1))):
        remember_answer(
            credential="c", key=key, request_hash="", status=200, headers={}, body=b"", now=now
        )
    user = User.objects.create(username="ana")
    AuthToken.objects.create(user, expiry=dt.timedelta(seconds=-1))
    AuthToken.objects.create(user)
    AuthToken.objects.filter(expiry__lt=timezone.now()).update(expiry=NOON)
    assert forget_expired(now=NOON + dt.timedelta(hours=1)) == 2
    assert [kept.key for kept in IdempotencyKey.objects.all()] == ["new"]
    assert AuthToken.objects.count() == 1
