"""Invoices on paper: every amount is there, nothing is fetched, the same bytes each time."""

import datetime as dt
import hashlib
import io
import pickle
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import pytest
from PIL import Image

from billing import documents
from billing.documents import BilledConference, BilledLeg, BilledLine, InvoiceDocument
from billing.documents.payment_code import payment_code
from billing.models import Invoice, RatedLeg
from billing.selectors import documents as on_paper
from billing.selectors.documents import invoice_document, invoice_pdf
from billing.services import charge_conference, issue_invoice
from customers.models import Issuer
from tests.billing.world import make_draft, make_issued, make_issuer_once
from tests.factories.billing import NOW, correct
from tests.factories.customers import make_customer

pytestmark = [pytest.mark.django_db, pytest.mark.pango, pytest.mark.poppler]


def text_of(pdf: bytes, *options: str) -> str:
    """What ``pdftotext`` reads, blanks and line ends made one blank."""
    return " ".join(run("pdftotext", "-layout", *options, "-", "-", given=pdf).split())


def pages_of(pdf: bytes) -> int:
    lines = run("pdfinfo", "-", given=pdf).splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pages"))


def run(*command: str, given: bytes) -> str:
    done = subprocess.run(command, input=given, capture_output=True, check=True)  # noqa: S603
    return done.stdout.decode()


def written(amount: Decimal, language: str) -> str:
    text = f"{amount:,.2f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_amount_is_on_paper(language):
    invoice = make_issued(make_customer(language=language))
    text = text_of(invoice_pdf(invoice))
    for line in invoice.lines.all():
        assert f" {written(line.net, language)} " in text
        assert line.description in text
    tax = invoice.taxes.get()
    for amount in (invoice.net, tax.base, tax.amount, invoice.total):
        assert written(amount, language) in text
    for leg in RatedLeg.objects.all():
        assert leg.participant in text
        assert written(leg.amount, language) in text
    assert invoice.number in text
    assert invoice.customer.legal_name in text
    assert "ES91 2100 0418 4502 0005 1332" in text
    assert "PRJ-7" in text
    # Answered at 10:00 UTC, on the customer's clocks 11:00.
    assert "10/11 11:00:00" in text
    assert "1/2" in text.replace(" ", "")
    assert {"es": "24/12/2026", "en": "24 Dec 2026"}[language] in text


def test_a_draft_says_on_every_page_that_it_is_one():
    draft = make_draft(make_customer(language="en"))
    pdf = invoice_pdf(draft)
    assert pages_of(pdf) == 2
    for page in ("1", "2"):
        assert "Draft of an invoice" in text_of(pdf, "-f", page, "-l", page)
    assert "not set up" in text_of(pdf)  # there is no issuer yet
    make_issuer_once()
    assert "Conferencias Ibéricas, S.A." in text_of(invoice_pdf(draft))
    assert Invoice.objects.get().snapshot == {}


def test_an_issued_invoice_shows_its_copy_whatever_becomes_of_the_rest():
    invoice = make_issued()
    before = invoice_pdf(invoice)
    customer = invoice.customer
    customer.legal_name, customer.language = "Otra, S.L.", "en"
    customer.save()
    customer.addresses.all().delete()
    Issuer.objects.update(legal_name="Otra casa", iban="", terms_es="Nuevas condiciones")
    correct(invoice.lines.first().conference, ("10 10:00", "10 10:59", "toll"))
    charge_conference(conference_id=invoice.lines.first().conference_id, now=NOW)
    assert invoice_pdf(Invoice.objects.get(pk=invoice.pk)) == before


def test_the_same_invoice_gives_the_same_bytes_in_another_process():
    document = replace(invoice_document(make_issued()), logo=png(40, 20))
    digest = hashlib.sha256(documents.invoice_pdf(document)).hexdigest()
    program = (
        "import sys, pickle, hashlib, django; django.setup();"
        "from billing.documents import invoice_pdf;"
        "document = pickle.load(sys.stdin.buffer);"
        "print(hashlib.sha256(invoice_pdf(document)).hexdigest())"
    )
    other = run(sys.executable, "-c", program, given=pickle.dumps(document))
    assert other.strip() == digest


HOSTILE = (
    '</div><img src="file:///etc/passwd"><link rel=attachment href="file:///etc/hostname">'
    '<style>@import url("http://127.0.0.1:9/x"); body { display: none }</style>'
    "{{ it.total }} {% include 'base.html' %} <script>alert(1)</script> \u202e\u0007 & < \" '"
)


def test_hostile_texts_are_only_texts(monkeypatch):
    asked = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *_a, **_k: asked.append(1))
    customer = make_customer(legal_name=HOSTILE[:200], language="en")
    make_issuer_once()
    Issuer.objects.update(terms_en=HOSTILE, registry=HOSTILE[:200], trade_name=HOSTILE[:100])
    draft = make_draft(customer)
    draft.lines.update(title=HOSTILE[:120], reference=HOSTILE[:60])
    pdf = invoice_pdf(draft)
    text = text_of(pdf)
    assert "<script>alert(1)</script>" in text
    assert "{{ it.total }}" in text
    assert "root:" not in text
    assert b"/EmbeddedFile" not in pdf
    assert asked == []
    issued = issue_invoice(invoice=draft, actor="tests", now=NOW)
    assert "{{ it.total }}" in text_of(invoice_pdf(issued))


