"""A month billed by two real workers, killed with -9 at the worst places: each invoice once."""

import datetime as dt
import os
import signal
from decimal import Decimal
from pathlib import Path

import pytest

from billing.models import BillingRun, Invoice, InvoiceSeries, RunItem
from billing.selectors import disagreements
from billing.services import charge_conference, issue_invoice, prepare_period
from tests.bridge.janus import wait_until
from tests.factories.billing import make_conference, make_contract
from tests.factories.customers import make_customer
from tests.flows.stage import statement_held, waiting_for_locks
from toolkit.periods import Period

PATIENCE = 30
CUSTOMERS = 6


@pytest.fixture(scope="module")
def month(office):
    """The month before, which has ended wherever it is now."""
    today = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    period = Period.of_date(today).previous
    for year in {today.year, today.year + 1}:
        InvoiceSeries.objects.get_or_create(kind="invoice", year=year, defaults={"prefix": "F"})
    return period


def customers_with(month, **contract):
    """Customers with a monthly fee."""
    found = []
    for _ in range(CUSTOMERS):
        customer = make_customer()
        start = dt.date(month.year - 1, 1, 1)
        make_contract(customer, monthly_fee=Decimal(30), start=start, **contract)
        found.append(customer)
    return found


def known_customers_with_calls(month):
    """Customers billed before, of whom each conference of the month waits on a draft of its own."""
    now = dt.datetime.now(dt.UTC)
    customers = customers_with(month, billing="per_conference")
    before = str(month.previous)
    prepare_period(period=before, actor="tests", now=now, customers=customers)
    for draft in Invoice.objects.filter(customer__in=customers, period=before):
        issue_invoice(invoice=draft, actor="tests", now=now)
    for customer in customers:
        for day in (10, 12):
            begun, over = (f"{month}-{day}T10:{minute}:00Z" for minute in ("00", "05"))
            conference = make_conference(customer, (begun, over))
            charge_conference(conference_id=conference.pk, now=now)
    return customers


def start(office, month, customers, **order):
    body = {"period": str(month), "customers": [one.number for one in customers], **order}
    job = office.accountant.post("billing-runs/", body, status=202)
    return BillingRun.objects.get(job=job["id"])


def wait_until_done(run):
    def is_done():
        run.refresh_from_db()
        return run.is_over

    wait_until(is_done, seconds=PATIENCE, what=f"the end of run {run.pk}")
    assert run.state == "done"


def pool_processes(office):
    """Return the pids of the processes in which the worker does its tasks."""
    pid = office.worker.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in children.split()]


def assert_gapless():
    """No number is missing or given twice, over all that was ever issued here."""
    numbers = sorted(Invoice.objects.exclude(number=None).values_list("number", flat=True))
    series = {}
    for number in numbers:
        prefix, _, serial = number.rpartition("-")
        series.setdefault(prefix, []).append(int(serial))
    for prefix, serials in series.items():
        assert sorted(serials) == list(range(1, len(serials) + 1)), prefix
    assert disagreements() == {}


def issued(customers, month):
    """Return what is issued of the month, by customer: totals, and whether for one conference."""
    invoices = Invoice.objects.filter(customer__in=customers, period=str(month), state="issued")
    found = {customer.pk: [] for customer in customers}
    for invoice in invoices.order_by("total", "pk"):
        found[invoice.customer_id].append((invoice.total, invoice.conference_id is not None))
    return list(found.values())


def test_a_worker_killed_while_it_takes_a_number(office, month):
    customers = customers_with(month, issue="automatic")
    with statement_held("SELECT 1 FROM billing_invoiceseries FOR UPDATE"):
        run = start(office, month, customers)
        wait_until(lambda: waiting_for_locks() >= 2, seconds=PATIENCE, what="both workers")
        os.kill(pool_processes(office)[0], signal.SIGKILL)
    wait_until_done(run)
    assert set(run.items.values_list("state", flat=True)) == {"issued"}
    assert issued(customers, month) == [[(Decimal("36.30"), False)]] * CUSTOMERS
    told = [pk for item in run.items.all() for pk in item.issued]
    invoices = Invoice.objects.filter(customer__in=customers)
    assert sorted(told) == sorted(invoices.values_list("pk", flat=True))
    assert_gapless()


def test_all_workers_killed_while_one_customer_is_billed(office, month):
    customers = known_customers_with_calls(month)
    last = "SELECT 1 FROM sales_contract WHERE customer_id = %s FOR UPDATE"
    with statement_held(last, str(customers[-1].pk)):
        run = start(office, month, customers, issue="unflagged")
        waiting = RunItem.objects.filter(run=run, state="waiting")
        wait_until(lambda: waiting.count() == 1, seconds=PATIENCE, what="all but one")
        wait_until(lambda: waiting_for_locks() >= 1, seconds=PATIENCE, what="the last one")
        office.worker.kill()
    run.refresh_from_db()
    assert (run.state, waiting.count()) == ("running", 1)
    again = start(office, month, customers, issue="unflagged")
    office.worker.start()
    wait_until_done(run)
    wait_until_done(again)
    assert set(run.items.values_list("state", flat=True)) == {"issued"}
    of_each = [(Decimal("0.36"), True), (Decimal("0.36"), True), (Decimal("36.30"), False)]
    assert issued(customers, month) == [of_each] * CUSTOMERS
    wait_until_done(start(office, month, customers, issue="unflagged"))
    assert issued(customers, month) == [of_each] * CUSTOMERS
    assert_gapless()
