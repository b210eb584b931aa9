"""VAT categories on drafts and documents, and the books that add them up again."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing.models import Invoice, InvoiceTax
from billing.selectors.documents import invoice_document, invoice_pdf
from billing.selectors.obstacles import obstacles_to_issue
from billing.selectors.vat_books import (
    Span,
    book_of_issued,
    listing_347,
    listing_349,
    without_rate,
)
from billing.services import credit_invoice, issue_invoice, set_exchange_rate
from tests.billing.world import LATER, make_draft, make_issued, make_issuer_once
from tests.factories.billing import NOW, make_vat_rate
from tests.factories.customers import make_customer
from tests.factories.users import make_user
from toolkit.periods import InvalidPeriodError

pytestmark = pytest.mark.django_db

QUARTER = Span.parse("2026-Q4")
REASONS = {"reason_es": "Motivo", "reason_en": "Reason"}


def issue(draft):
    return issue_invoice(invoice=draft, actor="tests", now=NOW)


def make_abroad(name="Lumen GmbH", tax_id="DE811569869", **contract):
    customer = make_customer(legal_name=name, tax_id=tax_id, country="DE", language="en")
    return make_draft(customer, vat_category="reverse_charge", **contract)


@pytest.mark.parametrize(
    ("category", "percent", "vat"),
    [
        ("domestic", "21", "0.79"),
        ("reverse_charge", "0", "0.00"),
        ("export", "0", "0.00"),
        ("exempt", "0", "0.00"),
        ("igic", "7", "0.26"),
    ],
)
def test_every_category_goes_from_draft_to_paper(category, percent, vat):
    make_issuer_once()
    make_vat_rate()
    if category != "domestic":
        make_vat_rate(category, percent, **REASONS)
    draft = make_draft(make_customer(language="en"), vat_category=category)
    assert not obstacles_to_issue(draft)
    issued = issue(draft)
    (tax,) = invoice_document(issued).taxes
    assert (tax.category, tax.percent, tax.amount) == (category, Decimal(percent), Decimal(vat))
    assert tax.reason == ("" if category == "domestic" else "Reason")
    assert invoice_pdf(issued).startswith(b"%PDF")


def test_no_vat_without_a_reason_is_told_and_keeps_nobody():
    make_issuer_once()
    make_vat_rate()
    make_vat_rate("export", "0")
    draft = make_draft(make_customer(), vat_category="export")
    obstacles = obstacles_to_issue(draft)
    assert obstacles is not None
    assert obstacles.without_reason
    assert not obstacles
    assert issue(draft).number


def test_the_book_adds_up_to_the_ledger():
    make_vat_rate()
    make_vat_rate("reverse_charge", "0", **REASONS)
    issued = make_issued()
    issue(make_abroad())
    note = credit_invoice(invoice=issued, reason="x", actor="tests", now=LATER)
    rows = list(book_of_issued(QUARTER))
    assert [row.invoice.number for row in rows] == ["F-2026-00001", "F-2026-00002", note.number]
    ledger = InvoiceTax.objects.aggregate(base=Sum("base"), amount=Sum("amount"))
    assert sum(row.ours.base for row in rows) == ledger["base"] == Decimal("3.75")
    assert sum(row.ours.amount for row in rows) == ledger["amount"] == 0
    assert sum(row.total for row in rows) == sum(one.total for one in Invoice.objects.all())
    assert rows[2].invoice.rectifies == issued
    assert list(book_of_issued(Span.parse("2026-10"))) == []


def test_dollars_stand_in_the_book_in_euros_or_are_counted():
    make_vat_rate()
    make_vat_rate("reverse_charge", "0", **REASONS)
    make_issuer_once()
    issue(make_abroad(currency="USD"))
    assert without_rate(QUARTER) == 1
    (row,) = book_of_issued(QUARTER)
    assert row.ours is None
    set_exchange_rate(
        currency="USD", day=NOW.date(), rate=Decimal("1.0534"), actor="tests", now=NOW
    )
    (row,) = book_of_issued(QUARTER)
    assert (row.base, row.ours.base) == (Decimal("3.75"), Decimal("3.56"))
    assert without_rate(QUARTER) == 0


def test_347_names_domestic_customers_beyond_the_threshold_with_vat():
    make_vat_rate()
    make_vat_rate("reverse_charge", "0", **REASONS)
    make_issuer_once()
    fees = {"fees": {"setup": "1241.25"}}  # of two conferences, and 1.25 of calls
    big = issue(make_draft(make_customer(legal_name="Grande"), **fees))
    issue(make_draft(make_customer(legal_name="Menor"), fees={"setup": "1241.00"}))
    issue(make_abroad(**fees))
    assert big.total == Decimal("3005.34")
    (one,) = listing_347(2026)
    assert (one.customer, one.total) == ("Grande", Decimal("3005.34"))
    assert one.quarters == [0, 0, 0, Decimal("3005.34")]
    assert listing_347(2025) == []


def test_349_adds_up_services_and_tells_rectifications_of_earlier_spans():
    make_vat_rate()
    make_vat_rate("reverse_charge", "0", **REASONS)
    make_issued()
    issued = issue(make_abroad())
    (one,) = listing_349(Span.parse("2026-11"))
    assert (one.tax_id, one.base, one.span) == ("811569869", Decimal("3.75"), "")
    december = NOW + dt.timedelta(days=10)
    amounts = {("reverse_charge", Decimal(0)): Decimal("1.00")}
    credit_invoice(invoice=issued, amounts=amounts, reason="x", actor="tests", now=december)
    (again,) = listing_349(Span.parse("2026-12"))
    assert (again.span, again.declared, again.base) == (
        "2026-11",
        Decimal("3.75"),
        Decimal("2.75"),
    )
    (quarter,) = listing_349(QUARTER)
    assert (quarter.span, quarter.base) == ("", Decimal("2.75"))


@pytest.mark.parametrize("text", ["2026-13", "2026-Q5", "x", "0000", "0000-Q1"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(InvalidPeriodError):
        Span.parse(text)


def test_pages_and_files_show_the_books(client):
    client.force_login(make_user("auditor"))
    make_issued()
    assert "F-2026-00001" in client.get("/billing/books/issued/?span=2026-Q4").text
    for book in ("347", "349"):
        assert client.get(f"/billing/books/{book}/?span=2026-11").status_code == 200
    assert client.get("/billing/books/other/").status_code == 404
    assert client.get("/billing/books/issued/?span=x").status_code == 404
    answer = client.get("/billing/books/issued.csv?span=2026-11")
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[1][0] == "F-2026-00001"
    assert rows[1][8:12] == ["21.000", "3.750", "0.790", "4.540"]


def test_a_book_is_a_workbook_too(client):
    client.force_login(make_user("auditor"))
    workbook = client.get("/billing/books/349.xlsx?span=2026-11")
    assert b"".join(workbook).startswith(b"PK")
    workbook.close()
