"""Price one leg: lay its increments, eat included minutes, climb the tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from billing.rating.rates import NO_RATE
from toolkit.money import HUNDRED_PERCENT, divide_half_up
from toolkit.periods import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from billing.rating.calls import Leg
    from billing.rating.rates import Timeline
    from billing.rating.terms import ContractTerms

Run = tuple[int, int]
"""The index of a rate, and seconds charged at it without a break."""

_PRICED_MINUTE: Final = 60 * HUNDRED_PERCENT


class PeriodState(NamedTuple):
    """The carry from one leg of a period to the next: seconds of the pool used, and charged.

    Charged seconds are those that were not free, of all accesses together: the tier counter.
    """

    free_seconds_used: int = 0
    charged_seconds: int = 0

    def after(self, leg: PricedLeg) -> PeriodState:
        """Answer the counters as the leg leaves them."""
        return PeriodState(
            self.free_seconds_used + leg.free_seconds,
            self.charged_seconds + leg.billed_seconds - leg.free_seconds,
        )


class TimedSegment(NamedTuple):
    """A part of a leg at one price and one discount, in order of time; nothing is rounded here.

    ``rate`` is the index in the terms' rates, ``price`` its price per minute in micros,
    ``discount_percent`` in millionths of a percent, ``charged_before`` the tier counter at its
    start. The free seconds are the first ones of the segment.
    """

    rate: int
    starts_after_seconds: int
    seconds: int
    free_seconds: int
    charged_before: int
    discount_percent: int
    price: int


class PricedLeg(NamedTuple):
    """A leg with its price in micros: ``amount`` is the segments, rounded once, plus the fee."""

    conference: str
    id: str
    access: str
    duration_seconds: int
    billed_seconds: int
    free_seconds: int
    segments: tuple[TimedSegment, ...]
    connection_fee: int
    amount: int

    @property
    def seconds_by_rate(self) -> list[tuple[int, int]]:
        """Answer (rate, seconds), summed per rate, by index."""
        seconds: dict[int, int] = {}
        for segment in self.segments:
            seconds[segment.rate] = seconds.get(segment.rate, 0) + segment.seconds
        return sorted(seconds.items())


def amount_of(segments: Iterable[TimedSegment], connection_fee: int = 0) -> int:
    """Re-add segments to the amount of their leg in micros, rounded half-up once."""
    total = sum(
        (segment.seconds - segment.free_seconds)
        * segment.price
        * (HUNDRED_PERCENT - segment.discount_percent)
        for segment in segments
    )
    return divide_half_up(total, _PRICED_MINUTE) + connection_fee


def price_leg(
    terms: ContractTerms, state: PeriodState, leg: Leg, conference: str
) -> PricedLeg | None:
    """Price a leg that lasted, at the counters of ``state``; None where a rate is missing."""
    runs = _runs(terms, leg)
    if runs is None:
        return None
    rates = terms.rates
    fee = rates[runs[0][0]].connection_fee
    left = terms.included_seconds - state[0] if leg.access in terms.included_access else 0
    if left <= 0 and len(runs) == 1 and not terms.tiers:
        # The bulk of the calls of most contracts.
        index, billed = runs[0]
        price = rates[index].price_per_minute
        segments: tuple[TimedSegment, ...] = (
            TimedSegment(index, 0, billed, 0, state[1], 0, price),
        )
        free, amount = 0, divide_half_up(billed * price, 60) + fee
    else:
        billed = sum(seconds for _, seconds in runs)
        free = min(max(left, 0), billed)
        segments = tuple(_segments(terms, runs, free, state.charged_seconds))
        amount = amount_of(segments, fee)
    return PricedLeg(
        conference, leg.id, leg.access, leg.duration_seconds, billed, free, segments, fee, amount
    )


def _runs(terms: ContractTerms, leg: Leg) -> list[Run] | None:
    """Lay the increments from the answer until the leg is covered, in runs of one rate.

    None if there is no rate at the start of any of them.
    """
    timeline = terms.rate_book.timeline(leg.access, leg.number)
    index, until = timeline.at(leg.answered_at)
    if index == NO_RATE:
        return None
    rate = terms.rates[index]
    to_cover = max(leg.duration_seconds, rate.minimum_seconds)
    billed = rate.first_increment
    if billed >= to_cover:
        return [(index, billed)]
    later = -((billed - to_cover) // rate.next_increment)
    if leg.answered_at + (billed + (later - 1) * rate.next_increment) * SECOND < until:
        return [(index, billed + later * rate.next_increment)]
    return _runs_across(terms, timeline, leg.answered_at, index, to_cover)


def _runs_across(
    terms: ContractTerms, timeline: Timeline, answered_at: int, index: int, to_cover: int
) -> list[Run] | None:
    """Lay increments over boundaries: as many at once as start before the next one."""
    seconds = terms.rates[index].first_increment
    runs = [(index, seconds)]
    while seconds < to_cover:
        start = answered_at + seconds * SECOND
        index, until = timeline.at(start)
        if index == NO_RATE:
            return None
        step = terms.rates[index].next_increment
        to_boundary = -((start - until) // (step * SECOND))
        to_end = -((seconds - to_cover) // step)
        length = min(to_boundary, to_end) * step
        if runs[-1][0] == index:
            runs[-1] = (index, runs[-1][1] + length)
        else:
            runs.append((index, length))
        seconds += length
    return runs


def _segments(
    terms: ContractTerms, runs: list[Run], free: int, charged: int
) -> Iterator[TimedSegment]:
    """Cut runs where the tier changes; the first ``free`` seconds climb no tier."""
    after = 0
    for index, seconds in runs:
        price = terms.rates[index].price_per_minute
        unpriced = seconds
        while unpriced:
            free_here = min(free, unpriced)
            discount, room = _tier_at(terms.discount_steps, charged)
            charged_here = unpriced - free_here
            if room is not None:
                charged_here = min(charged_here, room)
            length = free_here + charged_here
            yield TimedSegment(index, after, length, free_here, charged, discount, price)
            after += length
            unpriced -= length
            free -= free_here
            charged += charged_here


def _tier_at(steps: tuple[tuple[int, int], ...], charged: int) -> tuple[int, int | None]:
    """Answer the discount of the next second, and how many seconds have it (None: all)."""
    discount = 0
    for start, next_discount in steps:
        if charged < start:
            return discount, start - charged
        discount = next_discount
    return discount, None
