"""Price one conference: its legs in their order, then its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from billing.rating.legs import PeriodState, PricedLeg, price_leg
from toolkit.money import round_to_minor
from toolkit.periods import SECOND, Period

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from billing.rating.calls import Conference, Leg
    from billing.rating.terms import ContractTerms

BAD_TIMES: Final = "bad_times"
NO_RATE_IN_FORCE: Final = "no_rate"
NO_CONTRACT: Final = "no_contract"

_MINUTE: Final = 60 * SECOND
_HOUR: Final = 60 * _MINUTE


class Line(NamedTuple):
    """A line of an invoice; ``net`` is in micros, a whole number of minor units.

    What ``quantity`` counts follows from the kind, None where nothing is counted. A line of the
    period has no conference.
    """

    kind: str
    conference: str | None
    net: int
    quantity: int | None


class Problem(NamedTuple):
    """A leg that has no price: ``bad_times``, ``no_rate`` or ``no_contract``."""

    leg: str
    problem: str
    conference: str


class PricedConference(NamedTuple):
    """A conference with its price: legs in pricing order, lines by kind."""

    id: str
    first_moment: int
    period: Period
    legs: tuple[PricedLeg, ...]
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]

    @property
    def net(self) -> int:
        """Answer the sum of the lines in micros."""
        return sum(line.net for line in self.lines)


def belongs_to(terms: ContractTerms, conference: Conference) -> Period:
    """Answer the local month of the conference's first moment: the period of all of it.

    Raises:
        ValueError: it has no moment at all, see ``Conference.first_moment``.
    """
    return Period.of_date(terms.clock.local_day(conference.first_moment))


def price_conference(
    terms: ContractTerms, state: PeriodState, conference: Conference
) -> tuple[PricedConference, PeriodState]:
    """Price a conference at the counters that the ones before it left behind.

    ``state`` is that of the period which the conference belongs to (``PeriodState()`` for its
    first); conferences come in the order of ``pricing_key``. Answers the counters after it, too.

    Raises:
        ValueError: the conference has no moment at all, see ``Conference.first_moment``.
    """
    legs, after = price_legs(terms, state, conference, conference.legs)
    return put_together(terms, conference, legs), after


def price_legs(
    terms: ContractTerms, state: PeriodState, conference: Conference, legs: Iterable[Leg]
) -> tuple[list[PricedLeg], PeriodState]:
    """Price some legs of a conference one after the other, at the counters of ``state``.

    Legs that came after their month was closed are priced apart from the others, after all that
    were there. Answers those that have a price, and the counters after them.

    Raises:
        ValueError: the conference has no moment at all, see ``Conference.first_moment``.
    """
    priced: list[PricedLeg] = []
    if not terms.covers(terms.clock.local_day(conference.first_moment)):
        return priced, state
    held = (leg for leg in legs if leg.is_billable)
    for leg in sorted(held, key=lambda leg: (leg.answered_at, leg.id)):
        priced_leg = price_leg(terms, state, leg, conference.id)
        if priced_leg is not None:
            priced.append(priced_leg)
            state = state.after(priced_leg)
    return priced, state


def put_together(
    terms: ContractTerms, conference: Conference, legs: Sequence[PricedLeg]
) -> PricedConference:
    """Make the lines of a conference of which all legs that have a price are priced.

    Raises:
        ValueError: the conference has no moment at all, see ``Conference.first_moment``.
    """
    day = terms.clock.local_day(conference.first_moment)
    held = [leg for leg in conference.legs if leg.is_billable]
    problems = [
        Problem(leg.id, BAD_TIMES, conference.id)
        for leg in conference.legs
        if leg.ended_at < leg.answered_at
    ]
    lines: list[Line] = []
    if terms.covers(day):
        priced = {leg.id for leg in legs}
        problems += [
            Problem(leg.id, NO_RATE_IN_FORCE, conference.id) for leg in held if leg.id not in priced
        ]
        lines = [
            Line(kind, conference.id, round_to_minor(net, terms.currency), quantity)
            for kind, net, quantity in _lines(terms, conference, held, legs)
        ]
        lines.sort()
    else:
        problems += [Problem(leg.id, NO_CONTRACT, conference.id) for leg in held]
    return PricedConference(
        id=conference.id,
        first_moment=conference.first_moment,
        period=Period.of_date(day),
        legs=tuple(legs),
        lines=tuple(lines),
        problems=tuple(sorted(problems)),
    )


def _lines(
    terms: ContractTerms, conference: Conference, held: list[Leg], priced: Sequence[PricedLeg]
) -> Iterator[tuple[str, int, int | None]]:
    """Answer kind, unrounded amount and quantity of the lines, in no order."""
    if held:
        yield from _usage_lines(priced)
        yield from _held_lines(terms, conference, held)
    elif conference.cancelled_at is None:
        if terms.fees.no_show is not None:
            yield "no_show", terms.fees.no_show, None
    elif terms.fees.late_cancel is not None and _is_cancelled_late(terms, conference):
        yield "late_cancellation", terms.fees.late_cancel, None


def _is_cancelled_late(terms: ContractTerms, conference: Conference) -> bool:
    hours = terms.fees.late_cancel_hours
    if not hours or conference.scheduled_start is None or conference.cancelled_at is None:
        return False
    return conference.scheduled_start - conference.cancelled_at < hours * _HOUR


def _usage_lines(priced: Sequence[PricedLeg]) -> Iterator[tuple[str, int, int | None]]:
    usage: dict[str, tuple[int, int]] = {}
    for leg in priced:
        amount, seconds = usage.get(leg.access, (0, 0))
        usage[leg.access] = (amount + leg.amount, seconds + leg.billed_seconds)
    for access, (amount, seconds) in usage.items():
        yield f"usage:{access}", amount, seconds


def _held_lines(
    terms: ContractTerms, conference: Conference, held: list[Leg]
) -> Iterator[tuple[str, int, int | None]]:
    """Answer the fees of a conference that took place."""
    fees = terms.fees
    if fees.setup is not None:
        yield "setup", fees.setup, None
    if fees.operator is not None and conference.operator_assisted:
        yield "operator", fees.operator, None
    if fees.recording_per_minute is not None and conference.recorded:
        minutes = _minutes(held)
        yield "recording", minutes * fees.recording_per_minute, minutes
    if conference.reserved_ports:
        yield from _port_lines(terms, conference.reserved_ports, held)
    if fees.minimum_participants is not None and fees.minimum_participant_per_minute is not None:
        missing = (fees.minimum_participants - _participants(held)) * _minutes(held)
        if missing > 0:
            net = missing * fees.minimum_participant_per_minute
            yield "minimum_participants", net, missing


def _port_lines(
    terms: ContractTerms, reserved: int, held: list[Leg]
) -> Iterator[tuple[str, int, int | None]]:
    fees = terms.fees
    if fees.unused_port is not None:
        unused = reserved - _participants(held)
        if unused > 0:
            yield "unused_ports", unused * fees.unused_port, unused
    if fees.overage_port is not None:
        over = legs_at_once(held) - reserved
        if over > 0:
            yield "overage_ports", over * fees.overage_port, over


def _participants(held: list[Leg]) -> int:
    return len({leg.participant for leg in held})


def _minutes(held: list[Leg]) -> int:
    """Count the minutes from the first answer to the last end, rounded up."""
    first = min(leg.answered_at for leg in held)
    return -((first - max(leg.ended_at for leg in held)) // _MINUTE)


def legs_at_once(legs: Sequence[Leg]) -> int:
    """Count the most legs at one time; one that ends when another starts does not overlap it."""
    ends = sorted(leg.ended_at for leg in legs)
    ended = most = 0
    for started, moment in enumerate(sorted(leg.answered_at for leg in legs), start=1):
        while ends[ended] <= moment:
            ended += 1
        most = max(most, started - ended)
    return most
