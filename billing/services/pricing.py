"""Turn the price of one conference into rows: charge, lines, rated legs."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from billing import rating
from billing.models import Charge, ChargeLine, RatedLeg
from billing.rating import PeriodState, PricedConference, PricedLeg
from billing.selectors.calls import Call
from billing.selectors.terms import KnownTerms
from toolkit.money import format_exact, to_decimal
from toolkit.periods import from_microseconds

_ROWS_AT_ONCE = 2_000
_PRICED_FIELDS = [
    *("problem", "version", "record_version", "digest", "net", "participants"),
    *("duration_seconds", "unpriced_legs", "estimated_legs", "priced_at"),
    *("free_before", "free_after", "charged_before", "charged_after"),
]
# The fee of the contract that a line multiplies by its quantity (or takes once).
_FEE_OF_LINE = {
    "setup": "setup",
    "operator": "operator",
    "recording": "recording_per_minute",
    "unused_ports": "unused_port",
    "overage_ports": "overage_port",
    "minimum_participants": "minimum_participant_per_minute",
    "no_show": "no_show",
    "late_cancellation": "late_cancel",
}


@dataclass
class Ledger:
    """Prices conferences of one contract, and holds the rows until ``save``.

    Pricing that makes no difference to what a charge says already gives no rows and leaves its
    version. ``changed`` are the charges that did change.
    """

    known: KnownTerms
    now: dt.datetime
    changed: list[Charge] = field(default_factory=list)
    _charges: list[Charge] = field(default_factory=list)
    _lines: list[ChargeLine] = field(default_factory=list)
    _legs: list[RatedLeg] = field(default_factory=list)

    def price(self, charge: Charge, call: Call, state: PeriodState) -> PeriodState:
        """Price a conference at the counters of ``state``; answer the counters after it."""
        before = self.known.carry(state)
        price, after = rating.price_conference(self.known.terms, before, call.counted)
        after = self.known.carry(after)
        self.put(charge, call, price, before=before, after=after)
        return after

    def put(
        self,
        charge: Charge,
        call: Call,
        price: PricedConference,
        *,
        before: PeriodState,
        after: PeriodState,
    ) -> None:
        """Let a charge say the price of its conference.

        ``before`` and ``after`` are the counters around it; where legs of it came late, their
        difference is what all its legs took.
        """
        priced = _Priced(
            before=before,
            after=after,
            price=price,
            legs=[*_priced_legs(self.known, call, price), *_problem_legs(call, price)],
            lines=list(_lines(self.known, price)),
            place=[self.known.contract.pk, charge.period, str(charge.sort_at)],
        )
        charge.record_version = call.record_version
        charge.priced_at = self.now
        self._charges.append(charge)
        digest = priced.digest
        if charge.digest == digest:
            return
        charge.version += charge.digest != ""
        charge.digest = digest
        sum_up(charge, call, priced.price)
        charge.free_before, charge.charged_before = priced.before
        charge.free_after, charge.charged_after = priced.after
        for leg in priced.legs:
            leg.charge, leg.version = charge, charge.version
        for line in priced.lines:
            line.charge, line.version = charge, charge.version
            line.record_version = call.record_version
        self._legs += priced.legs
        self._lines += priced.lines
        self.changed.append(charge)

    @property
    def unsaved_lines(self) -> list[ChargeLine]:
        """Answer the lines of ``changed`` that ``save`` would write."""
        return self._lines

    @property
    def unsaved_legs(self) -> list[RatedLeg]:
        """Answer the legs of ``changed`` that ``save`` would write."""
        return self._legs

    def save(self) -> None:
        """Write what was priced since the last time."""
        for charge in self._charges:
            if charge.pk is None:
                charge.save()
        # All of these rows are there: an upsert is many times faster than bulk_update().
        Charge.objects.bulk_create(
            self._charges,
            batch_size=_ROWS_AT_ONCE,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=_PRICED_FIELDS,
        )
        ChargeLine.objects.bulk_create(self._lines, batch_size=_ROWS_AT_ONCE)
        RatedLeg.objects.bulk_create(self._legs, batch_size=_ROWS_AT_ONCE)
        self._charges, self._lines, self._legs = [], [], []


_LEG_DIGESTED = (
    *("leg_id", "participant", "access", "number", "estimated", "problem"),
    *("answered_at", "ended_at", "billed_seconds", "connection_fee", "amount"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """A price, with the rows that will hold it."""

    before: PeriodState
    after: PeriodState
    price: PricedConference
    legs: list[RatedLeg]
    lines: list[ChargeLine]
    place: list[object]

    @property
    def digest(self) -> str:
        said = [
            self.place,
            self.before,
            [[*(str(getattr(leg, n)) for n in _LEG_DIGESTED), _said(leg)] for leg in self.legs],
            [
                [line.kind, line.quantity, str(line.unit_price), str(line.net)]
                for line in self.lines
            ],
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _said(leg: RatedLeg) -> list[dict[str, object]]:
    """Answer the segments without the ids of rates: extending one leaves a copy of it behind."""
    return [
        {name: value for name, value in segment.items() if name != "rate"}
        for segment in leg.segments
    ]


def sum_up(charge: Charge, call: Call, price: PricedConference | None) -> None:
    """Set what the figures and the queue of problems need to know without looking at legs.

    Without a price (no contract, no customer) every leg that lasted is unpriced.
    """
    charge.participants = call.participants
    charge.duration_seconds = call.duration_seconds
    charge.estimated_legs = sum(leg.id in call.estimated for leg in call.held)
    if price is None:
        charge.net = to_decimal(0)
        charge.unpriced_legs = len(call.held)
        return
    charge.net = to_decimal(price.net, charge.currency)
    charge.unpriced_legs = len(price.problems)
    charge.problem = _problem_of({problem.problem for problem in price.problems})


def problem_of(charge: Charge) -> Charge.Problem:
    """Answer the problem of a charge by its present version."""
    legs = RatedLeg.objects.filter(charge=charge, version=charge.version).exclude(problem="")
    return _problem_of(set(legs.values_list("problem", flat=True)))


def _problem_of(problems: set[str]) -> Charge.Problem:
    if not problems:
        return Charge.Problem.NONE
    # The rate can be added; times that cannot be need another call record.
    return (
        Charge.Problem.BAD_TIMES if problems == {rating.BAD_TIMES} else Charge.Problem.UNPRICED_LEGS
    )


def _lines(known: KnownTerms, price: PricedConference) -> Iterator[ChargeLine]:
    currency = known.terms.currency
    for line in price.lines:
        fee = getattr(known.terms.fees, _FEE_OF_LINE.get(line.kind, ""), None)
        yield ChargeLine(
            kind=line.kind,
            quantity=line.quantity,
            unit_price=None if fee is None else to_decimal(fee),
            net=to_decimal(line.net, currency),
        )


def _priced_legs(known: KnownTerms, call: Call, price: PricedConference) -> Iterator[RatedLeg]:
    for leg in price.legs:
        yield _leg(
            call,
            leg.id,
            billed_seconds=leg.billed_seconds,
            free_seconds=leg.free_seconds,
            connection_fee=to_decimal(leg.connection_fee),
            amount=to_decimal(leg.amount),
            segments=_segments(known, leg),
        )


def _problem_legs(call: Call, price: PricedConference) -> Iterator[RatedLeg]:
    for problem in price.problems:
        yield _leg(call, problem.leg, problem=problem.problem)


def _leg(call: Call, reference: str, **priced: object) -> RatedLeg:
    leg = call.leg(reference)
    return RatedLeg(
        leg_id=call.leg_ids[reference],
        reference=reference,
        participant=leg.participant,
        access=leg.access,
        number=leg.number or "",
        estimated=reference in call.estimated,
        answered_at=from_microseconds(leg.answered_at),
        ended_at=from_microseconds(leg.ended_at),
        late_at=call.late.get(reference),
        duration_seconds=max(0, leg.duration_seconds),
        **priced,
    )


def _segments(known: KnownTerms, leg: PricedLeg) -> list[dict[str, object]]:
    return [
        {
            "rate": known.rate_ids[segment.rate],
            "seconds": segment.seconds,
            "free_seconds": segment.free_seconds,
            "charged_before": segment.charged_before,
            "discount_percent": format_exact(segment.discount_percent),
            "price_per_minute": format_exact(segment.price),
        }
        for segment in leg.segments
    ]
