"""Invoices as XML and by e-mail over the API; refusals are problems."""

import pytest

from billing.models import InvoiceSending
from billing.selectors.electronic import invoice_xml
from billing.services import write_invoice_mail
from tests.billing.world import LATER, make_draft, make_issued

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_an_issued_invoice_is_answered_as_xml(api, syntax):
    invoice = make_issued()
    answer = api("get", f"invoices/{invoice.pk}/xml/?syntax={syntax}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/xml"
    assert f"{invoice.number}-{syntax}.xml" in answer["Content-Disposition"]
    assert answer.content == invoice_xml(invoice, syntax)


def test_ubl_is_the_usual(api):
    invoice = make_issued()
    assert api("get", f"invoices/{invoice.pk}/xml/").content == invoice_xml(invoice, "ubl")


def test_another_syntax_is_a_problem(api):
    answer = api("get", f"invoices/{make_issued().pk}/xml/?syntax=edifact")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert "syntax" in answer.content.decode()


def test_a_draft_is_a_problem(api):
    answer = api("get", f"invoices/{make_draft().pk}/xml/")
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert answer.json()["type"].endswith("/problems/not-expressible")


def test_an_invoice_is_sent_and_followed(api):
    invoice = make_issued()
    answer = api("post", f"invoices/{invoice.pk}/sendings/", {"way": "link"})
    assert answer.status_code == 201
    (row,) = answer.json()["results"]
    assert (row["serial"], row["way"], row["state"], row["recipient"]) == (1, "link", None, None)

    write_invoice_mail(sending_id=InvoiceSending.objects.get().pk, now=LATER)

    (row,) = api("get", f"invoices/{invoice.pk}/sendings/").json()["results"]
    assert (row["state"], row["recipient"]) == ("queued", invoice.customer.email)


def test_a_draft_is_not_sent(api):
    answer = api("post", f"invoices/{make_draft().pk}/sendings/", {})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/problems/not-sendable")
    assert not InvoiceSending.objects.exists()
