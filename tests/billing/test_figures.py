"""The figures that sales asks for: what each counts, and that no leg is looked at."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice
from billing.selectors import customer_figures
from billing.services import charge_conference, issue_invoice, record_payment, request_figures
from integration.models import Event
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer
from toolkit.periods import InvalidPeriodError

pytestmark = pytest.mark.django_db


def hold(customer, *legs, now=NOW, **fields):
    conference = make_conference(customer, *legs, **fields)
    return charge_conference(conference_id=conference.pk, now=now)


def figures(customer, period="2026-11", now=NOW):
    found = customer_figures(customer=customer, period=period, now=now)
    return {
        name: str(getattr(found, name))
        for name in found.__slots__
        if name not in {"as_of", "other_currencies", "period", "currency"}
    }


def test_a_month_in_figures():
    make_vat_rate()
    make_issuer()
    customer = make_customer()
    make_contract(customer, billing="per_conference", payment_days=10)
    other = make_customer()
    make_contract(other)
    hold(other, ("10 10:00", "10 10:10"))
    hold(customer, ("2026-10-10T10:00Z", "2026-10-10T10:10Z"))
    issued = hold(customer, ("2 10:00", "2 10:10")).invoice  # 0.60 + 0.13
    issue_invoice(invoice=issued, actor="tests", now=dt.datetime(2026, 11, 3, tzinfo=dt.UTC))
    hold(customer, ("10 10:00", "10 10:09:01"), ("10 10:00", "10 10:00:59", "voip"))  # 0.60
    hold(customer, start="11 10:00")  # nobody came, no fee
    found = customer_figures(customer=customer, period="2026-11", now=NOW)
    assert (found.period, found.currency, found.as_of) == ("2026-11", "EUR", NOW)
    assert found.other_currencies == ()
    assert figures(customer) == {
        "conferences": "2",
        "minutes": "20",  # 600 + 541 + 59 seconds
        "rated_not_invoiced": "0.60",
        "unpriced_legs": "1",
        "invoiced": "0.73",
        "paid": "0.00",
        "balance": "0.73",
        "overdue": "0.73",  # due on the 13th
        "expected_total": "1.46",
    }
    record_payment(
        invoice=issued,
        amount=Decimal("0.50"),
        paid_on=dt.date(2026, 11, 20),
        method="transfer",
        actor="tests",
        now=NOW,
    )
    after = figures(customer)
    assert (after["paid"], after["balance"], after["overdue"]) == ("0.50", "0.23", "0.23")
    # Overdue is what is overdue of any month.
    december = figures(customer, "2026-12")
    assert (december["overdue"], december["invoiced"], december["minutes"]) == ("0.23", "0.00", "0")


def test_expected_before_there_is_a_draft():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(30), commitment=Decimal(100))
    assert figures(customer)["expected_total"] == "157.30"
    hold(customer, ("2 10:00", "2 10:10"))
    assert Invoice.objects.get().total == Decimal("157.30")
    assert figures(customer)["expected_total"] == "157.30"


def test_fees_of_a_contract_with_an_invoice_for_each_conference_are_expected_too():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, billing="per_conference", commitment=Decimal(100))
    hold(customer, ("2 10:00", "2 10:10"))
    assert figures(customer)["expected_total"] == "121.00"


def test_conferences_without_contract_are_seen():
    customer = make_customer()
    hold(customer, ("2 10:00", "2 10:10"))
    found = figures(customer)
    assert (found["conferences"], found["unpriced_legs"], found["minutes"]) == ("1", "1", "10")
    assert found["expected_total"] == "0.00"


def test_other_currencies_are_named_and_not_added_up():
    customer = make_customer()
    make_contract(customer, end=dt.date(2026, 11, 15))
    make_contract(customer, currency="CLP", start=dt.date(2026, 11, 15), rates=[("toll", "55")])
    hold(customer, ("2 10:00", "2 10:10"))
    hold(customer, ("20 10:00", "20 10:10"))
    found = customer_figures(customer=customer, period="2026-11", now=NOW)
    assert (found.currency, str(found.rated_not_invoiced)) == ("CLP", "550")
    assert (found.other_currencies, found.conferences) == (("EUR",), 2)


def test_current_is_the_month_at_the_customer_s_place():
    customer = make_customer(timezone="America/Bogota")
    moment = dt.datetime(2026, 12, 1, 4, 59, tzinfo=dt.UTC)
    assert customer_figures(customer=customer, period="current", now=moment).period == "2026-11"
    with pytest.raises(InvalidPeriodError):
        customer_figures(customer=customer, period="2026-13", now=moment)


def test_who_asked_is_recorded():
    customer = make_customer()
    asked = request_figures(customer=customer, period="current", actor="ana", now=NOW)
    assert asked.period == "2026-11"
    event = Event.objects.get(type="figures.requested")
    assert (event.customer_number, event.actor, event.data) == (
        customer.number,
        "ana",
        {"period": "2026-11"},
    )
    with pytest.raises(InvalidPeriodError):
        request_figures(customer=customer, period="soon", actor="ana", now=NOW)
    assert Event.objects.filter(type="figures.requested").count() == 1


def test_no_leg_is_looked_at_however_many_there_are():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(10))
    hold(customer, *[("2 10:00", "2 10:10")] * 30)
    with CaptureQueriesContext(connection) as queries:
        customer_figures(customer=customer, period="2026-11", now=NOW)
    assert len(queries) == 8
    asked = " ".join(query["sql"] for query in queries)
    assert "billing_charge" in asked
    assert "conferencing_leg" not in asked
    assert "billing_ratedleg" not in asked
    assert "conferencing_conference" not in asked
