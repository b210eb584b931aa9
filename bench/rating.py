"""Measure how many legs a second the rating prices on one core, beside a bare loop.

``python -m bench.rating [--legs 200000] [--json]``; no Django, no database. The legs are made
before the clock starts: reading ISO text would cost ten times the arithmetic.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from billing.rating import (
    ACCESSES,
    ANY,
    OFFPEAK,
    PEAK,
    Conference,
    ContractTerms,
    Leg,
    Peak,
    PeriodState,
    Rate,
    Tier,
    price_leg,
    price_period,
)
from toolkit.periods import SECOND, Period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PERIOD = Period(2026, 11)
FIRST_MOMENT = 1_793_000_000 * SECOND + SECOND * 600_000  # inside November 2026
LEGS_OF_A_CONFERENCE = 5


def rate(access: str, prefix: str, band: str, price: int) -> Rate:
    """Make a rate of 60/6 seconds, open from 2026."""
    return Rate(
        access=access,
        prefix=prefix,
        band=band,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        price_per_minute=price,
        first_increment=60,
        next_increment=6,
    )


PLAIN = ContractTerms(
    currency="EUR",
    timezone="Europe/Madrid",
    start=date(2026, 1, 1),
    end=None,
    rates=tuple(rate(access, "", ANY, 60_000) for access in ACCESSES),
)
PEAK_HOURS = replace(
    PLAIN,
    rates=tuple(
        rate(access, prefix, band, 40_000 + 1_000 * len(prefix))
        for access in ACCESSES
        for prefix in ("", "34", "346", "49", "52")
        for band in (PEAK, OFFPEAK)
    ),
    peak=Peak(weekdays=frozenset(range(1, 6)), from_minute=8 * 60, to_minute=20 * 60),
)
TIERS = replace(
    PLAIN,
    tiers=tuple(Tier(minutes, minutes * 100) for minutes in (1_000, 10_000, 50_000, 100_000)),
)
POOL = replace(PEAK_HOURS, included_minutes=10**6, included_access=frozenset(ACCESSES))


def make_legs(count: int) -> list[Leg]:
    """Make legs of 0 to 70 minutes in order, the same ones at every run."""
    chance = random.Random(20261101)  # noqa: S311 - no secret
    countries = ("34911", "34611", "4930", "5255", "1787")
    legs = []
    for index in range(count):
        answered_at = FIRST_MOMENT + index * 9 * SECOND + chance.randrange(SECOND)
        legs.append(
            Leg(
                id=f"{index:08d}",
                participant=str(index),
                access=chance.choice(ACCESSES),
                number=f"+{chance.choice(countries)}{chance.randrange(10**6):06d}",
                answered_at=answered_at,
                ended_at=answered_at + 1 + chance.randrange(70 * 60 * SECOND),
            )
        )
    return legs


def bare_loop(legs: Iterable[Leg]) -> int:
    """Do the least that any rating does: round seconds up, multiply, round, add."""
    total = 0
    for leg in legs:
        seconds = -((leg.answered_at - leg.ended_at) // SECOND)
        total += (seconds * 60_000 * 2 + 60) // 120
    return total


def rate_legs(terms: ContractTerms, legs: Iterable[Leg]) -> int:
    """Price legs one after the other, as the bulk path does."""
    state = PeriodState()
    total = 0
    for leg in legs:
        priced = price_leg(terms, state, leg, "C")
        if priced is not None:
            state = state.after(priced)
            total += priced.amount
    return total


def rate_period(terms: ContractTerms, legs: list[Leg]) -> int:
    """Price conferences of five legs each, with their order, lines and totals."""
    conferences = (
        Conference(
            id=legs[start].id,
            scheduled_start=legs[start].answered_at,
            legs=tuple(legs[start : start + LEGS_OF_A_CONFERENCE]),
        )
        for start in range(0, len(legs), LEGS_OF_A_CONFERENCE)
    )
    return price_period(terms, PERIOD, 0, conferences).net


def measure(work: Callable[[], int], count: int) -> int:
    """Answer items per second, the best of three runs."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return round(count / best)


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and with ``--json`` one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--legs", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    legs = make_legs(options.legs)
    rows: dict[str, Callable[[], int]] = {
        "bare_loop": lambda: bare_loop(legs),
        "one_rate_per_access": lambda: rate_legs(PLAIN, legs),
        "peak_hours_and_prefixes": lambda: rate_legs(PEAK_HOURS, legs),
        "tiers": lambda: rate_legs(TIERS, legs),
        "pool_peak_hours_and_prefixes": lambda: rate_legs(POOL, legs),
        "conferences_of_five_legs": lambda: rate_period(PLAIN, legs),
    }
    results = {name: measure(work, len(legs)) for name, work in rows.items()}
    write = sys.stdout.write
    for name, legs_per_second in results.items():
        write(f"{name.replace('_', ' '):<32}{legs_per_second:>12,} legs/s\n")
    if options.json:
        write(json.dumps({"legs": len(legs), "legs_per_second": results}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
