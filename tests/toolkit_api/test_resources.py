"""Lists, versions, money, moments, limits and names of requests."""

import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from customers.models import Customer
from integration.models import MachineKey
from toolkit.request_id import RequestIdFilter, request_context

URL = "/api/v1/customers/"
pytestmark = pytest.mark.django_db


def names(response):
    return [row["legal_name"] for row in response.json()["results"]]


def test_a_list_goes_on_by_cursor_and_back(client, customers):
    first = client.get(URL, {"ordering": "name", "page_size": 2})
    assert first.json() == {
        "next": first.json()["next"],
        "previous": None,
        "results": [
            {"number": "C-1", "legal_name": "Álamo"},
            {"number": "C-3", "legal_name": "Bravo"},
        ],
    }
    second = client.get(first.json()["next"])
    assert names(second) == ["Zinc"]
    assert second.json()["next"] is None
    back = client.get(second.json()["previous"])
    assert names(back) == ["Álamo", "Bravo"]
    assert back.json()["previous"] is None
    assert names(client.get(URL, {"ordering": "-name"})) == ["Zinc", "Bravo", "Álamo"]
    assert names(client.get(URL)) == ["Álamo", "Zinc", "Bravo"]


def test_a_cursor_belongs_to_its_order(client, customers):
    first = client.get(URL, {"page_size": 1})
    response = client.get(first.json()["next"] + "&ordering=-number")
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/cursor"


def test_a_list_is_filtered(client, customers):
    Customer.objects.filter(number="C-2").update(status="suspended")
    assert names(client.get(URL, {"status": "suspended"})) == ["Zinc"]


def test_a_detail_carries_its_version(client, customers):
    response = client.get(f"{URL}C-1/")
    assert response["ETag"] == f'"{customers[0].pk}-1"'
    assert response["Cache-Control"] == "private, no-store"
    assert {"Authorization", "Cookie", "Accept-Language"} <= set(response["Vary"].split(", "))
    body = response.json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body.pop("created_at"))
    assert body == {"number": "C-1", "legal_name": "Álamo", "status": "active", "notes": "long"}


def test_money_is_absent_without_the_permission(client, user, customers):
    assert "balance" not in client.get(f"{URL}C-1/").json()
    user.user_permissions.add(Permission.objects.get(codename="export_customer"))
    client.force_authenticate(User.objects.get(pk=user.pk))
    assert client.get(f"{URL}C-1/").json()["balance"] == "1.00"


def test_a_new_object_says_where_it_is(client):
    response = client.post(URL, {"legal_name": "New"})
    assert response.status_code == 201
    assert response["Location"] == "http://testserver/api/v1/customers/C-9/"
    assert response["ETag"] == client.get(response["Location"])["ETag"]
    assert response.json()["legal_name"] == "New"


def test_a_change_needs_the_version(client, customers):
    etag = client.get(f"{URL}C-1/")["ETag"]
    missing = client.patch(f"{URL}C-1/", {"legal_name": "X"})
    assert (missing.status_code, missing.json()["type"]) == (428, "/problems/precondition-required")

    changed = client.patch(f"{URL}C-1/", {"legal_name": "Two"}, HTTP_IF_MATCH=etag)
    assert (changed.status_code, changed.json()["legal_name"]) == (200, "Two")
    assert changed["ETag"] == f'"{customers[0].pk}-2"'

    for stale in (etag, f"W/{changed['ETag']}", "nonsense", ""):
        refused = client.patch(f"{URL}C-1/", {"legal_name": "Three"}, HTTP_IF_MATCH=stale)
        assert refused.status_code == 412
        assert refused.json()["type"] == "/problems/precondition-failed"
    assert Customer.objects.get(number="C-1").legal_name == "Two"

    assert client.delete(f"{URL}C-1/").status_code == 428
    assert client.delete(f"{URL}C-1/", HTTP_IF_MATCH=etag).status_code == 412
    assert client.delete(f"{URL}C-1/", HTTP_IF_MATCH=f'"x", {changed["ETag"]}').status_code == 204
    assert not Customer.objects.filter(number="C-1").exists()
    assert client.delete(f"{URL}C-2/", HTTP_IF_MATCH="*").status_code == 204


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_changes_one_wins(user, customers):
    etag = f'"{customers[0].pk}-1"'
    start = threading.Barrier(8)

    def change(n: int) -> int:
        try:
            client = APIClient()
            client.force_authenticate(user)
            start.wait(10)
            body = {"legal_name": f"By {n}"}
            return client.patch(f"{URL}C-1/", body, HTTP_IF_MATCH=etag).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(change, range(8)))
    assert answers == [200] + [412] * 7
    assert Customer.objects.get(number="C-1").version == 2


def test_money_has_the_decimals_of_its_currency(client):
    rows = client.get("/api/v1/money/").json()
    assert rows == [
        {"net": "1234.50", "price": "0.012500"},
        {"net": "1235", "price": "0.012500"},
        {"net": "1234.500", "price": "0.012500"},
    ]


@pytest.mark.parametrize("value", [1, 1.5, "1,5", "1.0000001", "1e3", "NaN", " 1", None])
def test_what_is_no_money(client, value):
    response = client.post(f"{URL}sum/", {"legal_name": "X", "credit": value})
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == ["/credit"]


def test_money_is_read_exactly(client):
    response = client.post(f"{URL}sum/", {"legal_name": "X", "credit": "-0.000001"})
    assert response.json() == {"credit": "-0.000001"}


def test_a_machine_may_do_what_its_scopes_say(customers):
    _key, secret = MachineKey.objects.create_key(name="gateway", scopes=["customers"])
    machine = APIClient(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    assert machine.get(URL).status_code == 200
    assert machine.get(f"{URL}C-1/").status_code == 403
    MachineKey.objects.update(scopes=["other"])
    assert machine.get(URL).status_code == 403
    MachineKey.objects.update(revoked=True)
    assert machine.get(URL).status_code == 401


def test_the_rate_is_told_and_kept(client, settings, monkeypatch):
    monkeypatch.setattr("toolkit.limits.time.time", lambda: 120_010)
    settings.API_RATE_LIMITS = {"user": "2/minute"}
    answers = [client.get(URL) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"2"}
    assert answers[2]["X-RateLimit-Reset"] == answers[2]["Retry-After"] == "50"
    assert answers[2].json()["type"] == "/problems/too-many-requests"

    monkeypatch.setattr("toolkit.limits.time.time", lambda: 120_060)
    assert client.get(URL).status_code == 200


def test_a_dead_cache_stops_nobody(client, monkeypatch):
    def dead(*_args, **_kwargs):
        raise RedisConnectionError

    monkeypatch.setattr(cache, "add", dead)
    response = client.get(URL)
    assert response.status_code == 200
    assert "X-RateLimit-Limit" not in response


@pytest.mark.parametrize("given", ["abc-1", "a" * 64])
def test_a_request_keeps_its_name(client, given):
    assert client.get(URL, headers={"x-request-id": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, "a\nb"])
def test_a_request_gets_a_name(client, given):
    assert re.fullmatch(
        r"req_[0-9a-f]{32}", client.get(URL, headers={"x-request-id": given})["X-Request-ID"]
    )


def test_a_log_line_names_the_request():
    def record(**given):
        made = logging.makeLogRecord(given)
        assert RequestIdFilter().filter(made)
        return made.request_id

    with request_context("req_1"):
        assert record() == "req_1"
    assert record() == "-"
    request = RequestFactory().get("/")
    request.request_id = "req_2"
    assert record(request=request) == "req_2"
