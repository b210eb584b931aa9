"""The order of pricing: early, late and corrected conferences of a month, open or closed."""

from decimal import Decimal

import pytest

from billing.models import BillingPeriod, Charge, ChargeLine, Invoice, InvoiceLine, RatedLeg
from billing.services import charge_conference
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_vat_rate,
    uuid_of,
)
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def charge(conference):
    return charge_conference(conference_id=conference.pk, now=NOW)


def lines(conference):
    charge = Charge.objects.get(conference=conference)
    return list(
        charge.lines.filter(version=charge.version)
        .order_by("kind")
        .values_list("kind", "quantity", "net")
    )


def counters(conference):
    charge = Charge.objects.get(conference=conference)
    return charge.free_before, charge.free_after, charge.charged_before, charge.charged_after


def test_conferences_that_arrive_out_of_order_are_priced_as_if_in_order():
    """Ten included minutes and tiers: whoever began first eats first, whoever arrives first."""
    make_vat_rate()
    customer = make_customer()
    make_contract(
        customer,
        included_minutes=10,
        included_access=["toll"],
        tiers=[{"from_minutes": 5, "discount_percent": "50"}],
    )
    first = make_conference(customer, ("24 09:00", "24 09:08"))
    second = make_conference(customer, ("24 10:00", "24 10:08"))
    third = make_conference(customer, ("24 11:00", "24 11:03"))
    charge(third)
    assert counters(third) == (0, 180, 0, 0)
    charge(second)
    assert counters(second) == (0, 480, 0, 0)
    assert counters(third) == (480, 600, 0, 60)
    charge(first)
    assert counters(first) == (0, 480, 0, 0)
    assert counters(second) == (480, 600, 0, 360)
    assert counters(third) == (600, 600, 360, 540)
    # second: 2 min free, 5 at the full price, 1 at half; third: all at half.
    assert lines(second) == [("usage:toll", 480, Decimal("0.33"))]
    assert lines(third) == [("usage:toll", 180, Decimal("0.09"))]
    versions = dict(Charge.objects.values_list("conference_id", "version"))
    assert versions == {first.pk: 1, second.pk: 2, third.pk: 3}
    assert RatedLeg.objects.count() == 1 + 2 + 3
    assert Invoice.objects.get().net == Decimal("0.42")
    assert InvoiceLine.objects.count() == 3


def test_at_the_same_moment_the_id_decides():
    customer = make_customer()
    make_contract(customer, included_minutes=5, included_access=["toll"])
    times = ("24 09:00", "24 09:05")
    low = make_conference(customer, times, id=uuid_of(1))
    high = make_conference(customer, times, id=uuid_of(2))
    charge(high)
    charge(low)
    assert counters(low) == (0, 300, 0, 0)
    assert counters(high) == (300, 300, 0, 0)


def test_without_pool_and_tiers_nobody_is_priced_again():
    customer = make_customer()
    make_contract(customer)  # no pool, no tiers: nobody depends on anybody
    late = [make_conference(customer, (f"{day} 10:00", f"{day} 10:05")) for day in (10, 12, 14)]
    for conference in late:
        charge(conference)
    early = make_conference(customer, ("09 10:00", "09 10:05"))
    charge(early)
    assert set(Charge.objects.values_list("version", flat=True)) == {1}
    assert RatedLeg.objects.count() == 4


def test_a_corrected_call_record_is_the_next_version():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, included_minutes=5, included_access=["toll"])
    conference = make_conference(customer, ("24 10:00", "24 10:09"))
    later = make_conference(customer, ("24 12:00", "24 12:02"))
    charge(conference)
    charge(later)
    correct(conference, ("24 10:00", "24 10:02"))
    charged = charge(conference)
    assert (charged.version, charged.record_version, charged.net) == (2, 2, Decimal(0))
    assert lines(conference) == [("usage:toll", 120, Decimal("0.00"))]
    assert counters(later) == (120, 240, 0, 0)
    assert list(ChargeLine.objects.order_by("pk").values_list("charge__conference", "version")) == [
        (conference.pk, 1),
        (later.pk, 1),
        (conference.pk, 2),
        (later.pk, 2),
    ]
    assert Invoice.objects.get().net == Decimal(0)


def test_a_correction_may_bring_it_to_another_place_in_the_order():
    customer = make_customer()
    make_contract(customer, included_minutes=5, included_access=["toll"])
    one, two, three = (
        make_conference(customer, (f"24 {hour}:00", f"24 {hour}:03")) for hour in (10, 11, 12)
    )
    for conference in (one, two, three):
        charge(conference)
    correct(one, ("24 13:00", "24 13:03"))
    charge(one)
    assert [counters(c) for c in (two, three, one)] == [
        (0, 180, 0, 0),
        (180, 300, 0, 0),
        (300, 300, 0, 0),
    ]
    correct(one, ("24 11:30", "24 11:33"))
    charge(one)
    assert [counters(c) for c in (two, one, three)] == [
        (0, 180, 0, 0),
        (180, 300, 0, 0),
        (300, 300, 0, 0),
    ]


def test_a_correction_may_bring_it_to_another_month():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, included_minutes=3, included_access=["toll"])
    moving = make_conference(customer, ("1 10:00", "1 10:03"))
    staying = make_conference(customer, ("2 10:00", "2 10:04"))
    charge(moving)
    charge(staying)
    assert Invoice.objects.get().net == Decimal("0.24")
    correct(moving, ("2026-10-31T20:00Z", "2026-10-31T20:05Z"))
    charge(moving)
    assert Charge.objects.get(conference=moving).period == "2026-10"
    assert counters(staying) == (0, 180, 0, 0)
    assert dict(Invoice.objects.values_list("period", "net")) == {
        "2026-10": Decimal("0.12"),
        "2026-11": Decimal("0.06"),
    }
    assert InvoiceLine.objects.count() == 2


def test_late_calls_of_a_closed_month_go_on_the_next_draft():
    make_vat_rate()
    customer = make_customer()
    contract = make_contract(customer, included_minutes=10, included_access=["toll"])
    priced = make_conference(customer, ("10 10:00", "10 10:08"))
    charge(priced)
    BillingPeriod.objects.update(closed_at=NOW)
    late = make_conference(customer, ("9 10:00", "9 10:05"))
    charge(late)
    # The counters as they stand: two minutes of the pool are left, and nobody is priced again.
    assert counters(late) == (480, 600, 0, 0)
    assert counters(priced) == (0, 480, 0, 0)
    assert lines(late) == [("usage:toll", 300, Decimal("0.18"))]
    draft = Invoice.objects.get(period="2026-12")
    assert (draft.contract, draft.net) == (contract, Decimal("0.18"))
    assert list(draft.lines.values_list("period", "conference")) == [("2026-11", late.pk)]
    assert Charge.objects.get(conference=late).period == "2026-11"
    # Still a draft, so a corrected record of it is priced again, beside the others.
    correct(late, ("9 10:00", "9 10:01"))
    charge(late)
    assert counters(late) == (480, 540, 0, 0)
    assert Invoice.objects.get(period="2026-12").net == Decimal(0)
