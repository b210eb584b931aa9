"""From a booking to an invoice, as two people see it: a salesperson, then a billing specialist.

In both languages; what is looked for on the pages is what the catalogue says in that language.
"""

import datetime as dt
import io
import subprocess
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.utils import timezone, translation
from playwright.sync_api import expect

from billing.models import Charge, Invoice
from billing.tasks import charge_conference
from bpi_portal.supervisor.parts import POPPLER, find_program
from conferencing.models import Conference, Reservation
from conferencing.services.bridge_secrets import sign_call_record
from customers.models import Customer
from integration.models import Event
from tests.browser.portal import Portal
from tests.factories.billing import make_vat_rate
from tests.factories.conferencing import make_bridge, make_leg, make_record
from tests.factories.customers import make_customer, make_issuer
from tests.factories.sales import a_rate, make_contract
from toolkit.templatetags.values import money

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.pango,
    pytest.mark.poppler,
    pytest.mark.django_db(transaction=True),
]
MADRID = ZoneInfo("Europe/Madrid")
TITLE = "Comité de obras"
HALF_HOUR = dt.timedelta(minutes=30)
# 31 begun minutes of toll at 0.0637 and 30 of browser at 0.02, 2.50 for the set-up; 21 % VAT.
NET = Decimal("5.07")  # 1.9747 -> 1.97 by leg, 0.60, 2.50
TOTAL = Decimal("6.13")  # VAT 1.0647 -> 1.06


@pytest.fixture
def customer(portal: Portal) -> Customer:
    """A customer with a contract that makes an invoice of each conference, among others."""
    make_issuer()
    make_vat_rate()
    make_bridge(slug="madrid", capacity=40)
    make_customer(legal_name="Cerámicas del Sur, S.L.")
    customer = make_customer(legal_name="Cerámicas Núñez, S.A.")
    rates = [
        a_rate(access="voip", price_per_minute="0.02"),
        a_rate(access="toll", price_per_minute="0.0637"),
    ]
    make_contract(customer, rates=rates, billing="per_conference", fees={"setup": "2.50"})
    return customer


def test_from_a_booking_to_an_invoice(portal: Portal, customer: Customer) -> None:
    seller = portal.enter("sales")
    find_without_the_accent(portal, customer)
    ask_for_the_figures(portal, customer, seller)
    reservation = book(portal, customer)
    hold(portal, reservation)
    portal.enter("billing")
    invoice = issue_the_draft(portal, customer)
    read_the_pdf(portal, invoice)
    take_the_rates_away(portal, customer)


