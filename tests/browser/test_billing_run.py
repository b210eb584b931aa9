"""A month billed in a browser: run, followed without a key, reviewed by its flags, issued."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from billing.models import BillingRun, Invoice
from billing.services import issue_invoice, prepare_period, work_on_run
from billing.tasks import run_billing
from bpi_portal.roles import sync_roles
from tests.billing.world import make_issuer_once, make_vat_rate_once
from tests.browser.harness import PHONE, assert_no_sideways_scroll, check_page, log_in, speak
from tests.factories.billing import make_contract
from tests.factories.customers import make_customer
from tests.factories.users import make_user
from toolkit.periods import Period

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(page, live_server, monkeypatch):
    """Return the page, logged in as a billing specialist, in English; the worker is the test."""
    monkeypatch.setattr(run_billing, "delay", lambda *_arguments: None)
    sync_roles()
    log_in(page, make_user("billing"), live_server.url)
    speak(page, "en", live_server.url)
    return page


@pytest.fixture
def month():
    """The month before this one, and before that a known customer of an ordinary amount."""
    make_vat_rate_once()
    make_issuer_once()
    month = Period.of_date(timezone.localdate()).previous
    since = dt.date(month.year - 1, 1, 1)
    for name in ("Talleres Egia, S.A.", "Óptica Lumen, S.L."):
        customer = make_customer(legal_name=name)
        make_contract(customer, monthly_fee=Decimal(30), start=since)
        if name.startswith("Talleres"):
            before = str(month.previous)
            now = timezone.now()
            prepare_period(period=before, actor="tests", now=now, customers=[customer])
            issue_invoice(invoice=Invoice.objects.get(), actor="tests", now=now)
    return month


def work():
    run = BillingRun.objects.latest("pk")
    work_on_run(run_id=run.pk, clock=timezone.now)


def test_a_month_is_run_reviewed_and_issued(desk, month) -> None:
    desk.goto("/billing/runs/")
    expect(desk.get_by_role("row").filter(has_text=str(month))).to_have_count(1)
    desk.get_by_role("link", name="Billing run", exact=True).click()
    expect(desk.get_by_label("Month")).to_have_value(str(month))
    desk.get_by_role("button", name="Start").click()
    expect(desk).to_have_url(re.compile(r"/billing/runs/\d+/$"))
    progress = desk.locator("#progress")
    expect(progress).to_contain_text("0 / 2")
    check_page(desk)
    work()
    # Nobody presses anything: the page follows the run, and shows its rows at its end.
    expect(progress).to_contain_text("2 / 2")
    expect(progress).to_contain_text("Done")
    rows = desk.locator("#rows")
    expect(rows.get_by_role("row").filter(has_text="Óptica Lumen")).to_contain_text("Flagged")
    expect(rows.get_by_role("row").filter(has_text="Talleres Egia")).to_contain_text("Prepared")
    assert desk.locator("[hx-trigger^=every]").count() == 0

    desk.get_by_role("link", name="Review the drafts").click()
    rows = desk.locator("#rows").get_by_role("row")
    expect(rows.filter(has_text="Talleres Egia")).to_have_count(0)
    desk.get_by_role("link", name="First invoice").last.click()
    desk.get_by_label("Reason").fill("Terms checked with sales.")
    desk.get_by_role("button", name="Accept").click()
    expect(desk.get_by_role("heading", name="Nothing to look at")).to_be_visible()
    desk.get_by_role("button", name="Issue 2 drafts").click()
    desk.get_by_role("button", name="Issue them").click()
    expect(desk.locator("#progress")).to_contain_text("0 / 2")
    work()
    expect(desk.locator("#progress")).to_contain_text("Done")
    of_month = Invoice.objects.filter(period=str(month))
    assert list(of_month.values_list("state", flat=True)) == ["issued"] * 2

    desk.goto("/billing/runs/")
    expect(desk.get_by_role("button", name=f"Bill {month}")).to_have_count(0)
    desk.set_viewport_size(PHONE)
    assert_no_sideways_scroll(desk)
