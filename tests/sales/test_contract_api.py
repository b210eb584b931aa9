"""Contracts and rates over the REST API."""

import csv
import io
import json

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from integration.models import Event
from sales.models import Contract
from tests.factories.customers import make_customer
from tests.factories.sales import a_rate, draft, make_contract
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/contracts/"


def client_of(*roles):
    client = APIClient()
    client.force_authenticate(make_user(*roles))
    return client


@pytest.fixture
def sales():
    return client_of("sales")


def body(customer, **fields):
    return {
        "customer": customer.number,
        "billing": "monthly",
        "vat_category": "domestic",
        "currency": "EUR",
        "timezone": "Europe/Madrid",
        "start": "2026-01-01",
        "rates": [a_rate()],
        **fields,
    }


def pointers(response):
    assert response["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def test_a_contract_is_drafted_read_and_put_in_force(sales):
    customer = make_customer()
    peak = {"weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "20:00"}
    given = body(customer, peak=peak, fees={"setup": "5"}, payment_days=15, issue="automatic")
    created = sales.post(URL, given)
    assert created.status_code == 201
    contract = created.json()
    address = f"{URL}{contract['number']}/"
    assert created["Location"] == f"http://testserver{address}"
    assert contract == {
        "number": contract["number"],
        "customer": customer.number,
        "status": "draft",
        "version": 1,
        "billing": "monthly",
        "issue": "automatic",
        "payment_days": 15,
        "vat_category": "domestic",
        "notes": "",
        "currency": "EUR",
        "timezone": "Europe/Madrid",
        "start": "2026-01-01",
        "end": None,
        "holidays": [],
        "included_minutes": 0,
        "included_access": [],
        "tiers": [],
        "fees": {"setup": "5"},
        "peak": peak,
        "rates": [a_rate()],
    }
    assert sales.get(address).json() == contract
    active = sales.post(f"{address}activate/")
    assert active.status_code == 200
    assert active.json() == contract | {"status": "active", "version": 2}
    assert active["ETag"] == sales.get(address)["ETag"] != created["ETag"]
    assert Event.objects.filter(type="contract.activated", actor_kind="user").exists()


def test_wrong_input_is_told_by_pointers_and_writes_nothing(sales):
    given = body(make_customer(), currency="XXX", rates=[a_rate(price_per_minute="0.0000001")])
    refused = sales.post(URL, given | {"fees": {"setup_fee": "1"}, "billing": "weekly"})
    assert refused.status_code == 400
    assert refused.json()["type"] == "/problems/validation-error"
    assert set(pointers(refused)) == {
        ("/currency", "unknown_currency"),
        ("/rates/0/price_per_minute", "too_many_decimals"),
        ("/fees/setup_fee", "unknown_field"),
        ("/billing", "invalid_choice"),
    }
    assert not Contract.objects.exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ("", "not_an_object")),
        ("text", ("", "not_an_object")),
        ({}, ("/customer", "required")),
        ({"customer": "C-none"}, ("/customer", "not_found")),
        ({"customer": {"number": 1}}, ("/customer", "not_found")),
        ({"billing": None}, ("/billing", "required")),
        ({"rates": {}}, ("/rates", "not_a_list")),
        ({"rates": [1]}, ("/rates/0", "not_an_object")),
        ({"peak": 8}, ("/peak", "not_an_object")),
        ({"tiers": [[]]}, ("/tiers/0", "not_an_object")),
        ({"notes": 5}, ("/notes", "not_text")),
        ({"notes": "\0"}, ("/notes", "invalid_characters")),
        ({"start": 20260101}, ("/start", "invalid_date")),
        ({"included_access": "toll"}, ("/included_access", "not_a_list")),
        ({"included_access": [{}]}, ("/included_access/0", "invalid_choice")),
        ({"billing": ["monthly"]}, ("/billing", "invalid_choice")),
        ({"a/b~": "1"}, ("/a~1b~0", "unknown_field")),
    ],
)
def test_odd_json_is_never_a_fault_of_ours(sales, given, expected):
    sent = body(make_customer()) | given if isinstance(given, dict) and given else given
    refused = sales.post(URL, sent)
    assert refused.status_code == 400
    assert expected in pointers(refused)
    assert not Contract.objects.exists()


def test_what_is_missing_is_named(sales):
    refused = sales.post(URL, {"customer": make_customer().number})
    missing = ("currency", "timezone", "start", "billing", "vat_category")
    assert set(pointers(refused)) == {(f"/{name}", "required") for name in missing}