def find_without_the_accent(portal: Portal, customer: Customer) -> None:
    portal.menu("Customers")
    portal.page.keyboard.press("/")
    portal.page.keyboard.type("ceramicas nunez")
    rows = portal.page.locator("#rows tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("link", name=customer.legal_name).first.click()
    expect(portal.page.get_by_role("heading", level=1)).to_have_text(customer.legal_name)


def ask_for_the_figures(portal: Portal, customer: Customer, seller: str) -> None:
    figures = portal.page.locator("#figures")
    expect(figures.locator("dl")).to_have_count(0)
    before = portal.page.url
    portal.press("Ask for the figures", "link")
    expect(figures.get_by_text(portal.say("Expected total"))).to_be_visible()
    assert portal.page.url == before
    asked = Event.objects.get(type="figures.requested")
    assert (asked.actor, asked.customer_number) == (seller, customer.number)


def book(portal: Portal, customer: Customer) -> Reservation:
    start = timezone.now().astimezone(MADRID) + dt.timedelta(minutes=10)
    portal.press("Book a conference", "link")
    portal.fill("Title", TITLE)
    portal.fill("Start", start.strftime("%Y-%m-%dT%H:%M"))
    portal.fill("Ports", "4")
    portal.press("Book")
    expect(portal.page.get_by_role("heading", level=1)).to_have_text(TITLE)
    reservation = Reservation.objects.get(customer=customer)
    assert reservation.scheduled_start == start.replace(second=0, microsecond=0)
    expect(portal.page.get_by_text(reservation.pin).first).to_be_visible()
    return reservation


def hold(portal: Portal, reservation: Reservation) -> None:
    """Let the bridge post its signed record of the call, and the worker take the task up."""
    start = reservation.scheduled_start
    end = {"ended_at": (start + HALF_HOUR + dt.timedelta(seconds=1)).isoformat()}
    legs = [
        make_leg("ana", start + dt.timedelta(seconds=1), access="voip", **end),
        make_leg("luis", start, access="toll", number="+34910555001", **end),
    ]
    body, headers = sign_call_record(
        bridge=reservation.bridge,
        record=make_record(reservation, legs=legs, **end),
        message_id="msg_story",
        now=timezone.now(),
    )
    answer = portal.page.request.post(
        f"/api/v1/bridges/{reservation.bridge.slug}/call-records/",
        data=body,
        headers={**headers, "content-type": "application/json"},
    )
    assert answer.status == 201, answer.text()
    charge_conference(str(Conference.objects.get(reservation=reservation).pk))
    assert Charge.objects.get().problem == ""


def issue_the_draft(portal: Portal, customer: Customer) -> Invoice:
    draft = Invoice.objects.get(customer=customer)
    assert (draft.state, draft.net, draft.total) == ("draft", NET, TOTAL)
    portal.menu("Invoices")
    rows = portal.page.locator("#rows tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("link", name=portal.say("Draft")).first.click()
    expect(portal.page.get_by_text(TITLE).first).to_be_visible()
    expect(portal.page.get_by_text(portal.money(TOTAL)).first).to_be_visible()
    portal.press("Issue")
    question = portal.page.locator(".menu.ask")  # both buttons say "Emitir" in Spanish
    question.get_by_role("button", name=portal.say("Issue it"), exact=True).click()
    number = f"F-{timezone.localdate().year}-00001"
    expect(portal.page.get_by_role("heading", level=1)).to_have_text(number)
    expect(portal.page.locator(".toast")).to_contain_text(number)
    draft.refresh_from_db()
    assert (draft.state, draft.number, draft.total) == ("issued", number, TOTAL)
    return draft


def read_the_pdf(portal: Portal, invoice: Invoice) -> None:
    link = portal.page.get_by_role("link", name="PDF", exact=True).first
    answer = portal.page.request.get(str(link.get_attribute("href")))
    assert answer.headers["content-type"] == "application/pdf"
    content = answer.body()
    assert content.startswith(b"%PDF-")
    text = text_of_pdf(content)
    with translation.override(invoice.customer.language):  # its own, whoever opens it
        total = money(TOTAL, "EUR").replace("\N{NO-BREAK SPACE}", " ")
    for expected in (str(invoice.number), "Cerámicas Núñez, S.A.", TITLE, total):
        assert expected in text


def text_of_pdf(content: bytes) -> str:
    program = find_program(*POPPLER.programs)
    assert program is not None
    read = subprocess.run(  # noqa: S603 (Poppler's own program)
        [program, "-layout", "-", "-"], input=content, capture_output=True, check=True
    )
    return read.stdout.decode().replace("\N{NO-BREAK SPACE}", " ")


def take_the_rates_away(portal: Portal, customer: Customer) -> None:
    portal.page.get_by_role("link", name=customer.legal_name).first.click()
    with portal.page.expect_download() as download:
        portal.press("XLSX", "link")
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert {Decimal(str(cell)) for row in rows for cell in row if is_price(cell)} == {
        Decimal("0.02"),
        Decimal("0.0637"),
    }
    assert Event.objects.filter(type="rates.downloaded").count() == 1


def is_price(cell: object) -> bool:
    return isinstance(cell, float) and 0 < cell < 1


def test_the_palette_the_keys_and_the_language(portal: Portal, customer: Customer) -> None:
    portal.enter("sales")
    page = portal.page
    page.keyboard.press("Control+k")
    page.keyboard.type("nothing like it")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name=portal.say("Search")).last.fill("")
    page.keyboard.type("nunez")
    expect(page.locator("#palette .results a")).to_contain_text([customer.legal_name])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{customer.number}/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name=portal.say("Keyboard shortcuts"))).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/sales/customers/?q=nunez&status=active")
    other = {"es": "en", "en": "es"}[portal.language]
    page.locator(f'button[name="language"][value="{other}"]').click()
    expect(page.locator("html")).to_have_attribute("lang", other)
    assert page.url.endswith("/sales/customers/?q=nunez&status=active")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
