"""The screens of review: drafts by their flags, what each is about, the rest issued at once."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import BillingRun, FlagAcceptance, Invoice
from billing.services import charge_conference, issue_invoice, prepare_period, work_on_run
from billing.tasks import run_billing
from billing.views import review as views
from customers.models import Customer
from tests.billing.world import make_issuer_once, make_vat_rate_once
from tests.factories.billing import make_conference, make_contract
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def ready(monkeypatch):
    make_vat_rate_once()
    make_issuer_once()
    monkeypatch.setattr(views.timezone, "now", lambda: NOW)


@pytest.fixture
def handed_over(monkeypatch):
    given = []
    monkeypatch.setattr(run_billing, "delay", lambda *arguments: given.append(arguments))
    return given


def fee(net="30", *, before=True, **fields):
    """A customer with a fee; October is issued, November is a draft."""
    customer = make_customer(**fields)
    make_contract(customer, monthly_fee=Decimal(net), start=dt.date(2026, 10, 1))
    for period in ("2026-10", "2026-11") if before else ("2026-11",):
        prepare_period(period=period, actor="tests", now=NOW, customers=[customer])
        if period == "2026-10":
            draft = Invoice.objects.get(customer=customer)
            issue_invoice(invoice=draft, actor="tests", now=NOW)
    return Invoice.objects.get(customer=customer, state="draft")


def test_only_flagged_drafts_are_shown_and_the_rest_is_issued(
    billing, handed_over, django_capture_on_commit_callbacks
):
    clean = fee(legal_name="Talleres Egia, S.A.")
    first = fee(before=False, legal_name="Óptica Lumen, S.L.")
    page = billing.get("/billing/review/").content.decode()
    assert "Óptica Lumen" in page
    assert "Talleres Egia" not in page
    assert f'href="/billing/review/{first.pk}/first_invoice/"' in page
    assert "Issue one draft" in page
    assert "Talleres Egia" in billing.get("/billing/review/?flag=none").content.decode()
    assert "Óptica" in billing.get("/billing/review/?flag=first_invoice").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = billing.post("/billing/review/issue/", {"period": "2026-11"})
    run = BillingRun.objects.get()
    assert answer.headers["Location"] == f"/billing/runs/{run.pk}/"
    assert (run.issue, run.total, len(handed_over)) == ("unflagged", 1, 2)
    work_on_run(run_id=run.pk, clock=lambda: NOW)
    clean.refresh_from_db()
    first.refresh_from_db()
    assert (clean.state, first.state) == ("issued", "draft")
    page = billing.post("/billing/review/issue/", {"period": "2026-11"}, follow=True)
    assert "No draft of that month is without a flag." in page.content.decode()
    assert BillingRun.objects.count() == 1


def test_a_flag_is_accepted_with_a_reason(billing):
    draft = fee(before=False)
    address = f"/billing/review/{draft.pk}/first_invoice/"
    assert "Nothing was ever issued to" in billing.get(address).content.decode()
    answer = billing.post(address, {"reason": " "})
    assert answer.status_code == 200
    assert not FlagAcceptance.objects.exists()
    answer = billing.post(address, {"reason": "Terms checked with sales."})
    assert answer.headers["Location"] == "/billing/review/?period=2026-11"
    assert FlagAcceptance.objects.get().reason == "Terms checked with sales."
    page = billing.get("/billing/review/?flag=none").content.decode()
    assert 'data-why="Terms checked with sales."' in page
    assert "Terms checked with sales." in billing.get(address).content.decode()
    assert billing.get(f"/billing/review/{draft.pk}/zero/").status_code == 302
    assert billing.get("/billing/review/999999/zero/").status_code == 404


def test_each_flag_opens_what_it_is_about(billing):
    draft = fee("1", legal_name="Óptica Lumen, S.L.")
    customer = draft.customer
    Customer.objects.filter(pk=customer.pk).update(reference_policy="required", tax_id="B1")
    conference = make_conference(
        customer,
        *(("10 10:00", "10 20:00"), ("10 10:00", "10 10:10", "voip")),
        start="10 10:00",
        title="Junta",
    )
    conference.legs.filter(access="toll").update(ended_how="poll")
    charge_conference(conference_id=conference.pk, now=NOW)
    pages = {
        flag: billing.get(f"/billing/review/{draft.pk}/{flag}/").content.decode()
        for flag in ("change", "unpriced_legs", "estimated_times", "missing_reference", "tax_id")
    }
    assert "+€36.00" in pages["change"] or "+36.00" in pages["change"]
    assert f"?customer={customer.number}&amp;period=2026-10" in pages["change"]
    for flag in ("unpriced_legs", "estimated_times", "missing_reference"):
        assert "Junta" in pages[flag], flag
        assert str(conference.pk) in pages[flag], flag
    assert "“B1” can't be a tax id of Spain." in pages["tax_id"]
    assert f"/billing/problems/?customer={customer.number}" in pages["unpriced_legs"]


def test_who_only_reads_decides_nothing(as_role):
    draft = fee(before=False)
    auditor = as_role("auditor")
    address = f"/billing/review/{draft.pk}/first_invoice/"
    assert "It is right all the same" not in auditor.get(address).content.decode()
    assert auditor.post(address, {"reason": "Fine."}).status_code == 403
    assert auditor.post("/billing/review/issue/", {"period": "2026-11"}).status_code == 403
    assert not FlagAcceptance.objects.exists()
    assert as_role("sales").get("/billing/review/").status_code == 403


def test_queries_do_not_grow_with_the_drafts(billing, django_assert_max_num_queries):
    for _ in range(5):
        fee(before=False)
    with django_assert_max_num_queries(12):
        assert billing.get("/billing/review/").status_code == 200