def test_a_draft_is_patched_with_its_etag(sales):
    contract = draft()
    address = f"{URL}{contract.number}/"
    assert sales.patch(address, {"payment_days": 10}).status_code == 428
    etag = sales.get(address)["ETag"]
    patched = sales.patch(address, {"payment_days": 10, "peak": None}, headers={"If-Match": etag})
    assert patched.status_code == 200
    assert (patched.json()["payment_days"], patched.json()["version"]) == (10, 2)
    stale = sales.patch(address, {"payment_days": 20}, headers={"If-Match": etag})
    assert stale.status_code == 412
    other = {"customer": make_customer().number, "payment_days": 5}
    moved = sales.patch(address, other, headers={"If-Match": patched["ETag"]})
    assert (moved.status_code, pointers(moved)) == (400, [("/customer", "immutable")])
    contract.refresh_from_db()
    assert contract.payment_days == 10


def test_a_contract_in_force_is_not_patched_nor_deleted(sales):
    contract = make_contract()
    address = f"{URL}{contract.number}/"
    headers = {"If-Match": sales.get(address)["ETag"]}
    for refused in (
        sales.patch(address, {"payment_days": 10}, headers=headers),
        sales.delete(address, headers=headers),
        sales.post(f"{address}activate/"),
    ):
        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/contract-not-draft"
    contract.refresh_from_db()
    assert (contract.payment_days, contract.version) == (30, 2)


def test_a_draft_is_deleted(sales):
    contract = draft()
    address = f"{URL}{contract.number}/"
    headers = {"If-Match": sales.get(address)["ETag"]}
    assert sales.delete(address, headers=headers).status_code == 204
    assert not Contract.objects.exists()


def test_overlap_is_a_conflict_that_names_the_other_contract(sales):
    first = make_contract()
    second = draft(first.customer)
    refused = sales.post(f"{URL}{second.number}/activate/")
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/contract-overlaps"
    assert refused.json()["contract"] == first.number


def test_a_rate_is_extended_from_a_day(sales):
    contract = make_contract(timezone="Pacific/Kiritimati")
    address = f"{URL}{contract.number}/"
    rate = a_rate(valid_from="2030-01-01", price_per_minute="0.05")
    answer = sales.post(f"{address}rates/", rate)
    assert answer.status_code == 201
    assert answer.json() == {"contract": contract.number, "version": 3, **rate}
    detail = sales.get(address).json()
    assert [(r["valid_from"], r["valid_to"]) for r in detail["rates"]] == [
        ("2026-01-01", "2030-01-01"),
        ("2030-01-01", None),
    ]
    assert detail["version"] == 3
    past = sales.post(f"{address}rates/", a_rate(valid_from="2026-02-01", price_per_minute="1"))
    assert (past.status_code, pointers(past)) == (400, [("/valid_from", "in_the_past")])
    nothing = sales.post(f"{address}rates/", {})
    assert set(pointers(nothing)) == {
        ("/valid_from", "required"),
        ("/access", "required"),
        ("/price_per_minute", "required"),
    }


def test_a_contract_is_terminated(sales):
    contract = make_contract()
    address = f"{URL}{contract.number}/terminate/"
    assert pointers(sales.post(address, {"end": "soon"})) == [("/end", "invalid")]
    assert pointers(sales.post(address, {"end": "2026-02-01"})) == [("/end", "in_the_past")]
    answer = sales.post(address, {"end": "2030-01-01"})
    assert (answer.status_code, answer.json()["end"]) == (200, "2030-01-01")


def test_lists_omit_rates_and_filter_as_the_screen_does(sales):
    bilbao = make_customer(legal_name="Cañón y Ágora, S.A.")
    first = make_contract(bilbao, end="2026-06-01")
    second = draft(bilbao)
    make_contract()

    def numbers(**parameters):
        return {row["number"] for row in sales.get(URL, parameters).json()["results"]}

    assert "rates" not in sales.get(URL).json()["results"][0]
    assert len(numbers()) == 3
    assert numbers(customer=bilbao.number) == {first.number, second.number}
    assert numbers(search="canon agora") == {first.number, second.number}
    assert numbers(search=first.number) == {first.number}
    assert numbers(customer=bilbao.number, status="draft") == {second.number}
    assert numbers(customer=bilbao.number, on="2026-05-31") == {first.number}
    assert numbers(customer=bilbao.number, on="2026-06-01") == set()
    assert numbers(ends_before="2026-06-02") == {first.number}
    wrong = sales.get(URL, {"status": "gone"})
    assert (wrong.status_code, wrong.json()["type"]) == (400, "/problems/invalid-parameter")


def test_the_api_list_asks_few_questions(sales, django_assert_max_num_queries):
    customer = make_customer()
    for _number in range(8):
        draft(customer)
    with django_assert_max_num_queries(4):
        assert len(sales.get(URL).json()["results"]) == 8


