"""Months that nobody billed: none is skipped, none is told that has nothing to bill."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Invoice
from billing.selectors.unbilled import customers_not_billed, unbilled_months
from billing.services import charge_conference, issue_invoice, prepare_period
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db
DECEMBER = dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)
SEPTEMBER = dt.date(2026, 9, 1)


@pytest.fixture(autouse=True)
def ready():
    make_vat_rate()
    make_issuer()


def hold(customer, *legs, **fields):
    conference = make_conference(customer, *legs, **fields)
    return charge_conference(conference_id=conference.pk, now=NOW)


def months(now=DECEMBER):
    return {one.period: (one.customers, one.untouched) for one in unbilled_months(now=now)}


def issue(period, now=DECEMBER):
    prepare_period(period=period, actor="tests", now=now)
    for draft in Invoice.objects.filter(period=period, state="draft", lines__isnull=False):
        issue_invoice(invoice=draft, actor="tests", now=now)


def test_each_month_with_a_fee_is_missed_until_it_is_issued():
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(30), start=SEPTEMBER)
    assert months() == dict.fromkeys(("2026-09", "2026-10", "2026-11"), (1, 1))
    issue("2026-10")
    assert months() == dict.fromkeys(("2026-09", "2026-11"), (1, 1))
    prepare_period(period="2026-11", actor="tests", now=DECEMBER)
    assert months() == {"2026-09": (1, 1), "2026-11": (1, 0)}
    (september, _november) = unbilled_months(now=DECEMBER)
    assert (september.examples, september.more) == ((customer,), 0)
    assert list(customers_not_billed(period="2026-09", now=DECEMBER)) == [customer]
    assert not customers_not_billed(period="2026-10", now=DECEMBER)


def test_conferences_on_a_draft_are_missed_and_months_without_any_are_not():
    customer = make_customer()
    make_contract(customer, start=SEPTEMBER)
    assert months() == {}
    hold(customer, ("10 10:00", "10 10:10"))
    assert months() == {"2026-11": (1, 0)}
    issue("2026-11")
    assert months() == {}


def test_a_month_ends_on_the_clocks_of_its_contract():
    make_contract(make_customer(), monthly_fee=Decimal(30), start=dt.date(2026, 11, 1))
    midnight = dt.datetime(2026, 11, 30, 23, tzinfo=dt.UTC)
    assert months(midnight - dt.timedelta(seconds=1)) == {}
    # Where it is UTC still November, the month is over in Madrid.
    assert months(midnight) == {"2026-11": (1, 1)}


def test_a_commitment_is_missed_only_where_something_is_left_of_it():
    customer = make_customer()
    make_contract(
        customer,
        billing="per_conference",
        issue="automatic",
        commitment=Decimal("0.60"),
        start=dt.date(2026, 10, 1),
    )
    hold(customer, ("10 10:00", "10 10:10"))
    assert Invoice.objects.get().state == "issued"
    assert months() == {"2026-10": (1, 1)}


def test_invoices_of_single_conferences_that_wait_are_missed():
    customer = make_customer()
    make_contract(customer, billing="per_conference", start=SEPTEMBER)
    hold(customer, ("10 10:00", "10 10:10"))
    assert months() == {"2026-11": (1, 0)}


def test_nothing_is_missed_of_who_has_no_contract_in_force():
    make_contract(make_customer(), monthly_fee=Decimal(30), status="draft", start=SEPTEMBER)
    make_contract(
        make_customer(), monthly_fee=Decimal(30), start=SEPTEMBER, end=dt.date(2026, 10, 1)
    )
    assert months() == {"2026-09": (1, 1)}
