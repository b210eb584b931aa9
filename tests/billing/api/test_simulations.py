"""Tariff cases over the API: digit for digit, wrong input told by pointers, nothing written."""

import json
from pathlib import Path

import pytest

from billing.models import Charge, Invoice, RatedLeg
from integration.models import Event, IdempotencyKey

pytestmark = pytest.mark.django_db

CASES = sorted((Path(__file__).parents[2] / "data" / "tariff").glob("*.json"))


def test_there_are_all_of_them():
    assert len(CASES) >= 49


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path, api):
    case = json.loads(path.read_bytes())
    answer = api("post", "billing/simulations/", case["input"])
    assert answer.status_code == 200, answer.content
    # As text: the order of keys and lists is part of the answer.
    assert json.dumps(answer.json()) == json.dumps(case["expected"])


def test_it_writes_nothing(api, django_assert_num_queries):
    case = json.loads(CASES[0].read_bytes())
    with django_assert_num_queries(3):  # the token, and the permissions of user and groups
        answer = api("post", "billing/simulations/", case["input"], **{"Idempotency-Key": "k-1"})
    assert answer.status_code == 200
    for model in (Charge, RatedLeg, Invoice, Event, IdempotencyKey):
        assert not model.objects.exists()


def test_wrong_input_is_told_by_pointers(api):
    case = json.loads((CASES[0].parent / "one-leg-whole-minutes.json").read_bytes())["input"]
    case["contract"]["currency"] = "EURO"
    case["contract"]["rates"][0]["price_per_minute"] = "0.1234567"
    case["contract"]["rates"][0]["first_increment"] = 0
    answer = api("post", "billing/simulations/", case)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "/problems/validation-error"
    assert {error["pointer"] for error in body["errors"]} == {
        "/contract/currency",
        "/contract/rates/0/price_per_minute",
        "/contract/rates/0/first_increment",
    }
    assert all(error["code"] and error["detail"] for error in body["errors"])


@pytest.mark.parametrize("body", [[], {}, 7, "text", None, {"contract": []}, {"period": 1e300}])
def test_what_is_no_case_is_refused(api, body):
    answer = api("post", "billing/simulations/", json.dumps(body))
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize(("role", "status"), [("sales", 200), ("auditor", 200), ("mailing", 403)])
def test_whoever_may_see_amounts_may_simulate(api_as, role, status):
    case = json.loads(CASES[0].read_bytes())
    assert api_as(role)("post", "billing/simulations/", case["input"]).status_code == status


def test_strangers_are_asked_to_log_in(client):
    answer = client.post("/api/v1/billing/simulations/", {}, content_type="application/json")
    assert answer.status_code == 401