def test_rates_in_force_on_a_day(sales):
    contract = make_contract(end="2027-01-01")
    url = f"/api/v1/customers/{contract.customer.number}/rates/"
    page = sales.get(url, {"on": "2026-11-24"}).json()
    assert page == {
        "customer": contract.customer.number,
        "on": "2026-11-24",
        "next": None,
        "previous": None,
        "results": [
            {
                "contract": contract.number,
                "version": 1,
                "currency": "EUR",
                **a_rate(valid_to="2027-01-01"),
            }
        ],
    }
    assert sales.get(url, {"on": "2025-12-31"}).json()["results"] == []
    assert "results" in sales.get(url).json()
    assert pointers(sales.get(url, {"on": "24/11/2026"})) == [("/on", "invalid")]
    assert pointers(sales.get(url, {"export": "doc"})) == [("/export", "invalid")]
    assert sales.get("/api/v1/customers/C-none/rates/").status_code == 404
    assert not Event.objects.filter(type="rates.downloaded").exists()


def test_rates_are_downloaded_and_that_is_recorded():
    contract = make_contract()
    url = f"/api/v1/customers/{contract.customer.number}/rates/"
    billing = client_of("billing")
    query = {"on": "2026-11-24", "export": "csv"}
    answer = billing.get(url, query, headers={"Accept": "text/csv", "Accept-Language": "en"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == (
        f'attachment; filename="rates-{contract.customer.number}-2026-11-24.csv"'
    )
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert dict(zip(head, row, strict=True)) == {
        "Contract": contract.number,
        "Version": "1",
        "Access": "Toll",
        "Number prefix": "",
        "Hours": "Any hour",
        "Valid from": "2026-01-01",
        "Valid to (exclusive)": "",
        "Currency": "EUR",
        "Price per minute": "0.060000",
        "First increment (s)": "60",
        "Next increments (s)": "60",
        "Minimum (s)": "0",
        "Connection fee": "0.000000",
    }
    event = Event.objects.get(type="rates.downloaded")
    assert event.customer_number == contract.customer.number
    assert event.data == {"on": "2026-11-24", "format": "csv"}
    assert event.actor.startswith("billing")


@pytest.mark.parametrize("role", ["reservations", "mailing"])
def test_those_without_the_permission_see_no_prices(role):
    contract = make_contract()
    client = client_of(role)
    for url in (
        URL,
        f"{URL}{contract.number}/",
        f"/api/v1/customers/{contract.customer.number}/rates/",
        f"/api/v1/customers/{contract.customer.number}/rates/?export=csv",
    ):
        assert client.get(url).status_code == 403
    assert not Event.objects.filter(type="rates.downloaded").exists()


def test_money_is_absent_for_those_who_may_not_see_it():
    contract = make_contract(commitment="10", fees={"setup": "1"})
    user = make_user()
    seeing = Permission.objects.filter(
        codename__in=["view_contract", "view_customer", "download_rates"]
    )
    user.user_permissions.set(seeing)
    client = APIClient()
    client.force_authenticate(user)
    detail = client.get(f"{URL}{contract.number}/").json()
    money = {"fees", "commitment", "monthly_fee"}
    assert not money & set(detail)
    assert not money & set(client.get(URL).json()["results"][0])
    url = f"/api/v1/customers/{contract.customer.number}/rates/"
    (rate,) = client.get(url).json()["results"]
    for row in (rate, *detail["rates"]):
        assert row["access"] == "toll"
        assert not {"price_per_minute", "connection_fee"} & set(row)
    assert client.get(f"{url}?export=csv").status_code == 403


@pytest.mark.parametrize("role", ["billing", "auditor", "reservations"])
def test_only_sales_changes_contracts(role):
    contract = draft()
    client = client_of(role)
    address = f"{URL}{contract.number}/"
    for refused in (
        client.post(URL, body(contract.customer)),
        client.patch(address, {"notes": "x"}),
        client.delete(address),
        client.post(f"{address}activate/"),
        client.post(f"{address}rates/", a_rate(valid_from="2026-05-01")),
        client.post(f"{address}terminate/", {"end": "2030-01-01"}),
    ):
        assert refused.status_code == 403
    contract.refresh_from_db()
    assert (Contract.objects.count(), contract.status, contract.version) == (1, "draft", 1)


def test_the_answer_to_get_can_be_posted_again(sales):
    contract = make_contract(peak={"weekdays": [1], "from": "08:00", "to": "24:00"})
    read = sales.get(f"{URL}{contract.number}/").json()
    again = sales.post(URL, json.loads(json.dumps(read)))
    assert again.status_code == 201
    own = ("number", "status", "version")
    assert {k: v for k, v in again.json().items() if k not in own} == {
        k: v for k, v in read.items() if k not in own
    }
