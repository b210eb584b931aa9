"""The same POST again acts once, whatever happens in between."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection, connections
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from integration.models import Event, IdempotencyKey

from . import views

URL = "/api/v1/effect/"


@pytest.fixture(autouse=True)
def _test_urls(settings):
    settings.ROOT_URLCONF = "tests.integration.views"
    cache.clear()
    views.committed.clear()
    views.entered.clear()
    views.go_on.clear()


@pytest.fixture
def user(db):
    return User.objects.create(username="ana")


@pytest.fixture
def token(user):
    _kept, token = AuthToken.objects.create(user)
    return token


def caller(token):
    return APIClient(
        raise_request_exception=False,
        HTTP_AUTHORIZATION=f"Token {token}",
        HTTP_ACCEPT_LANGUAGE="en",
    )


def post(client, body=None, key="k-1", url=URL):
    return client.post(url, body or {}, HTTP_IDEMPOTENCY_KEY=key)


def test_the_same_again_gets_the_same_answer(token, django_capture_on_commit_callbacks):
    client = caller(token)
    with django_capture_on_commit_callbacks(execute=True):
        first = post(client, {"a": 1})
        second = post(client, {"a": 1})
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first["Location"] == second["Location"]
    assert first["Content-Type"] == second["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert second["X-Request-ID"] != first["X-Request-ID"]
    event = Event.objects.get()
    assert views.committed == [event.event_id]


def test_another_body_is_refused(token):
    client = caller(token)
    post(client, {"a": 1})
    for url, body in ((URL, {"a": 2}), (f"{URL}?x=1", {"a": 1})):
        response = post(client, body, url=url)
        assert response.status_code == 422
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["type"] == "/problems/idempotency-key-reused"
    assert Event.objects.count() == 1


def test_another_key_or_none_acts_again(token):
    client = caller(token)
    post(client, key="k-1")
    post(client, key="k-2")
    client.post(URL, {})
    client.post(URL, {})
    assert Event.objects.count() == 4


def test_a_key_belongs_to_its_credential(token, user):
    _kept, other_token = AuthToken.objects.create(user)
    _kept, others_token = AuthToken.objects.create(User.objects.create(username="berta"))
    answers = {post(caller(one)).json()["id"] for one in (token, other_token, others_token)}
    assert len(answers) == 3
    assert Event.objects.count() == 3


def test_a_refusal_is_kept_and_leaves_nothing_behind(token):
    client = caller(token)
    first, second = post(client, {"how": "refuse"}), post(client, {"how": "refuse"})
    assert first.status_code == second.status_code == 409
    assert first.content == second.content
    assert second["Content-Type"] == "application/problem+json"
    assert second["Idempotency-Replayed"] == "true"
    assert not Event.objects.exists()
    assert views.committed == []


def test_a_fault_is_undone_and_not_kept(token):
    client = caller(token)
    assert post(client, {"how": "fault"}).status_code == 500
    assert not Event.objects.exists()
    assert not IdempotencyKey.objects.exists()
    again = post(client, {"how": "fault"})
    assert again.status_code == 500
    assert "Idempotency-Replayed" not in again


def test_a_body_that_is_no_json_is_kept_too(token):
    client = caller(token)
    answers = [
        client.generic("POST", URL, b"{", "application/json", HTTP_IDEMPOTENCY_KEY="k")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[1]["Idempotency-Replayed"] == "true"


def test_what_was_taken_away_opens_no_old_answer(user, token):
    user.user_permissions.add(Permission.objects.get(codename="view_event"))
    client = caller(token)
    assert post(client, url="/api/v1/guarded/").status_code == 201
    user.user_permissions.clear()
    assert post(client, url="/api/v1/guarded/").status_code == 403
    AuthToken.objects.all().delete()
    response = post(client, url="/api/v1/guarded/")
    assert response.status_code == 401
    assert "Idempotency-Replayed" not in response
    assert Event.objects.count() == 1


def test_a_refused_caller_leaves_no_key(token):
    assert post(caller(token), url="/api/v1/guarded/").status_code == 403
    assert post(caller("wrong")).status_code == 401
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize(
    "url", ["/api/v1/ignoring/", "/elsewhere/effect/"], ids=["ignoring", "elsewhere"]
)
def test_where_a_key_has_no_meaning(token, url):
    client = caller(token)
    for _ in range(2):
        response = post(client, url=url)
        assert response.status_code == 201
        assert "Idempotency-Replayed" not in response
    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_a_stranger_has_no_keys():
    client = APIClient()
    for _ in range(2):
        assert post(client, url="/api/v1/open/").status_code == 201
    assert Event.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "ñ", "x" * 256])
def test_a_key_that_is_none(token, key):
    response = post(caller(token), key=key)
    assert response.status_code == 400
    assert response.json()["type"] == "/problems/invalid-idempotency-key"
    assert not Event.objects.exists()


def test_a_key_expires(token):
    client = caller(token)
    first = post(client)
    IdempotencyKey.objects.update(expires_at=timezone.now())
    second = post(client)
    assert first.json() != second.json()
    assert post(client).json() == second.json()
    assert Event.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_running(token):
    def first():
        try:
            return post(caller(token), {"how": "wait"})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert views.entered.wait(10)
        second = post(caller(token), {"how": "wait"})
        assert second.status_code == 409
        assert second.json()["type"] == "/problems/idempotency-key-in-use"
        assert post(caller(token), {}, key="k-2").status_code == 201
        views.go_on.set()
        assert running.result(10).status_code == 201
    third = post(caller(token), {"how": "wait"})
    assert third.status_code == 201
    assert third["Idempotency-Replayed"] == "true"
    assert Event.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_act_once(token):
    start = threading.Barrier(50)

    def one(_n):
        try:
            client = caller(token)
            start.wait(30)
            response = post(client, {"a": 1})
            return response.status_code, response.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))
    made = {content for status, content in answers if status == 201}
    assert len(made) == 1
    assert {status for status, _content in answers} <= {201, 409}
    assert Event.objects.count() == 1
    assert len(views.committed) == 1

    again = post(caller(token), {"a": 1})
    assert again.content in made


KILLED = """
import os, sys, django
django.setup()
from django.conf import settings
settings.ROOT_URLCONF = "tests.integration.views"
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from rest_framework.test import APIClient
from tests.integration import views
views.entered.set = lambda: print("in the middle", flush=True)
views.go_on.wait = lambda _seconds: __import__("time").sleep(60)
APIClient(HTTP_AUTHORIZATION="Token " + sys.argv[2]).post(
    "/api/v1/effect/", {"how": "wait"}, HTTP_IDEMPOTENCY_KEY="k-1"
)
"""


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_and_tried_again(token):
    database = connection.settings_dict["NAME"]
    with subprocess.Popen(  # noqa: S603 (our own words)
        [sys.executable, "-c", KILLED, database, token],
        stdout=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "bpi_portal.settings"},
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        assert post(caller(token), {"how": "wait"}).status_code == 409
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert not Event.objects.exists()

    views.go_on.set()
    deadline = time.monotonic() + 10
    while (response := post(caller(token), {"how": "wait"})).status_code == 409:
        assert time.monotonic() < deadline  # the server notices the broken connection
        time.sleep(0.05)
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response
    assert Event.objects.count() == 1
