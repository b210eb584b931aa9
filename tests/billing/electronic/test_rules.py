"""UBL and CII of every kind of invoice: their schemas and all rules of EN 16931."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import translation

from billing.documents import CorrectedInvoice
from billing.documents.electronic import (
    NotExpressibleError,
    breaches,
    cii_xml,
    electronic_invoice,
    schema_faults,
    ubl_xml,
)

from .samples import document

WRITERS = {"ubl": ubl_xml, "cii": cii_xml}
AMOUNTS = (Decimal("12.30"), Decimal("-4.05"), Decimal("100.00"))
CORRECTED = (CorrectedInvoice(number="F-2026-00001", issued_on=dt.date(2026, 11, 2)),)
CASES = {
    "domestic": document(AMOUNTS),
    "domestic at zero": document(AMOUNTS, percent=Decimal(0)),
    "reverse charge": document(AMOUNTS, category="reverse_charge", percent=Decimal(0)),
    "not subject": document(AMOUNTS, category="export", percent=Decimal(0)),
    "exempt": document(AMOUNTS, category="exempt", percent=Decimal(0)),
    "igic": document(AMOUNTS, category="igic", percent=Decimal(7)),
    "no decimals": document((Decimal(1250), Decimal(30)), currency="CLP"),
    "one line": document((Decimal("0.01"),)),
    "credit note": document([-amount for amount in AMOUNTS], corrects=CORRECTED),
    "in dollars": document(
        AMOUNTS, currency="USD", issuers_currency="EUR", vat_in_issuers_currency=Decimal("21.00")
    ),
}


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
@pytest.mark.parametrize("case", CASES)
def test_schema_and_rules_are_content(case, syntax):
    xml = WRITERS[syntax](electronic_invoice(CASES[case]))
    assert schema_faults(xml, syntax) == []
    assert breaches(xml, syntax) == []


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_a_wrong_sum_is_named_by_its_rule(syntax):
    invoice = electronic_invoice(CASES["domestic"])
    found = breaches(WRITERS[syntax](replace(invoice, net=Decimal("108.26"))), syntax)
    assert "BR-CO-10" in {finding.rule for finding in found}
    assert all(finding.is_fatal for finding in found)


@pytest.mark.parametrize(
    ("syntax", "element"), [("ubl", b"cbc:IssueDate"), ("cii", b"ram:TypeCode")]
)
def test_an_element_that_its_schema_does_not_know_is_told(syntax, element):
    xml = WRITERS[syntax](electronic_invoice(CASES["domestic"]))
    (fault,) = schema_faults(xml.replace(element, b"Strange".join([element[:4], b""])), syntax)[:1]
    assert "Strange" in fault


def test_the_same_invoice_gives_the_same_bytes():
    for write in WRITERS.values():
        invoice = electronic_invoice(CASES["domestic"])
        assert write(invoice) == write(invoice)


def test_what_the_standard_cannot_say_is_refused():
    with translation.override("en"), pytest.raises(NotExpressibleError, match="three decimals"):
        electronic_invoice(document((Decimal("1.005"),), currency="TND"))
    with translation.override("en"), pytest.raises(NotExpressibleError, match="draft"):
        electronic_invoice(replace(CASES["domestic"], issued_on=None))
