"""Whatever happens to an issued month, its invoices add up to its price, and nothing changes twice.

Random months with pool, tiers, commitment and fees, and random things happening to them afterwards.
"""

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing.models import Charge, Invoice, InvoiceLine
from billing.rating import price_period
from billing.selectors import disagreements, explain_invoice
from billing.selectors.calls import call_of
from billing.selectors.terms import period_lines_of, terms_of
from billing.services import (
    NegativeInvoiceError,
    charge_conference,
    credit_adjustments,
    credit_invoice,
    issue_invoice,
    preview_rate_correction,
    start_re_rating,
    work_on_re_rating,
)
from conferencing.models import Conference
from sales.models import ContractRate
from tests.billing.re_adding import re_add
from tests.billing.test_explain import random_month, rich_contract
from tests.factories.billing import NOW, make_conference, make_leg, make_vat_rate
from tests.factories.customers import make_customer, make_issuer
from toolkit.money import from_decimal, to_decimal
from toolkit.periods import Period

pytestmark = pytest.mark.django_db

NOVEMBER = "2026-11"
STEPS = 10


class Month:
    """An issued November of one customer, and what may happen to it."""

    def __init__(self, seed):
        make_vat_rate()
        make_issuer()
        self.rng = random.Random(seed)  # noqa: S311
        self.now = NOW
        self.customer = make_customer()
        self.contract = rich_contract(self.customer)
        random_month(self.customer, self.rng, conferences=8)
        for conference in Conference.objects.all():
            self.charge(conference)
        self.invoice = self.issue(Invoice.objects.get())

    def charge(self, conference):
        self.now += dt.timedelta(minutes=1)
        charge_conference(conference_id=conference.pk, now=self.now)

    def issue(self, draft):
        return issue_invoice(invoice=draft, actor="tests", now=self.now)

    def conference(self):
        held = Conference.objects.filter(legs__withdrawn=False).distinct()
        return self.rng.choice(list(held.order_by("pk")))

    def correct(self, conference, change):
        change(conference)
        conference.record_version += 1
        conference.save()
        self.charge(conference)

    def corrected_leg(self):
        """A leg ends at another time."""

        def change(conference):
            leg = self.rng.choice(list(conference.legs.filter(withdrawn=False).order_by("pk")))
            leg.ended_at = leg.answered_at + dt.timedelta(seconds=self.rng.randrange(1, 9000))
            leg.save()

        self.correct(self.conference(), change)

    def withdrawn_leg(self):
        """A leg never was."""

        def change(conference):
            leg = self.rng.choice(list(conference.legs.filter(withdrawn=False).order_by("pk")))
            leg.withdrawn = True
            leg.save()

        self.correct(self.conference(), change)

    def late_leg(self):
        """A leg of a conference that is billed."""

        def change(conference):
            begun = conference.legs.order_by("answered_at").first().answered_at
            over = begun + dt.timedelta(seconds=self.rng.randrange(1, 4000))
            access = self.rng.choice(["toll", "voip", "dial_out"])
            make_leg(conference, begun.isoformat(), over.isoformat(), access)

        self.correct(self.conference(), change)

    def late_conference(self):
        """A conference that nobody knew."""
        begun = dt.datetime(2026, 11, self.rng.randrange(5, 24), 9, tzinfo=dt.UTC)
        over = begun + dt.timedelta(seconds=self.rng.randrange(1, 4000))
        legs = (begun.isoformat(), over.isoformat(), "toll")
        self.charge(make_conference(self.customer, legs))

    def next_invoice(self):
        """The next draft is issued; below zero, its deductions are credited first."""
        draft = Invoice.objects.filter(state="draft").order_by("period").first()
        if draft is None or not draft.lines.exists():
            return
        try:
            self.issue(draft)
        except NegativeInvoiceError:
            credit_adjustments(invoice=draft, actor="tests", now=self.now)

    def other_rate(self):
        """A rate was wrong."""
        rates = ContractRate.objects.filter(superseded_at=None).order_by("pk")
        rate = self.rng.choice(list(rates))
        price = to_decimal(self.rng.randrange(1000, 300_000))
        order = {"rates": [rate], "terms": {"price_per_minute": str(price)}, "now": self.now}
        seen = preview_rate_correction(**order)
        row = start_re_rating(reason="x", seen=seen.fingerprint, actor="tests", **order)
        work_on_re_rating(re_rating_id=row.pk, clock=lambda: self.now)
        done = row.months.aggregate(sum=Sum("difference"))["sum"]
        assert done == sum((month.difference for month in seen.months), Decimal(0))

    def credit(self):
        """Part of a line is credited."""
        lines = self.invoice.lines.filter(net__gt=1).order_by("pk")
        line = self.rng.choice(list(lines))
        try:
            credit_invoice(
                invoice=self.invoice,
                reason="x",
                lines={line.pk: Decimal("0.50")},
                actor="tests",
                now=self.now,
            )
        except Exception as error:  # noqa: BLE001 (nothing is left of it)
            assert type(error).__name__ == "CreditRefusedError"  # noqa: PT017

    def price(self):
        """Return the month's price, by what its charges say now."""
        charges = Charge.objects.filter(contract=self.contract, period=NOVEMBER)
        net = charges.aggregate(sum=Sum("net", default=Decimal(0)))["sum"]
        own = period_lines_of(terms_of(self.contract), NOVEMBER)
        return net + sum((to_decimal(line.net, "EUR") for line, _basis in own), Decimal(0))

    def billed(self):
        """Return what invoices, drafts and credit notes bill of the month."""
        lines = InvoiceLine.objects.filter(period=NOVEMBER)
        return lines.aggregate(sum=Sum("net"))["sum"]


