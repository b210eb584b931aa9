"""Billing runs: months prepared and issued once, however often one asks."""

import datetime as dt
from decimal import Decimal

import pytest

from billing import tasks
from billing.models import BillingPeriod, Charge, Invoice, InvoiceLine
from billing.services import charge_conference, due_periods, prepare_period
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db
DECEMBER = dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)


def prepare(now=DECEMBER, **fields):
    return prepare_period(period="2026-11", actor="tests", now=now, **fields)


def hold(customer, *legs, **fields):
    conference = make_conference(customer, *legs, **fields)
    return charge_conference(conference_id=conference.pk, now=NOW)


@pytest.fixture
def ready():
    make_vat_rate()
    make_issuer()


def test_fees_are_drafted_for_who_did_not_call(ready):
    fee = make_contract(make_customer(), monthly_fee=Decimal(30))
    make_contract(make_customer())  # nothing to invoice
    make_contract(make_customer(), monthly_fee=Decimal(30), start=dt.date(2026, 12, 1))
    make_contract(make_customer(), monthly_fee=Decimal(30), status="draft")
    run = prepare()
    draft = Invoice.objects.get()
    assert (draft.contract, draft.total, draft.state) == (fee, Decimal("36.30"), "draft")
    assert (run.prepared, run.issued, run.left) == ([draft.pk], [], {})


def test_automatic_months_are_issued_once_they_ended(ready):
    customer = make_customer()
    make_contract(customer, issue="automatic")
    hold(customer, ("10 10:00", "10 10:10"))
    end = dt.datetime(2026, 11, 30, 23, tzinfo=dt.UTC)  # midnight in Madrid
    assert prepare(now=end - dt.timedelta(seconds=1)).issued == []
    run = prepare(now=end)
    invoice = Invoice.objects.get()
    assert (run.issued, invoice.number) == ([invoice.pk], "F-2026-00001")
    assert invoice.issued_on == dt.date(2026, 12, 1)
    assert BillingPeriod.objects.get().closed_at == end
    again = prepare()
    assert (again.prepared, again.issued, again.left) == ([], [], {})
    assert Invoice.objects.count() == 1


def test_running_twice_changes_nothing(ready):
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(30), commitment=Decimal(80))
    hold(customer, ("10 10:00", "10 10:10"))
    prepare()
    before = [list(Invoice.objects.values_list()), list(InvoiceLine.objects.values_list())]
    prepare()
    assert [
        list(Invoice.objects.values_list()),
        list(InvoiceLine.objects.values_list()),
    ] == before


def test_what_is_unclear_is_not_issued_unseen(ready):
    unpriced, live, uncovered = (make_customer() for _ in range(3))
    contracts = [make_contract(one, issue="automatic") for one in (unpriced, live)]
    hold(unpriced, ("10 10:00", "10 10:10"), ("10 10:00", "10 10:10", "voip"))
    hold(live, ("10 10:00", "10 10:10"))
    make_conference(live, start="30 22:30", state="live")
    contracts.append(make_contract(uncovered, issue="automatic", end=dt.date(2026, 11, 15)))
    hold(uncovered, ("10 10:00", "10 10:10"))
    hold(uncovered, ("20 10:00", "20 10:10"))
    run = prepare()
    assert run.issued == []
    assert set(run.left) == {contract.number for contract in contracts}
    assert len(set(run.left.values())) == 3
    assert set(Invoice.objects.values_list("state", flat=True)) == {"draft"}


def test_a_run_charges_what_nobody_charged_yet(ready):
    customer = make_customer()
    make_contract(customer, issue="automatic", monthly_fee=Decimal(1))
    make_conference(customer, ("30 22:50", "30 23:10"))
    prepare()
    assert Charge.objects.get().net == Decimal("1.20")
    assert Invoice.objects.get().net == Decimal("2.20")


def test_one_that_cannot_be_issued_does_not_keep_up_the_others(ready):
    without_rate = make_contract(
        make_customer(), issue="automatic", monthly_fee=Decimal(1), vat_category="export"
    )
    make_contract(make_customer(), issue="automatic", monthly_fee=Decimal(1))
    told = []
    run = prepare(report=lambda done, total: told.append((done, total)))
    assert list(run.left) == [without_rate.number]
    assert len(run.issued) == 1
    assert told == [(1, 2), (2, 2)]
    assert sorted(Invoice.objects.values_list("state", flat=True)) == ["draft", "issued"]


def test_only_the_customers_asked_for(ready):
    one, other = make_customer(), make_customer()
    for customer in (one, other):
        make_contract(customer, monthly_fee=Decimal(1))
    prepare(customers=[one])
    assert Invoice.objects.get().customer == one


def test_fees_beside_invoices_of_conferences(ready):
    customer = make_customer()
    make_contract(customer, billing="per_conference", issue="automatic", commitment=Decimal(100))
    hold(customer, ("10 10:00", "10 10:10"))
    assert Invoice.objects.get().number == "F-2026-00001"
    prepare()
    fees = Invoice.objects.get(conference=None)
    assert (fees.number, fees.net) == ("F-2026-00002", Decimal("99.40"))
    assert fees.lines.get().kind == "commitment_shortfall"
    prepare()
    assert Invoice.objects.count() == 2


def test_the_nightly_run_takes_ended_months_and_old_drafts(ready, monkeypatch):
    october = make_customer()
    make_contract(october, issue="automatic", end=dt.date(2026, 11, 1))
    hold(october, ("2026-10-10T10:00Z", "2026-10-10T10:10Z"))
    november = make_customer()
    make_contract(november, issue="automatic")
    hold(november, ("10 10:00", "10 10:10"))
    assert due_periods(NOW) == ["2026-10", "2026-11"]
    assert due_periods(dt.datetime(2027, 1, 5, tzinfo=dt.UTC)) == [
        "2026-10",
        "2026-11",
        "2026-12",
        "2027-01",
    ]
    monkeypatch.setattr(tasks.timezone, "now", lambda: NOW)
    tasks.prepare_due_periods()
    assert dict(Invoice.objects.values_list("period", "state")) == {
        "2026-10": "issued",
        "2026-11": "draft",
    }
