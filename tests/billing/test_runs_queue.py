"""Billing runs as queues: what came of each customer, pauses, workers beside and after others."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connections
from django.utils import translation

from billing import tasks
from billing.models import BillingRun, Charge, Invoice, InvoiceLine, InvoiceSeries, RunItem
from billing.selectors.runs import progress_of, result_of
from billing.services import (
    Rest,
    RunOverError,
    RunRefusedError,
    cancel_run,
    charge_conference,
    issue_invoice,
    pause_run,
    preparing,
    resume_run,
    silent_runs,
    start_run,
    work_on_run,
)
from billing.services.run_items import _ITEM_LOCK
from customers.models import Customer
from integration.models import Event, Job
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer
from toolkit.periods import InvalidPeriodError

pytestmark = pytest.mark.django_db
DECEMBER = dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def ready():
    make_vat_rate()
    make_issuer()


def hold(customer, *legs, **fields):
    conference = make_conference(customer, *legs, **fields)
    return charge_conference(conference_id=conference.pk, now=NOW)


def start(**fields):
    order = {"period": "2026-11", "actor": "ana", "now": DECEMBER, "task": "run", **fields}
    return start_run(**order)


def work(run, *, now=DECEMBER, seconds=60.0):
    more = work_on_run(run_id=run.pk, clock=lambda: now, seconds=seconds)
    run.refresh_from_db()
    return more


def outcomes(run):
    return {item.customer: item for item in run.items.select_related("customer")}


def fee(net="30", **contract):
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(net), **contract)
    return customer


def rows():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Charge, Invoice, InvoiceLine, InvoiceSeries)
    ]


def test_each_customer_has_an_outcome_in_plain_words(ready):
    unseen = fee(issue="automatic")
    reviewed = fee()
    idle = make_customer()
    make_contract(idle)
    failing = fee(issue="automatic", vat_category="export")
    unpriced = make_customer()
    make_contract(unpriced, issue="automatic")
    hold(unpriced, ("10 10:00", "10 10:10"), ("10 10:00", "10 10:10", "voip"))
    run = start()
    assert (run.state, run.total, run.started_by) == ("running", 5, "ana")
    assert work(run) == Rest.NOTHING
    found = outcomes(run)
    assert {one: item.state for one, item in found.items()} == {
        unseen: "issued",
        reviewed: "flagged",
        idle: "nothing",
        failing: "failed",
        unpriced: "flagged",
    }
    assert found[reviewed].flags == ["first_invoice"]
    assert found[unpriced].flags == ["first_invoice", "unpriced_legs"]
    assert found[idle].reason == "No conference, and nothing agreed for every month."
    assert "There is no VAT rate" in found[failing].reason
    issued = Invoice.objects.get(state="issued")
    assert (issued.number, issued.issued_by) == ("F-2026-00001", "ana")
    assert (found[unseen].issued, found[unseen].net) == ([issued.pk], Decimal(30))
    assert (run.state, run.finished_at) == ("done", DECEMBER)
    job = Job.objects.get()
    assert (job.state, job.done, job.total) == ("done", 5, 5)
    assert job.result == result_of(run)
    assert job.result["issued"] == [issued.pk]
    assert len(job.result["prepared"]) == 4
    assert len(job.result["left"]) == 2


def test_every_draft_without_a_flag_is_issued_on_demand(ready):
    before = fee()
    october = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    work(start(period="2026-10", now=october, issue="nothing"), now=october)
    first = Invoice.objects.get(period="2026-10")
    issue_invoice(invoice=first, actor="tests", now=october)
    new = fee()
    run = start(issue="unflagged")
    work(run)
    found = outcomes(run)
    assert (found[before].state, found[new].state) == ("issued", "flagged")
    assert (found[before].previous_net, found[before].previous_period) == (30, "2026-10")
    assert (found[new].previous_net, found[new].previous_period) == (None, "")
    assert found[new].reason == "It waits for somebody to look: First invoice."


def test_nothing_is_issued_where_only_drafts_were_asked_for(ready):
    fee(issue="automatic")
    run = start(issue="nothing")
    work(run)
    assert Invoice.objects.get().state == "draft"
    assert not InvoiceSeries.objects.exists()


def test_a_dry_run_writes_nothing_but_its_results(ready):
    unseen, reviewed = fee(issue="automatic"), fee("12.50")
    waiting = make_customer()
    make_contract(waiting, issue="automatic", billing="per_conference")
    make_conference(waiting, ("10 10:00", "10 10:10"))
    before, events = rows(), Event.objects.count()
    run = start(dry_run=True)
    work(run)
    assert rows() == before
    assert Event.objects.count() == events + 2  # run.started, run.finished
    found = outcomes(run)
    assert {one: (item.state, item.net) for one, item in found.items()} == {
        unseen: ("issued", Decimal(30)),
        reviewed: ("flagged", Decimal("12.50")),
        waiting: ("issued", Decimal("0.60")),
    }
    assert all((item.prepared, item.issued) == ([], []) for item in found.values())
    # The real one gives what the dry one foretold.
    real = start()
    work(real)
    assert {one: (item.state, item.net) for one, item in outcomes(real).items()} == {
        one: (item.state, item.net) for one, item in found.items()
    }


def test_running_again_issues_nothing_again(ready):
    customer = fee(issue="automatic")
    work(start())
    before = rows()
    run = start(now=DECEMBER + SECOND)
    work(run)
    assert rows() == before
    item = outcomes(run)[customer]
    assert (item.state, item.reason, item.issued) == ("nothing", "Issued before: F-2026-00001.", [])


def test_a_run_is_about_those_asked_for(ready):
    chosen, other = fee(), fee()
    without = make_customer()
    asked = Customer.objects.filter(pk__in=[chosen.pk, without.pk])
    run = start(customers=asked, selection="tag=VIP")
    work(run)
    found = outcomes(run)
    assert other not in found
    assert (found[without].state, found[without].reason) == (
        "nothing",
        "No contract in that month.",
    )
    assert Invoice.objects.get().customer == chosen


def test_a_month_in_two_currencies_has_two_results(ready):
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(30), end=dt.date(2026, 11, 16))
    make_contract(customer, monthly_fee=Decimal(60), start=dt.date(2026, 11, 16), currency="USD")
    run = start()
    work(run)
    assert sorted(run.items.values_list("currency", "net")) == [
        ("EUR", Decimal(15)),
        ("USD", Decimal(30)),
    ]


def test_runs_that_can_do_nothing_are_refused(ready):
    with pytest.raises(RunRefusedError, match="No customer has a contract"):
        start()
    fee()
    with pytest.raises(RunRefusedError, match="2027-01 has not begun"):
        start(period="2027-01")
    with pytest.raises(InvalidPeriodError):
        start(period="2026-13")
    assert not BillingRun.objects.exists()
    assert not Job.objects.exists()


def test_pause_resume_and_cancel(ready):
    for _ in range(3):
        fee()
    run = start()
    assert work(run, seconds=0) == Rest.MORE  # one customer, then others have their turn
    assert progress_of(run, now=DECEMBER + 10 * SECOND).done == 1
    paused = pause_run(run=run, actor="ana", now=DECEMBER + 10 * SECOND)
    assert work(run) == Rest.NOTHING
    assert run.items.filter(state="waiting").count() == 2
    progress = progress_of(paused, now=DECEMBER + 900 * SECOND)
    assert (progress.percent, progress.per_minute, progress.seconds_left) == (33, 6, 20)
    with pytest.raises(RunOverError):
        pause_run(run=run, actor="ana", now=DECEMBER)
    resumed = resume_run(run=run, actor="ana", now=DECEMBER + 70 * SECOND)
    assert resumed.paused_seconds == 60
    assert work(run, seconds=0) == Rest.MORE
    cancelled = cancel_run(run=run, actor="eva", now=DECEMBER + 80 * SECOND)
    assert work(run) == Rest.NOTHING
    assert run.items.filter(state="waiting").count() == 1
    assert Invoice.objects.count() == 2
    with pytest.raises(RunOverError):
        resume_run(run=cancelled, actor="ana", now=DECEMBER)
    job = Job.objects.get()
    assert (job.state, job.error) == ("failed", "eva cancelled it after 2 of 3 customers.")
    told = Event.objects.filter(subject_type="billing_run").order_by("pk")
    assert list(told.values_list("type", "actor")) == [
        ("run.started", "ana"),
        ("run.paused", "ana"),
        ("run.resumed", "ana"),
        ("run.cancelled", "eva"),
    ]


def test_one_takes_what_no_other_holds(ready, monkeypatch):
    handed_over = []
    monkeypatch.setattr(
        tasks.run_billing,
        "apply_async",
        lambda arguments, **_options: handed_over.append(arguments),
    )
    held, free = fee(), fee()
    run = start()
    item = run.items.get(customer=held)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ITEM_LOCK + item.pk])
        assert work(run) == Rest.HELD  # in the other's hands
        tasks.run_billing(run.pk)
        assert handed_over == [(run.pk,)]  # to look again soon
        assert run.state == "running"
        assert {one: item.state for one, item in outcomes(run).items()} == {
            held: "waiting",
            free: "flagged",
        }
    finally:
        other.close()  # as a killed worker's connection does
    assert work(run) == Rest.NOTHING
    assert run.state == "done"
    assert Invoice.objects.count() == 2


def test_what_a_killed_worker_had_done_is_told_all_the_same(ready):
    """It issued, and died before it could write down so."""
    customer = fee(issue="automatic")
    run = start()
    work(run)
    RunItem.objects.update(state="waiting", issued=[], prepared=[], net=None)
    BillingRun.objects.update(state="running", finished_at=None)
    before = rows()
    work(run)
    assert rows() == before
    item = outcomes(run)[customer]
    assert (item.state, item.issued) == ("issued", [Invoice.objects.get().pk])


def test_the_sweep_finds_runs_without_a_worker(ready, monkeypatch):
    fee()
    run, paused = start(), start()
    pause_run(run=paused, actor="ana", now=DECEMBER)
    assert silent_runs(now=DECEMBER + 45 * SECOND) == []
    handed_over = []
    monkeypatch.setattr(tasks.timezone, "now", lambda: DECEMBER + 46 * SECOND)
    monkeypatch.setattr(tasks.run_billing, "delay", handed_over.append)
    tasks.continue_runs()
    assert handed_over == [run.pk]
    tasks.run_billing(run.pk)
    assert handed_over == [run.pk]  # no piece is left
    run.refresh_from_db()
    assert run.state == "done"


def test_a_customer_that_fails_does_not_keep_up_the_others(ready, monkeypatch):
    bad, good = fee(), fee()
    prepare = preparing._prepared_draft

    def fail(known, order):
        if known.contract.customer == bad:
            raise RuntimeError
        return prepare(known, order)

    monkeypatch.setattr(preparing, "_prepared_draft", fail)
    run = start()
    work(run)
    found = outcomes(run)
    assert (found[bad].state, found[bad].reason) == ("failed", "It failed: see the log.")
    assert found[good].state == "flagged"
    assert run.state == "done"
