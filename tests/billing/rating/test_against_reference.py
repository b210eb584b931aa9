"""The engine against the naive reference, and its three entries against each other."""

import pytest
from hypothesis import HealthCheck, given, settings

from billing.rating import (
    Conference,
    PeriodState,
    amount_of,
    belongs_to,
    period_lines,
    price_conference,
    price_period,
    pricing_key,
    read_input,
    simulate,
)
from tests.billing.rating.reference import reference_invoice
from tests.billing.rating.strategies import cases

slow_to_draw = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)


@settings(slow_to_draw, max_examples=120)
@given(cases())
def test_the_engine_agrees_with_the_reference(case):
    assert simulate(case) == reference_invoice(case)


@settings(slow_to_draw, max_examples=40)
@given(cases())
def test_one_conference_after_the_other_gives_the_same_as_a_period_at_once(case):
    wanted = read_input(case)
    terms, period = wanted.terms, wanted.period
    whole = price_period(terms, period, wanted.vat_percent, wanted.conferences)
    state, one_by_one = PeriodState(), []
    for conference in sorted(wanted.conferences, key=pricing_key):
        if belongs_to(terms, conference) == period:
            priced, state = price_conference(terms, state, conference)
            one_by_one.append(priced)
    assert tuple(one_by_one) == whole.conferences
    assert state == whole.state
    total = sum(priced.net for priced in one_by_one)
    assert period_lines(terms, period, total) == whole.period_lines


@settings(slow_to_draw, max_examples=40)
@given(cases())
def test_segments_in_order_of_time_explain_the_amount(case):
    wanted = read_input(case)
    terms = wanted.terms
    priced = price_period(terms, wanted.period, 0, wanted.conferences)
    charged = free = 0
    for conference in priced.conferences:
        for leg in conference.legs:
            assert amount_of(leg.segments, leg.connection_fee) == leg.amount
            after = 0
            for segment in leg.segments:
                assert segment.starts_after_seconds == after
                assert segment.charged_before == charged
                assert segment.price == terms.rates[segment.rate].price_per_minute
                assert 0 <= segment.free_seconds <= segment.seconds > 0
                after += segment.seconds
                charged += segment.seconds - segment.free_seconds
                free += segment.free_seconds
            assert after == leg.billed_seconds
            assert sum(segment.free_seconds for segment in leg.segments) == leg.free_seconds
    assert priced.state == PeriodState(free, charged)


def test_a_free_beginning_and_two_tiers_are_told_apart():
    case = {
        "contract": {
            "currency": "EUR",
            "timezone": "Europe/Madrid",
            "start": "2026-01-01",
            "rates": [
                {
                    "access": "voip",
                    "prefix": "",
                    "band": "any",
                    "valid_from": "2026-01-01",
                    "price_per_minute": "0.06",
                    "first_increment": 60,
                    "next_increment": 60,
                    "minimum_seconds": 0,
                    "connection_fee": "0.10",
                }
            ],
            "included_minutes": 2,
            "included_access": ["voip"],
            "tiers": [{"from_minutes": 3, "discount_percent": "50"}],
        },
        "period": "2026-11",
        "conferences": [
            {
                "id": "A",
                "scheduled_start": "2026-11-10T10:00:00Z",
                "legs": [
                    {
                        "id": "1",
                        "participant": "p",
                        "access": "voip",
                        "number": None,
                        "answered_at": "2026-11-10T10:00:00Z",
                        "ended_at": "2026-11-10T10:09:30Z",
                    }
                ],
            }
        ],
    }
    wanted = read_input(case)
    priced = price_period(wanted.terms, wanted.period, 0, wanted.conferences)
    (leg,) = priced.conferences[0].legs
    assert leg.segments == (
        (0, 0, 300, 120, 0, 0, 60_000),
        (0, 300, 300, 0, 180, 50_000_000, 60_000),
    )
    assert leg.amount == 100_000 + 180_000 + 150_000
    assert leg.seconds_by_rate == [(0, 600)]


def test_a_conference_without_any_moment_cannot_be_placed():
    case = {
        "contract": {"currency": "EUR", "timezone": "UTC", "start": "2026-01-01", "rates": []},
        "period": "2026-11",
        "conferences": [],
    }
    with pytest.raises(ValueError, match="neither a leg that lasted nor a scheduled start"):
        belongs_to(read_input(case).terms, Conference(id="A", scheduled_start=None, legs=()))