def look(month, issued):
    """Check all that must hold; answer what is issued now."""
    assert disagreements() == {}
    for invoice in Invoice.objects.order_by("pk"):
        re_add(explain_invoice(invoice))
    now = {
        invoice.pk: [invoice.net, *invoice.lines.order_by("pk").values_list()]
        for invoice in Invoice.objects.filter(state="issued")
    }
    for pk, said in issued.items():
        assert now[pk] == said
    return now


@pytest.mark.parametrize("seed", [1, 2])
def test_the_invoices_of_a_month_add_up_to_its_price(seed):
    month = Month(seed)
    steps = [
        *(month.corrected_leg, month.corrected_leg, month.withdrawn_leg, month.late_leg),
        *(month.late_conference, month.next_invoice, month.other_rate),
    ]
    issued = look(month, {})
    for _ in range(STEPS):
        month.rng.choice(steps)()
        assert month.billed() == month.price()
        issued = look(month, issued)
    month.next_invoice()
    assert month.billed() == month.price()


def test_with_credit_notes_nobody_is_credited_more_than_was_billed():
    month = Month(3)
    steps = [month.corrected_leg, month.withdrawn_leg, month.credit, month.next_invoice]
    for _ in range(STEPS):
        month.rng.choice(steps)()
        look(month, {})
        for conference in Conference.objects.all():
            lines = InvoiceLine.objects.filter(conference=conference)
            assert lines.aggregate(sum=Sum("net", default=Decimal(0)))["sum"] >= 0


def test_corrections_alone_come_to_what_the_month_costs_from_the_start():
    """No late call: then the order is that of TARIFF.md, and so is every amount."""
    month = Month(4)
    for step in (month.corrected_leg, month.next_invoice, month.corrected_leg, month.corrected_leg):
        step()
    calls = [call_of(conference).counted for conference in Conference.objects.all()]
    terms = terms_of(month.contract).terms
    expected = price_period(terms, Period.parse(NOVEMBER), 0, calls)
    assert from_decimal(month.billed()) == expected.net
