"""One invoice, four ways to say it: ledger, paper, UBL and CII agree to the cent.

The rules of EN 16931 let a VAT total pass that is one cent off; here it would not.
"""

import datetime as dt
import html
import re
from decimal import Decimal

from facturx.parse_xml import parse_ubl_cii_xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.documents import CorrectedInvoice
from billing.documents.electronic import cii_xml, electronic_invoice, ubl_xml
from billing.documents.invoice_pdf import invoice_html
from toolkit.money import HUNDRED_PERCENT, from_decimal, minor_unit_digits, share_of, to_decimal

from .samples import document

PERCENTS = {
    "domestic": ["21", "10", "4", "0", "16.5"],
    "reverse_charge": ["0"],
    "export": ["0"],
    "exempt": ["0"],
    "igic": ["7", "3", "0", "9.5"],
}
CORRECTED = (CorrectedInvoice(number="F-2026-00001", issued_on=dt.date(2026, 11, 2)),)


@st.composite
def invoices(draw):
    """Draw an invoice or credit note of one to twelve lines in any category and currency."""
    category = draw(st.sampled_from(sorted(PERCENTS)))
    percent = Decimal(draw(st.sampled_from(PERCENTS[category])))
    currency = draw(st.sampled_from(["EUR", "USD", "MXN", "GBP", "CLP", "JPY"]))
    cents = draw(st.lists(st.integers(-99_999, 9_999_999), min_size=1, max_size=12))
    if sum(cents) <= 0:
        cents.append(1 - sum(cents))
    amounts = [Decimal(cent).scaleb(-minor_unit_digits(currency)) for cent in cents]
    if draw(st.booleans()):
        return document(
            [-amount for amount in amounts],
            category=category,
            percent=percent,
            currency=currency,
            corrects=CORRECTED,
        )
    return document(amounts, category=category, percent=percent, currency=currency)


@given(invoices())
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_ledger_paper_ubl_and_cii_agree(invoice):
    net, vat, total = ledger(invoice)
    assert (invoice.net, invoice.vat, invoice.total) == (net, vat, total)
    assert on_paper(invoice) == (net, vat, total)
    ubl, cii = (
        parse_ubl_cii_xml(write(electronic_invoice(invoice)), check_xsd=False)
        for write in (ubl_xml, cii_xml)
    )
    sign = -1 if invoice.is_credit_note else 1
    for read in (ubl, cii):
        assert tuple(Decimal(read[term]) for term in ("BT-109", "BT-110", "BT-112")) == (
            net * sign,
            vat * sign,
            total * sign,
        )
        assert sum(Decimal(line["BT-131"]) for line in read["BG-25"]) == net * sign
        (tax,) = read["BG-23"]
        assert (Decimal(tax["BT-116"]), Decimal(tax["BT-117"])) == (net * sign, vat * sign)
        for line in read["BG-25"]:
            assert Decimal(line["BT-129"]) * Decimal(line["BT-146"]) == Decimal(line["BT-131"])
    # Only a bill has a due date in both syntaxes; a credit note of UBL says it in words.
    assert ubl | {"BT-9": cii["BT-9"], "BT-20": cii["BT-20"]} == cii


def ledger(invoice):
    """Add up as the ledger does: whole micros, VAT once on the sum, half-up."""
    lines = [line for each in invoice.conferences for line in each.lines] + [*invoice.period_lines]
    net = sum(from_decimal(line.net) for line in lines)
    percent = from_decimal(lines[0].vat_percent)
    vat = share_of(net, percent, HUNDRED_PERCENT, invoice.currency)
    return tuple(to_decimal(amount, invoice.currency) for amount in (net, vat, net + vat))


def on_paper(invoice):
    """Read the totals off the page that is laid out as PDF."""
    page = invoice_html(invoice)
    table = page[page.index('class="totals"') :]
    cells = re.findall(r"<td>([^<]*)</td>", html.unescape(table[: table.index("</table>")]))
    amounts = [amount for cell in cells if (amount := amount_of(cell)) is not None]
    return amounts[0], amounts[1], amounts[-1]


def amount_of(cell):
    found = re.fullmatch(r"\D*?(-?)([\d.]+(?:,\d+)?)\D*", cell.strip())
    if found is None:
        return None
    number = Decimal(found[2].replace(".", "").replace(",", "."))
    return -number if found[1] else number
