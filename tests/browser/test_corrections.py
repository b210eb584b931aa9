"""What is issued is taken back in a browser: credited, drafted anew; wrong rates corrected."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from billing.models import Invoice, ReRating
from billing.services import work_on_re_rating
from billing.tasks import re_rate
from tests.billing.world import LATER, make_issued
from tests.browser.harness import check_page
from tests.browser.portal import Portal
from tests.factories.customers import make_customer

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


def test_a_part_is_credited_then_the_rest_and_all_is_drafted_anew(portal: Portal) -> None:
    invoice = make_issued(make_customer(legal_name="Óptica Lumen, S.L."))
    portal.enter("billing")
    page = portal.page
    page.goto(f"/billing/invoices/{invoice.pk}/")
    portal.press("Credit", "link")
    portal.fill("Reason", "Mala calidad")
    page.get_by_label(portal.say("Some lines, or parts of them")).check()
    row = page.get_by_role("row").filter(has_text=portal.say("Internet calls"))
    row.get_by_role("checkbox").check()
    portal.press("Show the credit note")
    plan = page.get_by_role("region", name=portal.say("The credit note"))
    expect(plan).to_contain_text(portal.money(Decimal("-0.06")))  # 0.05 and its VAT
    check_page(page)
    portal.press("Issue the credit note")
    expect(page.get_by_role("heading", level=1)).to_have_text("R-2026-00001")

    page.get_by_role("link", name=str(invoice.number), exact=True).click()
    expect(page.get_by_text("Mala calidad")).to_be_visible()
    portal.press("Credit", "link")
    portal.fill("Reason", "Datos fiscales")
    page.get_by_label(portal.say("Draft it anew at once")).check()
    portal.press("Show the credit note")
    portal.press("Issue the credit note")
    draft = Invoice.objects.get(replaces=invoice)
    expect(page).to_have_url(f"{portal.origin}/billing/invoices/{draft.pk}/")
    assert (draft.net, invoice.credit_notes.count()) == (Decimal("3.70"), 2)
    page.get_by_role("link", name=str(invoice.number), exact=True).click()
    expect(page.get_by_role("link", name=portal.say("a draft"), exact=True)).to_be_visible()
    check_page(page)
    page.goto("/billing/series/")
    expect(page.get_by_role("row").filter(has_text="R-2026")).to_be_visible()
    check_page(page)


@pytest.mark.parametrize("portal", ["es"], indirect=True)
def test_a_wrong_rate_shows_who_is_touched_before_it_is_corrected(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = make_issued(make_customer(legal_name="Óptica Lumen, S.L."))
    assert invoice.contract is not None
    monkeypatch.setattr(re_rate, "delay", lambda *_arguments: None)
    portal.enter("billing")
    page = portal.page
    page.goto("/billing/re-ratings/")
    portal.fill("Contract number", invoice.contract.number)
    portal.press("Show its rates")
    check_page(page)
    page.get_by_role("link", name=portal.say("Correct"), exact=True).first.click()
    price = "0,05" if portal.language == "es" else "0.05"
    portal.fill("Price per minute", price)
    portal.fill("Reason", "Lista antigua")
    portal.press("Show who is touched")
    touched = page.get_by_role("region", name=portal.say("Who is touched, and by how much"))
    expect(touched).to_contain_text("Óptica Lumen")
    expect(touched).to_contain_text(portal.money(Decimal("-0.20")))
    check_page(page)
    portal.press("Correct the rate")
    expect(page.locator(".progress")).to_contain_text("0 / 1")
    work_on_re_rating(re_rating_id=ReRating.objects.get().pk, clock=lambda: LATER)
    page.get_by_role("link", name=portal.say("Show what came of it")).click()
    expect(page.get_by_role("row").filter(has_text="2026-11")).to_contain_text(
        portal.money(Decimal("-0.20"))
    )
    check_page(page)
    draft = Invoice.objects.get(state="draft")
    assert [line.net for line in draft.lines.all()] == [Decimal("-0.10")] * 2
