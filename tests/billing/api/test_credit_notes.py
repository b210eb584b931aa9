"""Credit notes over the API: issued once for a key, refused with pointers, drafted anew."""

from decimal import Decimal

import pytest

from billing.models import Charge, Invoice
from billing.services import charge_conference
from tests.billing.world import LATER, make_draft, make_issued
from tests.factories.billing import correct
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def test_a_whole_credit_is_issued_once_for_a_key(api):
    invoice = make_issued()
    url = f"invoices/{invoice.pk}/credit-notes/"
    one, two = (
        api("post", url, {"reason": "Duplicada"}, **{"Idempotency-Key": "credit-1"})
        for _ in range(2)
    )
    assert (one.status_code, two.status_code) == (201, 201), one.content
    assert two.headers["Idempotency-Replayed"] == "true"
    body = one.json()
    assert body == two.json()
    assert (body["kind"], body["status"], body["number"]) == (
        "credit_note",
        "issued",
        "R-2026-00001",
    )
    assert (body["net"], body["vat"], body["total"], body["balance"]) == (
        "-3.75",
        "-0.79",
        "-4.54",
        "0.00",
    )
    assert body["rectifies"] == {"id": invoice.pk, "number": invoice.number}
    assert {line["credits"] for line in body["lines"]} == {line.pk for line in invoice.lines.all()}
    (listed,) = api("get", url).json()["results"]
    assert (listed["id"], listed["total"]) == (body["id"], "-4.54")
    credited = api("get", f"invoices/{invoice.pk}/").json()
    assert (credited["status"], credited["credited"], credited["balance"]) == (
        "credited",
        "4.54",
        "0.00",
    )
    assert [note["number"] for note in credited["credit_notes"]] == ["R-2026-00001"]
    again = api("post", url, {"reason": "Duplicada"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/credit-refused")


def test_lines_and_amounts_are_credited_and_refused_with_pointers(api):
    invoice = make_issued()
    url = f"invoices/{invoice.pk}/credit-notes/"
    first, second, *_others = invoice.lines.all()
    part = {
        "reason": "Descuento",
        "lines": [{"line": first.pk, "net": "0.25"}, {"line": second.pk}],
        "amounts": [{"vat_category": "domestic", "net": "0.10"}],
    }
    made = api("post", url, part)
    assert made.status_code == 201, made.content
    assert Decimal(made.json()["net"]) == -Decimal("0.35") - second.net

    def refused(body):
        answer = api("post", url, {"reason": "Descuento"} | body)
        return answer.status_code, [error["pointer"] for error in answer.json()["errors"]]

    assert refused({"lines": [{"line": first.pk, "net": "1.01"}]}) == (409, ["/lines/0/net"])
    assert refused({"lines": [{"line": first.pk}, {"line": 999_999}]}) == (409, ["/lines/1/line"])
    assert refused({"amounts": [{"vat_category": "domestic", "net": "9"}]}) == (
        409,
        ["/amounts/0/net"],
    )
    assert refused({"amounts": [{"vat_category": "igic", "net": "1"}]}) == (
        409,
        ["/amounts/0/vat_category"],
    )
    assert refused({"lines": [{"line": first.pk}, {"line": first.pk}]}) == (400, ["/lines"])
    assert refused({"lines": [], "reason": ""}) == (400, ["/reason", "/lines"])
    assert refused({"lines": [{"line": first.pk, "net": 0.5}]}) == (400, ["/lines/0/net"])
    assert invoice.credit_notes.count() == 1


def test_an_invoice_is_drafted_anew(api):
    invoice = make_issued()
    url = f"invoices/{invoice.pk}/"
    early = api("post", f"{url}reissue/", {})
    assert (early.status_code, early.json()["type"]) == (409, "/problems/reissue-refused")
    body = {"reason": "Datos fiscales", "anew": True}
    note = api("post", f"{url}credit-notes/", body).json()
    seen = api("get", url).json()
    draft = api("get", f"invoices/{seen['replaced_by']['id']}/").json()
    assert draft["replaces"] == {"id": invoice.pk, "number": invoice.number}
    assert (draft["status"], draft["total"], note["total"]) == ("draft", "4.54", "-4.54")
    other = make_issued(make_customer())
    api("post", f"invoices/{other.pk}/credit-notes/", {"reason": "x"})
    answer = api("post", f"invoices/{other.pk}/reissue/", {})
    assert (answer.status_code, answer.json()["replaces"]["id"]) == (201, other.pk)


def test_a_draft_below_zero_gives_credit_notes(api):
    invoice = make_issued()
    charged = Charge.objects.first()
    correct(charged.conference, ("12 09:00", "12 09:02", "toll"))
    charge_conference(conference_id=charged.conference_id, now=LATER)
    draft = Invoice.objects.get(state="draft")
    refused = api("post", f"invoices/{draft.pk}/issue/", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/negative-invoice")
    answer = api("post", f"invoices/{draft.pk}/credit-adjustments/", {})
    assert answer.status_code == 201, answer.content
    (note,) = answer.json()["results"]
    assert (note["kind"], note["net"]) == ("credit_note", "-0.48")
    assert api("get", f"invoices/{invoice.pk}/").json()["credited"] == "0.58"


def test_who_may_not_credit_is_refused(api_as):
    invoice = make_issued()
    auditor = api_as("auditor")
    url = f"invoices/{invoice.pk}/credit-notes/"
    assert auditor("get", url).status_code == 200
    assert auditor("post", url, {"reason": "x"}).status_code == 403
    assert api_as("sales")("post", url, {"reason": "x"}).status_code == 403
    assert not invoice.credit_notes.exists()
    draft = make_draft(make_customer())
    body = {"reason": "x"}
    answer = api_as("billing")("post", f"invoices/{draft.pk}/credit-notes/", body)
    assert answer.status_code == 409
