"""Price the conferences of an open period in their order, from one of them on."""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from billing.models import Charge
from billing.rating import PeriodState
from billing.selectors.calls import Call, calls_as_rated

from .pricing import Ledger

Place = tuple[dt.datetime, uuid.UUID]  # in the order of pricing (TARIFF.md, "A conference")
_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A conference that enters the order, or comes to another place in it."""

    charge: Charge
    call: Call

    @property
    def place(self) -> Place:
        """Answer where it belongs."""
        return place_of(self.charge)


def place_of(charge: Charge) -> Place:
    """Answer a charge's place in the order of its period."""
    return charge.sort_at, charge.conference_id


def price_from(
    *, ledger: Ledger, period: str, since: Place, until: Place, entry: Entry | None
) -> None:
    """Price ``entry`` and what comes after it in an open period.

    The order changed between ``since`` and ``until``, both included: the entry's place now, and
    the one it had before if it had one. Without an entry something left the period. Stops behind
    ``until`` as soon as the counters are what the next conference was priced with, so that calls
    which come in order cost nothing more. The caller holds the period's lock.
    """
    others = charges_of(ledger, period, besides=entry.charge if entry else None)
    state = _counters_before(others, since)
    waiting = entry
    for charges in _slices(others, since):
        calls = None
        for charge in charges:
            if waiting is not None and place_of(charge) > waiting.place:
                state = ledger.price(waiting.charge, waiting.call, state)
                waiting = None
            if state == (charge.free_before, charge.charged_before):
                if place_of(charge) > until:
                    ledger.save()
                    return
                state = _counters_after(charge)
                continue
            calls = calls or calls_as_rated(charges)
            state = ledger.price(charge, calls[charge.conference_id], state)
        ledger.save()
    if waiting is not None:
        ledger.price(waiting.charge, waiting.call, state)
        ledger.save()


def charges_of(ledger: Ledger, period: str, *, besides: Charge | None) -> QuerySet[Charge]:
    """Return the charges of a contract's month in the order of pricing."""
    charges = Charge.objects.filter(contract=ledger.known.contract, period=period)
    if besides is not None and besides.pk is not None:
        charges = charges.exclude(pk=besides.pk)
    return charges.order_by("sort_at", "conference_id")


def _counters_before(charges: QuerySet[Charge], place: Place) -> PeriodState:
    sort_at, conference_id = place
    last = (
        charges.filter(sort_at__lte=sort_at)
        .filter(Q(sort_at__lt=sort_at) | Q(conference_id__lt=conference_id))
        .last()
    )
    return PeriodState() if last is None else _counters_after(last)


def _counters_after(charge: Charge) -> PeriodState:
    return PeriodState(charge.free_after, charge.charged_after)


def _slices(charges: QuerySet[Charge], place: Place) -> Iterator[list[Charge]]:
    """Answer the charges at ``place`` and after it, some at a time, in order."""
    sort_at, conference_id = place
    after = Q(conference_id__gte=conference_id)
    while True:
        found = list(
            charges.filter(sort_at__gte=sort_at).filter(Q(sort_at__gt=sort_at) | after)[:_AT_ONCE]
        )
        if found:
            yield found
        if len(found) < _AT_ONCE:
            return
        sort_at, conference_id = place_of(found[-1])
        after = Q(conference_id__gt=conference_id)
