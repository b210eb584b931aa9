"""Money followed in a browser: a bank file uploaded, matched by a click and by hand, taken back."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from billing.models import BankTransaction
from bpi_portal.roles import sync_roles
from tests.billing.receivables.conftest import balances, make_invoices
from tests.billing.receivables.files import Entry, camt053
from tests.browser.harness import PHONE, assert_no_sideways_scroll, check_page, log_in, speak
from tests.factories.users import make_user

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
D = Decimal


@pytest.fixture
def desk(page, live_server, transactional_db):
    """Return the page, logged in as a billing specialist, in English."""
    sync_roles()
    log_in(page, make_user("billing"), live_server.url)
    speak(page, "en", live_server.url)
    return page


def test_a_bank_file_is_matched(desk, reminder_steps) -> None:
    first, _second, third = make_invoices("100", "200", "300")
    content = camt053(
        Entry("12.10", f"FRA {first.number}", "CAFE ORTUZAR", day="2026-11-26"),
        Entry("40.00", "PAGO", "CAFE ORTUZAR", day="2026-11-27"),
    )
    desk.goto("/billing/bank/")
    desk.get_by_role("link", name="Upload a file").click()
    file = {"name": "extracto.xml", "mimeType": "application/xml", "buffer": content}
    desk.get_by_label("File").set_input_files(file)
    desk.get_by_role("button", name="Upload").click()
    row = desk.get_by_role("row").filter(has_text=first.number)
    expect(row).to_contain_text("number of the invoice, amount")
    check_page(desk)
    row.get_by_role("button", name="Confirm").click()
    expect(desk.get_by_text("Matched.")).to_be_visible()
    assert balances() == [0, D("24.20"), D("36.30")]
    # The other one is not what was suggested: all of it for the third invoice, the rest is credit.
    desk.get_by_role("link", name="CAFE ORTUZAR").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("40.00")
    check_page(desk)
    desk.get_by_label(re.compile("^Amount for .*00002")).fill("")
    desk.get_by_label(f"Amount for {third.number}").fill("36.30")
    desk.get_by_role("button", name="Match", exact=True).click()
    expect(desk.get_by_text("Matched.")).to_be_visible()
    assert balances() == [0, D("24.20"), 0]
    desk.goto(
        f"/billing/customers/{first.customer.number}/account/?last=2027-12-31&first=2026-01-01"
    )
    expect(desk.get_by_label("About the account")).to_contain_text("€3.70")
    check_page(desk)
    transaction = BankTransaction.objects.get(amount=40)
    desk.goto(f"/billing/bank/{transaction.pk}/")
    desk.get_by_text("Take back").first.click()
    desk.locator("button", has_text="Take back").click()
    expect(desk.get_by_text("Taken back.")).to_be_visible()
    assert balances() == [0, D("24.20"), D("36.30")]
    for address in ("receivables/", "reminders/", "debits/", "debits/new/", "bank/"):
        desk.goto(f"/billing/{address}")
        check_page(desk)
        desk.set_viewport_size(PHONE)
        assert_no_sideways_scroll(desk)
        desk.set_viewport_size({"width": 1280, "height": 800})


@pytest.fixture
def reminder_steps(transactional_db):
    """The steps that the first start writes: a flushed database has none."""
    from billing.models import ReminderStep

    words = dict.fromkeys(("subject_es", "subject_en", "text_es", "text_en"), "x")
    ReminderStep.objects.get_or_create(level=1, defaults={"days": 3, **words})
