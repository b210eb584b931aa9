"""What changes after issue, by real workers that die over it: to the cent, and once."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Charge, Invoice, InvoiceLine
from billing.selectors import disagreements, explain_invoice
from billing.services import (
    charge_conference,
    issue_invoice,
    preview_rate_correction,
    start_re_rating,
)
from billing.tasks import charge_conference as charge
from billing.tasks import re_rate
from sales.models import ContractRate
from tests.billing.re_adding import re_add
from tests.bridge.janus import wait_until
from tests.factories.billing import correct, make_conference, make_contract, make_leg
from tests.factories.customers import make_customer
from tests.flows.stage import statement_held, waiting_for_locks
from toolkit.periods import Period

PATIENCE = 30


@pytest.fixture(scope="module")
def month(office):
    """The month before, which has ended wherever it is now."""
    return Period.of_date(dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)).previous


def at(month, day, minute):
    return f"{month}-{day:02}T10:{minute:02}:00Z"


class Customer:
    """One with a fee of 30 and a toll call of ten minutes on two days, 0.06 each; all issued."""

    def __init__(self, month):
        now = dt.datetime.now(dt.UTC)
        self.month = month
        customer = make_customer()
        start = dt.date(month.year - 1, 1, 1)
        self.contract = make_contract(customer, monthly_fee=Decimal(30), start=start)
        self.conferences = [
            make_conference(customer, (at(month, day, 0), at(month, day, 10))) for day in (10, 12)
        ]
        for conference in self.conferences:
            draft = charge_conference(conference_id=conference.pk, now=now).invoice
        self.invoice = issue_invoice(invoice=draft, actor="tests", now=now)
        assert (self.invoice.net, self.invoice.total) == (Decimal("31.20"), Decimal("37.75"))

    @property
    def rate(self):
        return ContractRate.objects.get(contract=self.contract, superseded_at=None)

    def adjusted(self, conference):
        """Return what stands on drafts to adjust a conference."""
        lines = InvoiceLine.objects.filter(charge__conference=conference, invoice__state="draft")
        return [line.net for line in lines]

    def billed(self, conference):
        """Return what all invoices and credit notes bill of a conference."""
        return sum(line.net for line in InvoiceLine.objects.filter(conference=conference))

    def version(self, conference):
        return Charge.objects.get(conference=conference).version


def settle(office, customer, conference, version):
    """Let the workers do what was handed to them."""
    wait_until(
        lambda: customer.version(conference) == version, seconds=PATIENCE, what="the next version"
    )
    office.worker.wait_until_idle()


def test_corrected_late_credited_and_re_rated(office, month):
    customer = Customer(month)
    one, two = customer.conferences
    issued = list(customer.invoice.lines.order_by("pk").values())

    # The bridge corrects a call; the workers die over it with the lines half written.
    correct(one, (at(month, 10, 0), at(month, 10, 4)))
    with statement_held("LOCK TABLE billing_invoiceline IN SHARE MODE"):
        charge.delay(str(one.pk))
        wait_until(lambda: waiting_for_locks() >= 1, seconds=PATIENCE, what="a worker at work")
        office.worker.kill()
    assert (customer.version(one), customer.adjusted(one)) == (1, [])
    office.worker.start()
    charge.delay(str(one.pk))
    settle(office, customer, one, 2)
    assert customer.adjusted(one) == [Decimal("-0.36")]

    # A call that was not known comes late; both workers are told of it more than once.
    make_leg(two, at(month, 12, 1), at(month, 12, 6))
    two.record_version += 1
    two.save()
    for _ in range(4):
        charge.delay(str(two.pk))
    settle(office, customer, two, 2)
    assert customer.adjusted(two) == [Decimal("0.30")]

    # Part of a line is credited by an accountant's program.
    line = customer.invoice.lines.get(conference=two.pk)
    note = office.accountant.post(
        f"invoices/{customer.invoice.pk}/credit-notes/",
        {"reason": "Calidad", "lines": [{"line": line.pk, "net": "0.20"}]},
    )
    assert (note["net"], note["vat"], note["total"]) == ("-0.20", "-0.04", "-0.24")

    # The rate was 0.05 all the time.
    others = [Customer(month) for _ in range(2)]
    everybody = [customer, *others]
    row = corrected_rate(everybody)
    last = "SELECT 1 FROM sales_contract WHERE id = %s FOR UPDATE"
    with statement_held(last, str(others[-1].contract.pk)):
        re_rate.delay(row.pk)
        done = row.months.exclude(done_at=None)
        wait_until(lambda: done.count() == 2, seconds=PATIENCE, what="all months but one")
        wait_until(lambda: waiting_for_locks() >= 1, seconds=PATIENCE, what="the last one")
        office.worker.kill()
    office.worker.start()
    for _ in range(2):
        re_rate.delay(row.pk)

    def is_finished():
        row.refresh_from_db()
        return row.finished_at is not None

    wait_until(is_finished, seconds=PATIENCE, what="the end of the re-rating")
    office.worker.wait_until_idle()
    assert customer.adjusted(one) == [Decimal("-0.40")]  # 4 min at 0.05 instead of 0.60
    assert customer.adjusted(two) == [Decimal("0.15")]  # 15 min at 0.05 instead of 0.60
    assert (customer.billed(one), customer.billed(two)) == (Decimal("0.20"), Decimal("0.55"))
    for other in others:
        assert [other.adjusted(each) for each in other.conferences] == [[Decimal("-0.10")]] * 2

    # The next month takes it in; what was issued is what it was.
    for each in everybody:
        draft = Invoice.objects.get(contract=each.contract, state="draft")
        issue_invoice(invoice=draft, actor="tests", now=dt.datetime.now(dt.UTC))
    assert list(customer.invoice.lines.order_by("pk").values()) == issued
    for invoice in Invoice.objects.all():
        re_add(explain_invoice(invoice))
    assert disagreements() == {}


def corrected_rate(customers):
    """Correct the rate of each to 0.05, as somebody who has seen what it changes."""
    order = {
        "rates": [customer.rate for customer in customers],
        "terms": {"price_per_minute": "0.05"},
        "now": dt.datetime.now(dt.UTC),
    }
    seen = preview_rate_correction(**order)
    assert seen.sums == {"EUR": Decimal("-0.59")}
    return start_re_rating(reason="Old price list", seen=seen.fingerprint, actor="tests", **order)
