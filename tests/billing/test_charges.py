"""From a finished conference to its charge: prices, order, problems, corrections."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Charge, ChargeLine, Invoice, InvoiceLine, RatedLeg
from billing.services import ConferenceNotOverError, charge_conference
from integration.models import Event
from tests.factories.billing import (
    NOW,
    make_conference,
    make_contract,
    make_rate,
    make_vat_rate,
)
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def charge(conference, now=NOW):
    return charge_conference(conference_id=conference.pk, now=now)


def lines(conference):
    charge = Charge.objects.get(conference=conference)
    return list(
        charge.lines.filter(version=charge.version)
        .order_by("kind")
        .values_list("kind", "quantity", "net")
    )


def everything():
    """All that charging writes, but for the moment of the last look."""
    return [
        list(Charge.objects.order_by("pk").values_list("pk", "version", "net", "digest")),
        list(ChargeLine.objects.order_by("pk").values_list()),
        list(RatedLeg.objects.order_by("pk").values_list()),
        list(Invoice.objects.order_by("pk").values_list()),
        list(InvoiceLine.objects.order_by("pk").values_list()),
        Event.objects.count(),
    ]


def test_a_conference_becomes_a_charge_and_lines_of_a_draft():
    make_vat_rate()
    customer = make_customer()
    contract = make_contract(
        customer,
        rates=[("toll", "0.06"), ("voip", "0.01")],
        fees={"setup": "2.50", "unused_port": "0.10"},
    )
    conference = make_conference(
        customer,
        ("24 10:00:00", "24 10:09:01"),
        ("24 10:00:30", "24 10:05:30", "voip"),
        reserved_ports=5,
        billing_reference="PRJ-7",
    )
    charged = charge(conference)
    assert (charged.contract, charged.customer) == (contract, customer)
    assert (charged.period, charged.currency, charged.problem) == ("2026-11", "EUR", "")
    assert (charged.version, charged.record_version, charged.net) == (1, 1, Decimal("3.45"))
    assert (charged.participants, charged.duration_seconds) == (2, 541 + 300)
    assert (charged.unpriced_legs, charged.estimated_legs) == (0, 0)
    assert lines(conference) == [
        ("setup", None, Decimal("2.50")),
        ("unused_ports", 3, Decimal("0.30")),
        ("usage:toll", 600, Decimal("0.60")),
        ("usage:voip", 300, Decimal("0.05")),
    ]
    assert dict(ChargeLine.objects.values_list("kind", "unit_price")) == {
        "setup": Decimal("2.5"),
        "unused_ports": Decimal("0.1"),
        "usage:toll": None,
        "usage:voip": None,
    }
    toll = RatedLeg.objects.get(access="toll")
    assert (toll.duration_seconds, toll.billed_seconds, toll.amount) == (541, 600, Decimal("0.6"))
    assert toll.segments == [
        {
            "rate": contract.rates.get(access="toll").pk,
            "seconds": 600,
            "free_seconds": 0,
            "charged_before": 0,
            "discount_percent": "0.000000",
            "price_per_minute": "0.060000",
        }
    ]
    invoice = Invoice.objects.get()
    assert charged.invoice == invoice
    assert (invoice.state, invoice.number, invoice.period) == ("draft", None, "2026-11")
    assert (invoice.contract, invoice.conference, invoice.language) == (contract, None, "es")
    assert (invoice.net, invoice.vat, invoice.total) == (
        Decimal("3.45"),
        Decimal("0.72"),
        Decimal("4.17"),
    )
    assert list(invoice.lines.values_list("kind", "quantity", "net", "reference", "title")) == [
        ("setup", None, Decimal("2.50"), "PRJ-7", "Junta semanal"),
        ("unused_ports", 3, Decimal("0.30"), "PRJ-7", "Junta semanal"),
        ("usage:toll", 600, Decimal("0.60"), "PRJ-7", "Junta semanal"),
        ("usage:voip", 300, Decimal("0.05"), "PRJ-7", "Junta semanal"),
    ]
    assert list(invoice.taxes.values_list("category", "percent", "base", "amount")) == [
        ("domestic", Decimal(21), Decimal("3.45"), Decimal("0.72"))
    ]
    event = Event.objects.get(type="charge.priced")
    assert (event.customer_number, event.subject_id) == (customer.number, str(conference.pk))


def test_the_same_call_record_again_changes_nothing():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer)
    conference = make_conference(customer, ("24 10:00", "24 10:09"))
    charge(conference)
    before = everything()
    charge(conference, NOW + dt.timedelta(hours=1))
    charge(conference, NOW + dt.timedelta(hours=2))
    assert everything() == before


def test_a_live_conference_is_not_charged():
    conference = make_conference(make_customer(), ("24 10:00", "24 10:09"), state="live")
    with pytest.raises(ConferenceNotOverError):
        charge(conference)
    assert not Charge.objects.exists()


def test_the_period_is_a_month_of_the_contract_s_zone():
    customer = make_customer()
    make_contract(customer, timezone="America/Lima")
    conference = make_conference(customer, ("2026-12-01T04:59Z", "2026-12-01T06:00Z"))
    assert charge(conference).period == "2026-11"


def test_contracts_of_different_zones_are_each_asked_for_their_own_date():
    customer = make_customer()
    old = make_contract(customer, timezone="Asia/Tokyo", end=dt.date(2026, 11, 24))
    new = make_contract(customer, timezone="America/Lima", start=dt.date(2026, 11, 24))
    # 14:00 UTC is 23:00 of the 23rd in Tokyo.
    assert charge(make_conference(customer, ("23 14:00", "23 14:05"))).contract == old
    # 16:00 UTC is the 24th in Tokyo already, the 23rd in Lima still: nobody's.
    assert charge(make_conference(customer, ("23 16:00", "23 16:05"))).problem == "no_contract"
    assert charge(make_conference(customer, ("24 05:00", "24 05:05"))).contract == new


def test_a_call_without_customer_waits():
    conference = make_conference(None, ("24 10:00", "24 10:09"))
    charged = charge(conference)
    assert (charged.problem, charged.customer, charged.contract) == ("no_customer", None, None)
    assert (charged.net, charged.unpriced_legs, charged.period) == (0, 1, "")
    assert not ChargeLine.objects.exists()
    assert not Invoice.objects.exists()
    assert Event.objects.get(type="charge.waiting").data["problem"] == "no_customer"
    charge(conference)
    assert Event.objects.filter(type="charge.waiting").count() == 1


def test_a_conference_without_contract_waits_until_there_is_one():
    customer = make_customer()
    conference = make_conference(customer, ("24 10:00", "24 10:09"))
    charged = charge(conference)
    assert (charged.problem, charged.contract, charged.period) == ("no_contract", None, "2026-11")
    contract = make_contract(customer)
    charged = charge(conference)
    assert (charged.problem, charged.contract, charged.net) == ("", contract, Decimal("0.54"))
    assert charged.version == 1


def test_a_leg_without_rate_waits_and_the_others_are_priced():
    make_vat_rate()
    customer = make_customer()
    contract = make_contract(customer)
    conference = make_conference(
        customer, ("24 10:00", "24 10:05"), ("24 10:00", "24 10:05", "dial_out")
    )
    charged = charge(conference)
    assert (charged.problem, charged.unpriced_legs, charged.net) == (
        "unpriced_legs",
        1,
        Decimal("0.30"),
    )
    unpriced = RatedLeg.objects.get(problem="no_rate")
    assert (unpriced.access, unpriced.amount) == ("dial_out", Decimal(0))
    assert not unpriced.segments
    before = everything()
    charge(conference)
    assert everything() == before
    make_rate(contract, "dial_out", "0.20")
    charged = charge(conference)
    assert (charged.problem, charged.unpriced_legs, charged.net, charged.version) == (
        "",
        0,
        Decimal("1.30"),
        2,
    )
    assert Invoice.objects.get().net == Decimal("1.30")


def test_impossible_times_are_a_problem():
    customer = make_customer()
    make_contract(customer)
    conference = make_conference(
        customer, ("24 10:00", "24 10:05"), ("24 10:05", "24 10:04"), ("24 10:00", "24 10:00")
    )
    charged = charge(conference)
    assert (charged.problem, charged.unpriced_legs, charged.net) == (
        "bad_times",
        1,
        Decimal("0.30"),
    )
    assert RatedLeg.objects.count() == 2  # a leg of no length appears nowhere


def test_estimated_times_are_counted():
    customer = make_customer()
    make_contract(customer)
    conference = make_conference(customer, ("24 10:00", "24 10:05"), ("24 10:00", "24 10:04"))
    conference.legs.filter(ended_at__minute=4).update(ended_how="poll")
    assert charge(conference).estimated_legs == 1
    assert RatedLeg.objects.filter(estimated=True).count() == 1


def test_no_show_and_cancellation():
    customer = make_customer()
    make_contract(customer, fees={"no_show": "20", "late_cancel": "15", "late_cancel_hours": 24})
    missed = make_conference(customer, start="24 10:00")
    cancelled: dict[str, Any] = {"start": "24 10:00", "state": "cancelled", "record_version": 0}
    late = make_conference(customer, cancelled_at=NOW - dt.timedelta(hours=20), **cancelled)
    early = make_conference(customer, cancelled_at=NOW - dt.timedelta(hours=40), **cancelled)
    for conference in (missed, late, early):
        charge(conference)
    assert lines(missed) == [("no_show", None, Decimal(20))]
    assert lines(late) == [("late_cancellation", None, Decimal(15))]
    assert lines(early) == []
    assert Charge.objects.get(conference=early).invoice is None
    assert Invoice.objects.get().net == Decimal(35)


def test_each_conference_may_have_its_own_invoice():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, billing="per_conference", monthly_fee=Decimal(30))
    one = make_conference(customer, ("10 10:00", "10 10:08"))
    two = make_conference(customer, ("11 10:00", "11 10:05"))
    charge(one)
    charge(two)
    assert dict(Invoice.objects.values_list("conference", "net")) == {
        one.pk: Decimal("0.48"),
        two.pk: Decimal("0.30"),
    }


def test_commitment_and_monthly_fee_stand_on_the_draft():
    make_vat_rate()
    customer = make_customer()
    make_contract(
        customer,
        start=dt.date(2026, 11, 16),
        commitment=Decimal(100),
        monthly_fee=Decimal(30),
    )
    charge(make_conference(customer, ("20 10:00", "20 10:05")))
    draft = Invoice.objects.get()
    assert list(draft.lines.values_list("kind", "quantity", "net", "held_at")[1:]) == [
        ("commitment_shortfall", None, Decimal("49.70"), None),
        ("monthly_fee", 15, Decimal("15.00"), None),
    ]
    charge(make_conference(customer, ("21 10:00", "21 10:05")))
    draft.refresh_from_db()
    assert (draft.net, draft.vat, draft.total) == (Decimal(65), Decimal("13.65"), Decimal("78.65"))
    assert draft.lines.count() == 4


def test_without_vat_rate_there_is_a_draft_without_vat():
    customer = make_customer()
    make_contract(customer)
    charge(make_conference(customer, ("20 10:00", "20 10:05")))
    draft = Invoice.objects.get()
    assert (draft.net, draft.vat, draft.total) == (Decimal("0.30"), Decimal(0), Decimal("0.30"))
    assert draft.lines.get().vat_percent is None
    assert not draft.taxes.exists()
