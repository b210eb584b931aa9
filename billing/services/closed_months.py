"""Price conferences of a month of which something is issued already.

What is issued stays: a new price is the next version of the charge, and the difference goes on
another invoice (``adjustments``). Legs that came after the month was closed take the counters as
all that were there leave them, in the order in which they came; a leg that was there and is
corrected is priced in its place, and so is what comes after it.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.db.models import F, QuerySet, Sum

from billing.models import Charge
from billing.rating import PeriodState, PricedLeg, price_legs, put_together
from billing.selectors.calls import Call, calls_as_rated
from billing.selectors.terms import KnownTerms

from .chains import Entry, charges_of
from .pricing import Ledger


def price_closed(*, ledger: Ledger, period: str, entry: Entry | None) -> None:
    """Price ``entry`` and, where counters may change for them, all others of a closed month.

    Without an entry all of the month is priced again (one went away, or a rate is another now).
    Pricing that makes no difference leaves no trace. The caller holds the period's lock.
    """
    price_month(ledger=ledger, period=period, entry=entry)
    ledger.save()


def price_month(*, ledger: Ledger, period: str, entry: Entry | None = None) -> None:
    """Do the same, also for an open month, and save nothing: see ``ledger.changed``.

    A conference that nobody knew comes after all that were there: it is priced alone.
    """
    members = [_Member(entry.charge, entry.call)] if entry is not None else []
    state = PeriodState()
    if entry is not None and not entry.charge.digest:
        state = _counters_after(charges_of(ledger, period, besides=entry.charge))
    elif entry is None or ledger.known.has_counters:
        others = list(charges_of(ledger, period, besides=entry.charge if entry else None))
        calls = calls_as_rated(others)
        members += [_Member(charge, calls[charge.conference_id]) for charge in others]
    for member in _priced(ledger.known, members, state):
        ledger.put(
            member.charge,
            member.call,
            put_together(ledger.known.terms, member.call.counted, member.legs),
            before=member.before or PeriodState(),
            after=member.after,
        )


def late_legs(
    call: Call, known: Mapping[str, dt.datetime | None], now: dt.datetime
) -> dict[str, dt.datetime]:
    """Answer which legs of a conference of a closed month come late, and since when.

    Those that are not ``known`` (see ``known_legs``) come now. But a call record that names other
    legs instead of known ones is a correction: its legs take the place that those had.
    """
    since: dt.datetime | None = now
    if any(reference not in call.leg_ids for reference in known):
        moments = [at for at in known.values() if at is not None]
        since = min(moments) if len(moments) == len(known) else None
    came = {reference: known.get(reference, since) for reference in call.leg_ids}
    return {reference: at for reference, at in came.items() if at is not None}


class _Member:
    """A conference of the month while it is priced, some of its legs after the others."""

    def __init__(self, charge: Charge, call: Call) -> None:
        self.charge = charge
        self.call = call
        self.legs: list[PricedLeg] = []
        self.before: PeriodState | None = None
        self.took = PeriodState()

    @property
    def place(self) -> tuple[dt.datetime, uuid.UUID]:
        return self.charge.sort_at, self.charge.conference_id

    @property
    def after(self) -> PeriodState:
        """Answer ``before`` with what all legs took, wherever in the order they were."""
        before = self.before or PeriodState()
        return PeriodState(
            before.free_seconds_used + self.took.free_seconds_used,
            before.charged_seconds + self.took.charged_seconds,
        )


class _Turn(NamedTuple):
    """Some legs of a conference that are priced together, in the order of turns."""

    late_at: dt.datetime
    place: tuple[dt.datetime, uuid.UUID]
    member: _Member
    references: frozenset[str]


_IN_PLACE = dt.datetime.min.replace(tzinfo=dt.UTC)


def _counters_after(charges: QuerySet[Charge]) -> PeriodState:
    """Answer the counters as all these charges left them, wherever in the order they were."""
    used = charges.aggregate(
        free=Sum(F("free_after") - F("free_before"), default=0),
        charged=Sum(F("charged_after") - F("charged_before"), default=0),
    )
    return PeriodState(int(used["free"]), int(used["charged"]))


def _priced(known: KnownTerms, members: list[_Member], state: PeriodState) -> list[_Member]:
    """Give each its priced legs and counters; answer them in the order of their turns."""
    turns = sorted(itertools.chain.from_iterable(map(_turns, members)), key=lambda turn: turn[:2])
    for turn in turns:
        counted = turn.member.call.counted
        legs = [leg for leg in counted.legs if leg.id in turn.references]
        state = known.carry(state)
        priced, after = price_legs(known.terms, state, counted, legs)
        after = known.carry(after)
        member = turn.member
        member.legs += priced
        member.before = member.before if member.before is not None else state
        member.took = PeriodState(
            member.took.free_seconds_used + after.free_seconds_used - state.free_seconds_used,
            member.took.charged_seconds + after.charged_seconds - state.charged_seconds,
        )
        state = after
    return list(dict.fromkeys(turn.member for turn in turns))


def _turns(member: _Member) -> Iterator[_Turn]:
    """Cut a conference into its turns; it has one at least, also without any leg."""
    late: dict[dt.datetime, set[str]] = {}
    for leg in member.call.counted.legs:
        late.setdefault(member.call.late.get(leg.id, _IN_PLACE), set()).add(leg.id)
    for late_at, references in (late or {_IN_PLACE: set()}).items():
        yield _Turn(late_at, member.place, member, frozenset(references))
