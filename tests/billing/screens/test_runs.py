"""The screens of billing runs, as a billing specialist and an auditor meet them."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import BillingRun, Invoice
from billing.services import work_on_run
from billing.tasks import run_billing
from billing.views import runs as views
from tests.billing.world import make_issuer_once, make_vat_rate_once
from tests.factories.billing import make_contract
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


def fee(net="30", **fields):
    customer = make_customer(**fields)
    make_contract(customer, monthly_fee=Decimal(net), start=dt.date(2026, 11, 1))
    return customer


def start(client, commit, **order):
    body = {"period": "2026-11", "issue": "agreed", "selection": "", **order}
    with commit(execute=True):
        return client.post("/billing/runs/new/", body)


def work(run):
    work_on_run(run_id=run.pk, clock=lambda: NOW)
    run.refresh_from_db()


def test_a_run_is_started_followed_and_exported(
    billing, handed_over, django_capture_on_commit_callbacks
):
    customer = fee(legal_name="Óptica Lumen, S.L.")
    page = billing.get("/billing/runs/new/").content.decode()
    assert 'value="2026-11"' in page  # the month before today's at the issuer's place
    assert "For all: one customer has a contract in that month." in page
    answer = start(billing, django_capture_on_commit_callbacks)
    run = BillingRun.objects.get()
    assert answer.headers["Location"] == f"/billing/runs/{run.pk}/"
    assert handed_over == [(run.pk,)] * 2
    page = billing.get(f"/billing/runs/{run.pk}/").content.decode()
    assert 'hx-trigger="every 1500ms"' in page
    assert "Óptica Lumen" in page
    work(run)
    progress = billing.get(f"/billing/runs/{run.pk}/progress/", headers={"HX-Request": "true"})
    assert progress.status_code == 286
    assert 'hx-trigger="every' not in progress.content.decode()
    page = billing.get(f"/billing/runs/{run.pk}/").content.decode()
    draft = Invoice.objects.get()
    assert f'href="/billing/invoices/{draft.pk}/"' in page
    assert "First invoice" in page
    rows = b"".join(billing.get(f"/billing/runs/{run.pk}/export.csv").streaming_content)
    assert rows.decode("utf-8-sig").splitlines()[1] == (
        f'{customer.number},"Óptica Lumen, S.L.",Flagged,First invoice,EUR,30.00,,,30.00,'
    )
    workbook = billing.get(f"/billing/runs/{run.pk}/export.xlsx")
    assert b"".join(workbook.streaming_content).startswith(b"PK")
    workbook.close()


def test_the_customers_of_a_filter_and_a_dry_run(
    billing, handed_over, django_capture_on_commit_callbacks
):
    chosen, _other = fee(tags=["VIP"]), fee()
    page = billing.get("/billing/runs/new/?tag=VIP&period=2026-11").content.decode()
    assert "For one customer of the filter." in page
    assert 'value="tag=VIP&amp;period=2026-11"' in page
    order = {"selection": "tag=VIP&period=2026-11", "dry_run": "on"}
    start(billing, django_capture_on_commit_callbacks, **order)
    run = BillingRun.objects.get()
    assert (run.dry_run, run.selection) == (True, "tag=VIP&period=2026-11")
    assert [item.customer for item in run.items.all()] == [chosen]
    work(run)
    page = billing.get(f"/billing/runs/{run.pk}/").content.decode()
    assert "Nothing was written but this table" in page
    assert not Invoice.objects.exists()


def test_numbers_choose_too_and_refusals_are_said(
    billing, handed_over, django_capture_on_commit_callbacks
):
    one, other, _third = fee(), fee(), fee()
    selection = f"number={one.number},{other.number.lower()}"
    start(billing, django_capture_on_commit_callbacks, selection=selection)
    assert BillingRun.objects.get().total == 2
    answer = start(billing, django_capture_on_commit_callbacks, period="2027-06")
    assert "2027-06 has not begun yet." in answer.content.decode()
    answer = start(billing, django_capture_on_commit_callbacks, period="soon")
    assert "Write a month as 2026-11." in answer.content.decode()
    assert BillingRun.objects.count() == 1


def test_what_nobody_billed_is_one_click_away(
    billing, handed_over, django_capture_on_commit_callbacks
):
    customer = fee(legal_name="Talleres Egia, S.A.")
    page = billing.get("/billing/runs/").content.decode()
    assert "Bill 2026-11" in page
    assert "Talleres Egia" in page
    with django_capture_on_commit_callbacks(execute=True):
        billing.post("/billing/runs/unbilled/", {"period": "2026-11"})
    run = BillingRun.objects.get()
    assert [item.customer for item in run.items.all()] == [customer]
    work(run)
    assert Invoice.objects.get().period == "2026-11"
    assert len(handed_over) == 2


def test_pause_resume_and_cancel(billing, handed_over, django_capture_on_commit_callbacks):
    fee()
    start(billing, django_capture_on_commit_callbacks)
    run = BillingRun.objects.get()
    handed_over.clear()
    for word, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        with django_capture_on_commit_callbacks(execute=True):
            billing.post(f"/billing/runs/{run.pk}/{word}/")
        run.refresh_from_db()
        assert run.state == state
    assert len(handed_over) == 2
    page = billing.post(f"/billing/runs/{run.pk}/pause/", follow=True).content.decode()
    assert "The run is not going on: Cancelled." in page


def test_who_only_reads_starts_nothing(as_role, handed_over, django_capture_on_commit_callbacks):
    fee()
    auditor = as_role("auditor")
    page = auditor.get("/billing/runs/").content.decode()
    assert "Bill 2026-11" not in page
    assert start(auditor, django_capture_on_commit_callbacks).status_code == 403
    assert auditor.post("/billing/runs/unbilled/", {"period": "2026-11"}).status_code == 403
    assert not BillingRun.objects.exists()
    assert as_role("sales").get("/billing/runs/").status_code == 403


def test_queries_do_not_grow_with_a_run(
    billing, handed_over, django_capture_on_commit_callbacks, django_assert_max_num_queries
):
    for _ in range(6):
        fee()
    start(billing, django_capture_on_commit_callbacks)
    run = BillingRun.objects.get()
    work(run)
    for address, most in (
        ("/billing/runs/", 12),
        (f"/billing/runs/{run.pk}/", 10),
        (f"/billing/runs/{run.pk}/progress/", 7),
        ("/billing/runs/new/", 10),
    ):
        with django_assert_max_num_queries(most):
            assert billing.get(address).status_code == 200