def test_an_endless_word_stays_on_the_page():
    document = replace(a_document(2), customer=customer_of("W" * 180))
    assert "W" * 30 in text_of(documents.invoice_pdf(document))


def test_an_invoice_too_long_for_paper_is_summed_up(monkeypatch):
    monkeypatch.setattr(on_paper, "MOST_LINES", 3)
    invoice = make_issued(make_customer(language="en"))
    document = invoice_document(invoice)
    assert document.conferences == ()
    assert [(line.kind, line.quantity, line.net) for line in document.summary] == [
        ("setup", None, Decimal("2.50")),
        ("usage:toll", 1200, Decimal("1.20")),
        ("usage:voip", 300, Decimal("0.05")),
    ]
    assert sum(line.net for line in document.summary) == invoice.net
    text = text_of(documents.invoice_pdf(document))
    assert "detail of the 3 calls is delivered as a file" in text
    assert "4.54" in text


def test_too_many_calls_are_left_to_the_file(monkeypatch):
    monkeypatch.setattr(on_paper, "MOST_CALLS", 2)
    document = invoice_document(make_issued(make_customer(language="en")))
    assert len(document.conferences) == 2
    assert not document.has_call_detail
    assert "Call detail" not in text_of(documents.invoice_pdf(document))


def test_many_pages_are_numbered_and_headed():
    document = a_document(30)
    pdf = documents.invoice_pdf(document)
    pages = pages_of(pdf)
    assert pages >= 4
    last = text_of(pdf, "-f", str(pages), "-l", str(pages))
    assert f"{pages}/{pages}" in last.replace(" ", "")
    assert "Invoice F-2026-00001 · Café Ortúzar, S.A." in last


# --- the code of the transfer ---------------------------------------------------------------------
def test_the_code_holds_the_transfer(monkeypatch):
    said = []
    monkeypatch.setattr("qrcode.QRCode.add_data", lambda _self, data: said.append(data.decode()))
    monkeypatch.setattr("qrcode.QRCode.make_image", lambda _self: Image.new("1", (9, 9)))
    assert payment_code(a_document(1)).startswith(b"\x89PNG")
    assert said[0].split("\n") == [
        *("BCD", "002", "1", "SCT", "CAIXESBBXXX", "Conferencias Ibéricas, S.A."),
        *("ES9121000418450200051332", "EUR12.10", "", "", "F-2026-00001"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"number": ""},
        {"currency": "USD"},
        {"total": Decimal(0)},
        {"issuer": {"legal_name": "X", "iban": ""}},
        {"is_credit_note": True},
    ],
)
def test_there_is_no_code_where_nobody_can_pay_by_it(other):
    assert payment_code(replace(a_document(1), **other)) == b""


# --- builders -------------------------------------------------------------------------------------
def png(width: int, height: int) -> bytes:
    image = io.BytesIO()
    Image.new("RGB", (width, height), "#0b6a63").save(image, "PNG")
    return image.getvalue()


def customer_of(name: str) -> dict[str, object]:
    return {
        "number": "C-00001",
        "legal_name": name,
        "tax_id": "B12345674",
        "timezone": "Europe/Madrid",
        "addresses": {
            "billing": {"recipient": "", "line1": "Gran Vía 41", "line2": "", "postcode": "48011"}
            | {"city": "Bilbao", "region": "", "country": "ES"}
        },
    }


def a_document(conferences: int) -> InvoiceDocument:
    leg = BilledLeg(
        participant="Ana",
        access="toll",
        number="+34915550123",
        answered_at=NOW,
        duration_seconds=601,
        billed_seconds=660,
        free_seconds=60,
        prices=(Decimal("0.06"), Decimal("0.045")),
        amount=Decimal("0.660000"),
        estimated=True,
    )
    line = BilledLine(
        kind="usage:toll",
        description="Calls",
        quantity=660,
        unit_price=None,
        net=Decimal(1),
        vat_category="domestic",
        vat_percent=Decimal(21),
    )
    return InvoiceDocument(
        language="en",
        number="F-2026-00001",
        is_credit_note=False,
        issuer={
            "legal_name": "Conferencias Ibéricas, S.A.",
            "tax_id": "A58818501",
            "line1": "Calle Mayor 1",
            "city": "Madrid",
            "country": "ES",
            "iban": "ES9121000418450200051332",
            "bic": "CAIXESBBXXX",
        },
        customer=customer_of("Café Ortúzar, S.A."),
        contract={"number": "CT-00001", "payment_days": 30},
        logo=b"",
        currency="EUR",
        period_start=dt.date(2026, 11, 1),
        period_end=dt.date(2026, 11, 30),
        issued_on=dt.date(2026, 11, 30),
        due_on=dt.date(2026, 12, 30),
        conferences=tuple(
            BilledConference(
                held_at=NOW, title=f"Meeting {number}", reference="", lines=(line,), legs=(leg,) * 6
            )
            for number in range(conferences)
        ),
        summary=(),
        period_lines=(),
        taxes=(),
        net=Decimal(10),
        vat=Decimal("2.10"),
        total=Decimal("12.10"),
        calls=6 * conferences,
    )
