"""The customers' API: found, registered once, changed by version; refusals change nothing."""

import pytest
from knox.models import AuthToken

from customers.models import Customer, CustomerList
from customers.services import suspend_customer
from tests.factories.customers import NOW, make_customer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client):
    """Call the API as a salesperson with a token."""
    token = AuthToken.objects.create(make_user("sales"))[1]

    def call(method, path, body=None, **headers):
        return getattr(client, method)(
            f"/api/v1/{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Token {token}", "Accept-Language": "en", **headers},
        )

    return call


NEW = {
    "legal_name": "Industrias Meridiano, S.A.",
    "country": "ES",
    "tax_id": "b-58378431",
    "language": "es",
    "currency": "EUR",
    "timezone": "Europe/Madrid",
    "tags": ["vip"],
    "addresses": [
        {"kind": "billing", "line1": "Gran Vía 41", "city": "Bilbao", "country": "ES"},
    ],
    "contacts": [{"name": "Iñaki Otxoa", "role": "billing"}],
}


def test_a_customer_is_registered_and_read_back(api):
    made = api("post", "customers/", NEW)
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    assert made.headers["Location"].endswith(f"/api/v1/customers/{number}/")
    read = api("get", f"customers/{number}/")
    assert read.headers["ETag"] == made.headers["ETag"]
    body = read.json()
    assert body["tax_id"] == "B58378431"
    assert body["addresses"][0]["city"] == "Bilbao"
    assert body["contacts"][0]["name"] == "Iñaki Otxoa"
    assert body["status"] == "active"


def test_the_list_leaves_the_parts_out_and_filters(api):
    make_customer(legal_name="Fundación Ágora")
    make_customer(legal_name="Otra")
    page = api("get", "customers/?search=agora").json()
    assert [row["legal_name"] for row in page["results"]] == ["Fundación Ágora"]
    assert set(page) == {"next", "previous", "results"}
    assert "addresses" not in page["results"][0]


def test_a_known_tax_id_is_a_conflict_that_names_the_customer(api):
    known = make_customer(tax_id="B58378431")
    refused = api("post", "customers/", NEW)
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/tax-id-taken"
    assert refused.json()["customer"] == known.number
    assert Customer.objects.count() == 1


def test_what_is_wrong_is_pointed_at(api):
    refused = api(
        "post",
        "customers/",
        {**NEW, "tax_id": "B1", "addresses": [{"kind": "billing", "line1": "x", "country": "ES"}]},
    )
    assert refused.status_code == 400
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/addresses/0/city"]
    refused = api("post", "customers/", {**NEW, "tax_id": "B1"})
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/tax_id"]
    assert not Customer.objects.exists()


def test_a_change_needs_the_version_that_was_read(api):
    customer = make_customer()
    path = f"customers/{customer.number}/"
    etag = api("get", path).headers["ETag"]
    assert api("patch", path, {"phone": "1"}).status_code == 428
    changed = api("patch", path, {"phone": "1"}, **{"If-Match": etag})
    assert (changed.status_code, changed.json()["phone"]) == (200, "1")
    assert api("patch", path, {"phone": "2"}, **{"If-Match": etag}).status_code == 412
    customer.refresh_from_db()
    assert (customer.phone, customer.version) == ("1", 2)
    assert customer.addresses.count() == 1


def test_preferences_show_the_wishes_and_are_written_through_them(api):
    customer = make_customer()
    path = f"customers/{customer.number}/"
    read = api("get", path)
    assert read.json()["preferences"] == {"letters": True, "notices": True}
    change = {"preferences": {"letters": False, "paper": "thick"}}
    changed = api("patch", path, change, **{"If-Match": read.headers["ETag"]})
    assert changed.json()["preferences"] == {"letters": False, "notices": True, "paper": "thick"}
    assert api("get", path).json() == changed.json()
    stale = api("patch", path, {"phone": "1"}, **{"If-Match": read.headers["ETag"]})
    assert stale.status_code == 412
    refused = api("patch", path, {"preferences": {"letters": 1}}, **{"If-Match": "*"})
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/preferences"]


def test_a_list_is_saved_and_read_back(api):
    one, two = make_customer(), make_customer()
    body = {"name": "Feria", "origin": "import", "numbers": [two.number, one.number]}
    made = api("post", "customer-lists/", body)
    assert made.status_code == 201, made.content
    saved = made.json()
    assert made.headers["Location"].endswith(f"/api/v1/customer-lists/{saved['id']}/")
    assert saved.pop("created_by")
    assert saved.pop("created_at")
    assert saved == {"id": saved["id"], **body, "customers": 2}
    assert api("get", f"customer-lists/{saved['id']}/").json()["numbers"] == body["numbers"]
    [row] = api("get", "customer-lists/").json()["results"]
    assert (row["name"], row["customers"], "numbers" in row) == ("Feria", 2, False)


def test_a_list_of_strangers_is_refused_and_names_them(api):
    known = make_customer()
    refused = api("post", "customer-lists/", {"name": "x", "numbers": [known.number, "C-99999"]})
    assert refused.status_code == 400
    assert refused.json()["type"] == "/problems/unknown-customers"
    assert refused.json()["numbers"] == ["C-99999"]
    assert api("post", "customer-lists/", {"name": "x", "numbers": []}).status_code == 400
    assert api("post", "customer-lists/", {"name": " ", "numbers": [known.number]}).json()["errors"]
    assert not CustomerList.objects.exists()


def test_the_timeline_tells_all_departments_newest_first(api):
    customer = make_customer()
    suspend_customer(customer=customer, reason="Impagos", actor="eva", now=NOW)
    make_customer()
    page = api("get", f"customers/{customer.number}/timeline/").json()
    assert [(row["type"], row["title"], row["actor"]) for row in page["results"]] == [
        ("customer.suspended", "Customer suspended", "eva"),
        ("customer.registered", "Customer registered", "tests"),
    ]
    assert api("get", "customers/C-99999/timeline/").status_code == 404


def test_who_may_only_read_does_not_write(client):
    customer = make_customer()
    token = AuthToken.objects.create(make_user("auditor"))[1]
    headers = {"Authorization": f"Token {token}"}
    assert client.get("/api/v1/customers/", headers=headers).status_code == 200
    refused = client.post(
        "/api/v1/customers/", NEW, content_type="application/json", headers=headers
    )
    assert refused.status_code == 403
    assert Customer.objects.get() == customer
