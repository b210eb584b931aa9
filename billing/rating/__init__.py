"""How a conference becomes money: pure integers, explained in docs/rating.md.

Money is in micros (1e-6 of the currency), a percentage in millionths of a percent, a moment in UTC
microseconds since 1970. No Django, no clock, no database: the same code prices the calls of the
bridge, a salesperson's draft and the simulations of the API.

Three ways in: ``simulate`` (a case in JSON), ``price_period`` (a month at once) and
``price_conference`` (one more conference at the counters that the ones before left).
"""

from billing.rating.calls import Conference, Leg, pricing_key
from billing.rating.conferences import (
    BAD_TIMES,
    NO_CONTRACT,
    NO_RATE_IN_FORCE,
    Line,
    PricedConference,
    Problem,
    belongs_to,
    legs_at_once,
    price_conference,
    price_legs,
    put_together,
)
from billing.rating.fields import InputError
from billing.rating.legs import PeriodState, PricedLeg, TimedSegment, amount_of, price_leg
from billing.rating.output import as_expected
from billing.rating.periods import PricedPeriod, period_lines, price_period
from billing.rating.rates import (
    ACCESSES,
    ANY,
    BANDS,
    DIAL_OUT,
    OFFPEAK,
    PEAK,
    TOLL,
    TOLL_FREE,
    VOIP,
    Peak,
    Rate,
    tied_rates,
)
from billing.rating.reading import InvalidTariffInput, TariffInput, read_input, read_terms
from billing.rating.simulation import simulate
from billing.rating.terms import ContractTerms, Fees, Tier

__all__ = [
    "ACCESSES",
    "ANY",
    "BAD_TIMES",
    "BANDS",
    "DIAL_OUT",
    "NO_CONTRACT",
    "NO_RATE_IN_FORCE",
    "OFFPEAK",
    "PEAK",
    "TOLL",
    "TOLL_FREE",
    "VOIP",
    "Conference",
    "ContractTerms",
    "Fees",
    "InputError",
    "InvalidTariffInput",
    "Leg",
    "Line",
    "Peak",
    "PeriodState",
    "PricedConference",
    "PricedLeg",
    "PricedPeriod",
    "Problem",
    "Rate",
    "TariffInput",
    "Tier",
    "TimedSegment",
    "amount_of",
    "as_expected",
    "belongs_to",
    "legs_at_once",
    "period_lines",
    "price_conference",
    "price_leg",
    "price_legs",
    "price_period",
    "pricing_key",
    "put_together",
    "read_input",
    "read_terms",
    "simulate",
    "tied_rates",
]
