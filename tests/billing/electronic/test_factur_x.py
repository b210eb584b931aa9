"""An issued invoice carries itself as XML: read back by others' code, equal to the CII."""

import io
from decimal import Decimal

import pikepdf
import pytest
from facturx import get_level, get_xml_from_pdf
from lxml import etree

from billing.documents import invoice_pdf
from billing.selectors.documents import invoice_pdf as pdf_of
from billing.selectors.electronic import invoice_xml
from billing.services import credit_invoice
from tests.billing.electronic.samples import document
from tests.billing.world import LATER, make_draft, make_issued
from toolkit.pdf.archive import PRODUCER

pytestmark = pytest.mark.django_db


def test_an_issued_invoice_carries_its_cii():
    invoice = make_issued()

    pdf = pdf_of(invoice)

    name, xml = get_xml_from_pdf(pdf, check_xsd=True)
    assert name == "factur-x.xml"
    assert xml == invoice_xml(invoice, "cii")
    assert get_level(etree.fromstring(xml)) == "en16931"


def test_it_is_an_archive_and_says_what_it_carries():
    with pikepdf.open(io.BytesIO(pdf_of(make_issued()))) as pdf:
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "3B"
            assert metadata["pdf:Producer"] == PRODUCER
            namespace = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
            assert metadata[f"{namespace}DocumentFileName"] == "factur-x.xml"
            assert metadata[f"{namespace}ConformanceLevel"] == "EN 16931"
        (carried,) = pdf.Root.AF
        assert str(carried.AFRelationship) == "/Alternative"
        assert b"pdfaExtension:schemas" in pdf.Root.Metadata.read_bytes()


def test_the_same_invoice_gives_the_same_bytes():
    invoice = make_issued()
    assert pdf_of(invoice) == pdf_of(invoice)


def test_a_credit_note_is_one_for_machines_too():
    invoice = make_issued()
    note = credit_invoice(invoice=invoice, reason="Wrong rate", actor="tests", now=LATER)

    _name, xml = get_xml_from_pdf(pdf_of(note), check_xsd=True)

    kind, preceding = (
        "{*}ExchangedDocument/{*}TypeCode",
        ".//{*}InvoiceReferencedDocument/{*}IssuerAssignedID",
    )
    root = etree.fromstring(xml)
    assert root.findtext(kind) == "381"
    assert root.findtext(preceding) == invoice.number


@pytest.mark.parametrize("is_draft", [True, False], ids=["a draft", "three decimals"])
def test_what_the_standard_cannot_say_is_a_plain_pdf(is_draft):
    pdf = (
        pdf_of(make_draft())
        if is_draft
        else invoice_pdf(document([Decimal("1.234")], currency="TND"))
    )
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert "/AF" not in opened.Root
        assert "/EmbeddedFiles" not in opened.Root.get("/Names", {})
