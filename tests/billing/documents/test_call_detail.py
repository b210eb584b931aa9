"""The call detail on paper: by billing reference, adding up to the invoice."""

from decimal import Decimal

import pytest
from django.urls import reverse

from billing.selectors import call_detail as on_paper
from billing.selectors.call_detail import call_detail, call_detail_pdf
from billing.services import charge_conference, issue_invoice
from tests.billing.documents.test_invoice_pdf import text_of
from tests.billing.world import make_draft, make_issued, make_issuer_once
from tests.factories.billing import NOW, make_conference
from tests.factories.customers import make_customer
from tests.factories.users import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.pango, pytest.mark.poppler]


def issued_with_references():
    """PRJ-7 0.65 + 1.25, alfa 0.30 + 1.25, without 0.60 + 1.25, and the month's fee."""
    make_issuer_once()
    draft = make_draft(make_customer(language="en"), monthly_fee=Decimal(20))
    conference = make_conference(
        draft.customer, ("13 09:00", "13 09:05", "toll"), billing_reference="alfa"
    )
    charge_conference(conference_id=conference.pk, now=NOW)
    return issue_invoice(invoice=draft, actor="tests", now=NOW)


def test_groups_and_what_is_of_no_conference_add_up_to_the_invoice():
    invoice = issued_with_references()
    detail = call_detail(invoice)
    assert [(group.reference, group.net, group.calls) for group in detail.groups] == [
        ("alfa", Decimal("1.55"), 1),
        ("PRJ-7", Decimal("1.90"), 2),
        ("", Decimal("1.85"), 1),
    ]
    others = sum(line.net for line in detail.others)
    assert others == Decimal(20)
    assert sum(group.net for group in detail.groups) + others == detail.net == invoice.net
    text = text_of(call_detail_pdf(invoice))
    assert f"Call detail of {invoice.number}" in text
    for shown in ("alfa", "PRJ-7", "Without reference", "Monthly fee", "25.30"):
        assert shown in text
    assert call_detail_pdf(invoice) == call_detail_pdf(invoice)


def test_it_is_downloaded_from_the_invoice_as_far_as_it_fits(client, monkeypatch):
    invoice = make_issued()
    client.force_login(make_user("billing"))
    address = reverse("billing:invoice_calls", args=[invoice.pk, "pdf"])
    page = client.get(reverse("billing:invoice_detail", args=[invoice.pk])).content.decode()
    assert address in page
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    monkeypatch.setattr(on_paper, "MOST_CALLS", 2)
    assert client.get(address).status_code == 404
