"""Invoices over the API: found, read, issued, explained, paid; refusals change nothing."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from billing.models import Invoice, Payment
from integration.models import Event
from tests.billing.world import make_draft, make_issued, make_issuer_once, pay
from tests.factories.customers import make_customer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db


def test_a_list_has_no_lines_and_all_that_api_md_promises(api):
    invoice = make_issued()
    row = api("get", "invoices/").json()["results"][0]
    assert row.pop("status") in {"open", "overdue"}  # whatever day it is today
    assert row == {
        "id": invoice.pk,
        "number": invoice.number,
        "kind": "invoice",
        "customer": invoice.customer.number,
        "contract": invoice.contract.number,
        "conference": None,
        "period": "2026-11",
        "currency": "EUR",
        "language": "es",
        "net": "3.75",
        "vat": "0.79",
        "total": "4.54",
        "issued_on": "2026-11-24",
        "due_on": "2026-12-24",
        "paid": "0.00",
        "credited": "0.00",
        "balance": "4.54",
    }


def test_a_detail_has_lines_taxes_and_payments(api):
    invoice = make_issued()
    pay(invoice, "1.54", reference="T-1")
    answer = api("get", f"invoices/{invoice.pk}/")
    assert answer.headers["ETag"]
    body = answer.json()
    assert (body["paid"], body["balance"]) == ("1.54", "3.00")
    assert body["lines"][0] == {
        "id": body["lines"][0]["id"],
        "kind": "setup",
        "description": body["lines"][0]["description"],
        "conference": str(invoice.lines.first().conference_id),
        "title": "Junta semanal",
        "held_at": "2026-11-10T10:00:00Z",
        "period": "2026-11",
        "reference": "PRJ-7",
        "quantity": None,
        "net": "1.25",
        "vat_category": "domestic",
        "vat_percent": "21.000000",
        "adjusts": None,
        "credits": None,
        "replaces": None,
    }
    assert sum(Decimal(line["net"]) for line in body["lines"]) == invoice.net
    assert body["taxes"] == [
        {
            "category": "domestic",
            "percent": "21.000000",
            "base": "3.75",
            "amount": "0.79",
            "reason": "",
        }
    ]
    assert [(one["amount"], one["reference"]) for one in body["payments"]] == [("1.54", "T-1")]


def test_a_draft_has_no_number_and_no_balance(api):
    body = api("get", f"invoices/{make_draft().pk}/").json()
    assert (body["number"], body["status"], body["balance"]) == (None, "draft", "0.00")


def test_the_filter_is_that_of_the_screen(api):
    make_issued()
    make_draft(make_customer(legal_name="Zinc, S.L."))

    def found(**parameters):
        return [row["status"] for row in api("get", "invoices/", parameters).json()["results"]]

    assert found(status="draft") == ["draft"]
    assert found(search="ortuzar", period="2026-11") != ["draft"]
    assert len(found(search="ortuzar")) == 1
    assert found(period="2026-10") == []
    assert found(issued_after="2026-11-24", currency="eur", total_min="4.54") != []
    wrong = api("get", "invoices/", {"status": "late", "period": "2026-13"})
    assert wrong.status_code == 400
    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/status", "/period"}


def test_a_draft_is_issued_once(api):
    make_issuer_once()
    draft = make_draft()
    answer = api("post", f"invoices/{draft.pk}/issue/", {})
    assert answer.status_code == 200, answer.content
    assert answer.json()["number"] == "F-2026-00001"
    again = api("post", f"invoices/{draft.pk}/issue/", {})
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/invoice-not-draft"
    assert Event.objects.filter(type="invoice.issued").count() == 1


def test_without_an_issuer_nothing_is_issued(api):
    draft = make_draft()
    answer = api("post", f"invoices/{draft.pk}/issue/", {})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/issuer-missing"
    assert Invoice.objects.get().number is None


def test_the_same_key_issues_once(api):
    make_issuer_once()
    draft = make_draft()
    one, two = (
        api("post", f"invoices/{draft.pk}/issue/", {}, **{"Idempotency-Key": "issue-1"})
        for _ in range(2)
    )
    assert (one.status_code, two.status_code) == (200, 200)
    assert two.headers["Idempotency-Replayed"] == "true"
    assert one.json() == two.json()


@pytest.mark.pango
def test_the_pdf_is_a_file(api):
    invoice = make_issued()
    answer = api("get", f"invoices/{invoice.pk}/pdf/", Accept="application/pdf")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert f'filename="{invoice.number}.pdf"' in answer.headers["Content-Disposition"]
    missing = api("get", "invoices/999999/pdf/", Accept="application/pdf")
    assert missing.status_code == 404
    assert missing.headers["Content-Type"] == "application/problem+json"


def test_every_amount_is_explained(api):
    invoice = make_issued()
    body = api("get", f"invoices/{invoice.pk}/explain/").json()
    assert (body["net"], body["vat"], body["total"]) == ("3.75", "0.79", "4.54")
    usage = next(line for line in body["lines"] if line["kind"] == "usage:toll")
    assert usage["legs"][0]["segments"][0]["rate"]["contract"] == invoice.contract.number


def test_payments_are_recorded_and_refused(api):
    invoice = make_issued()
    url = f"invoices/{invoice.pk}/payments/"
    body = {"amount": "4.00", "paid_on": "2026-11-24", "method": "transfer", "reference": "T-9"}
    made = api("post", url, body)
    assert made.status_code == 201, made.content
    assert (made.json()["amount"], made.json()["reference"]) == ("4.00", "T-9")
    assert api("post", url, body).json()["id"] == made.json()["id"]  # the same reference
    assert [one["amount"] for one in api("get", url).json()["results"]] == ["4.00"]
    too_much = api("post", url, {"amount": "0.55", "paid_on": "2026-11-24"})
    assert too_much.status_code == 409
    assert too_much.json()["type"] == "/problems/payment-refused"
    float_ = api("post", url, {"amount": 0.5, "paid_on": "2026-11-24", "method": "gold"})
    assert float_.status_code == 400
    assert {error["pointer"] for error in float_.json()["errors"]} == {"/amount", "/method"}
    assert Payment.objects.count() == 1


def test_money_is_absent_for_whoever_may_not_see_it(api_as):
    user = make_user()
    give(user, "billing.view_invoice", "customers.view_customer", "billing.view_figures")
    api = api_as(user=user)
    invoice = make_issued()
    pay(invoice, "1.00")
    body = api("get", f"invoices/{invoice.pk}/").json()
    money = {"net", "vat", "total", "paid", "balance", "amount", "base"}
    parts = [body, *body["lines"], *body["taxes"], *body["payments"]]
    assert not any(money & set(part) for part in parts)
    assert not money & set(api("get", "invoices/").json()["results"][0])
    # Nor can it be found out by asking.
    assert len(api("get", "invoices/", {"total_min": "1000"}).json()["results"]) == 1
    assert api("get", "invoices/", {"ordering": "total"}).status_code == 400
    assert api("get", f"invoices/{invoice.pk}/explain/").status_code == 403
    assert api("get", f"invoices/{invoice.pk}/pdf/").status_code == 403
    figures = api("get", f"customers/{invoice.customer.number}/billing/").json()
    assert set(figures) == {
        *("period", "currency", "conferences", "minutes", "unpriced_legs", "as_of"),
        "other_currencies",
    }


@pytest.mark.parametrize("role", ["sales", "reservations", "mailing"])
def test_other_departments_see_no_invoices(api_as, role):
    invoice = make_issued()
    call = api_as(role)
    for method, path in (
        ("get", "invoices/"),
        ("get", f"invoices/{invoice.pk}/"),
        ("get", f"invoices/{invoice.pk}/pdf/"),
        ("get", f"invoices/{invoice.pk}/explain/"),
        ("get", f"invoices/{invoice.pk}/payments/"),
        ("post", f"invoices/{invoice.pk}/payments/"),
        ("post", f"invoices/{invoice.pk}/issue/"),
        ("post", "billing-runs/"),
    ):
        assert call(method, path, {}).status_code == 403, path
    assert not Payment.objects.exists()


def test_an_auditor_reads_and_changes_nothing(api_as):
    draft = make_draft()
    make_issuer_once()
    call = api_as("auditor")
    assert call("get", f"invoices/{draft.pk}/").json()["total"] == "4.54"
    for path in (f"invoices/{draft.pk}/issue/", f"invoices/{draft.pk}/payments/", "billing-runs/"):
        assert call("post", path, {}).status_code == 403
    assert Invoice.objects.get().state == "draft"


@pytest.mark.parametrize("identity", ["0", "999999", "x", "1.5", "99999999999999999999", "%00"])
def test_what_is_not_there_is_not_found(api, identity):
    assert api("get", f"invoices/{identity}/").status_code == 404


def test_a_list_asks_as_much_however_long_it_is(api, django_assert_max_num_queries):
    for _ in range(3):
        make_draft(make_customer())
    with django_assert_max_num_queries(7):
        assert len(api("get", "invoices/").json()["results"]) == 3


def test_a_detail_asks_as_much_however_long_it_is(api, django_assert_max_num_queries):
    invoice = make_issued()
    with django_assert_max_num_queries(13):
        api("get", f"invoices/{invoice.pk}/")


def test_figures_are_recorded(api):
    customer = make_issued().customer
    body = api("get", f"customers/{customer.number}/billing/", {"period": "2026-11"}).json()
    assert body["period"] == "2026-11"
    assert (body["conferences"], body["minutes"]) == (2, 25)
    assert (body["invoiced"], body["paid"], body["balance"]) == ("4.54", "0.00", "4.54")
    assert (body["rated_not_invoiced"], body["expected_total"]) == ("0.00", "4.54")
    event = Event.objects.get(type="figures.requested")
    assert (event.customer_number, event.data) == (customer.number, {"period": "2026-11"})
    wrong = api("get", f"customers/{customer.number}/billing/", {"period": "last"})
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["pointer"] == "/period"
    assert api("get", "customers/C-99999/billing/").status_code == 404
    assert Event.objects.filter(type="figures.requested").count() == 1


def give(user, *names):
    codenames = [name.split(".")[1] for name in names]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
