"""Credit notes and invoices drafted anew on paper: what they are about, and no code to pay."""

import pytest

from billing.models import Charge, Invoice
from billing.selectors.documents import invoice_pdf
from billing.services import charge_conference, credit_invoice, issue_invoice
from tests.billing.documents.test_invoice_pdf import text_of
from tests.billing.world import LATER, make_issued
from tests.factories.billing import correct
from tests.factories.customers import make_customer

pytestmark = [pytest.mark.django_db, pytest.mark.pango, pytest.mark.poppler]


def test_a_credit_note_says_what_it_rectifies_and_why():
    invoice = make_issued(make_customer(language="en"))
    note = credit_invoice(
        invoice=invoice, reason="Wrong address", anew=True, actor="tests", now=LATER
    )
    text = text_of(invoice_pdf(note))
    assert "Credit note R-2026-00001" in text
    assert "This credit note rectifies invoice F-2026-00001 of 24 Nov 2026." in text
    assert "Reason: Wrong address" in text
    assert "-€4.54" in text
    assert "set against invoice" in text
    for absent in ("ES91 2100", "Scan the code", "Due", "Call detail"):
        assert absent not in text
    again = issue_invoice(invoice=Invoice.objects.get(replaces=invoice), actor="tests", now=LATER)
    text = text_of(invoice_pdf(again))
    assert "This invoice replaces invoice F-2026-00001 of 24 Nov 2026" in text
    assert "Call detail" in text
    assert "ES91 2100" in text


def test_a_late_call_stands_on_the_next_invoice_with_its_month_and_detail():
    invoice = make_issued(make_customer(language="en"), monthly_fee=10)
    charged = Charge.objects.first()
    correct(charged.conference, ("12 09:00", "12 09:30", "toll"))
    charge_conference(conference_id=charged.conference_id, now=LATER)
    draft = Invoice.objects.get(state="draft")
    text = text_of(invoice_pdf(draft))
    for words in ("Calls to the toll number (November", "corrected)", invoice.number):
        assert words in text
    assert "Call detail" not in text
