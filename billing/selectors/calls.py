"""Conferences and their legs as ``rating`` counts them: as the bridge said, or as rated before."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from billing import rating
from billing.models import Charge, RatedLeg
from conferencing.models import Conference, Leg
from toolkit.periods import from_microseconds, to_microseconds


class _Leg(NamedTuple):
    reference: str
    pk: int
    estimated: bool
    row: Leg | RatedLeg
    ended_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Call:
    """A finished conference, ready to be priced.

    ``leg_ids`` holds, by the leg's id at the bridge, that of its row here. ``record_version`` is
    the call record's that all this comes from. ``late`` says when legs came of which the month was
    closed already; the others are priced in their place.
    """

    conference: Conference
    record_version: int
    counted: rating.Conference
    leg_ids: dict[str, int]
    estimated: frozenset[str]
    late: Mapping[str, dt.datetime] = field(default_factory=dict)

    def with_late(self, late: Mapping[str, dt.datetime]) -> "Call":
        """Answer the same call with other legs that came late."""
        return replace(self, late=late)

    def leg(self, reference: str) -> rating.Leg:
        """Answer the leg of that id at the bridge."""
        return self._by_reference[reference]

    @cached_property
    def _by_reference(self) -> dict[str, rating.Leg]:
        return {leg.id: leg for leg in self.counted.legs}

    @property
    def sort_at(self) -> dt.datetime:
        """Answer the moment that says its day, and its place in the order of pricing."""
        return from_microseconds(self.counted.first_moment)

    @property
    def held(self) -> list[rating.Leg]:
        """Answer the legs that lasted."""
        return [leg for leg in self.counted.legs if leg.is_billable]

    @property
    def in_place(self) -> list[rating.Leg]:
        """Answer the legs that were there when the month was closed, or while it is open."""
        return [leg for leg in self.counted.legs if leg.id not in self.late]

    @property
    def participants(self) -> int:
        """Count those who took part."""
        return len({leg.participant for leg in self.held})

    @property
    def duration_seconds(self) -> int:
        """Add up the seconds of all legs, each rounded up to a whole one."""
        return sum(leg.duration_seconds for leg in self.held)


def call_of(conference: Conference) -> Call:
    """Read a finished conference with its legs as they are known now.

    Legs that a corrected record withdrew, and legs without an end, are not part of it. The record
    version was read with ``conference``, before the legs: what comes in between is a newer version
    that will be priced again.
    """
    return _call(
        conference,
        conference.record_version,
        [
            _Leg(leg.leg_id, leg.pk, leg.is_estimated, leg, leg.ended_at)
            for leg in conference.legs.filter(withdrawn=False)
            if leg.ended_at is not None
        ],
    )


def calls_as_rated(charges: Collection[Charge]) -> dict[uuid.UUID, Call]:
    """Read conferences as their charges have them, by conference; two queries for all.

    So that pricing a period again takes in no call record that waits for its own turn.
    """
    legs: dict[int, list[_Leg]] = {charge.pk: [] for charge in charges}
    late: dict[int, dict[str, dt.datetime]] = {}
    versions = {charge.pk: charge.version for charge in charges}
    for leg in RatedLeg.objects.filter(charge__in=legs).order_by():
        if leg.version == versions[leg.charge_id]:
            legs[leg.charge_id].append(
                _Leg(leg.reference, leg.leg_id, leg.estimated, leg, leg.ended_at)
            )
            if leg.late_at is not None:
                late.setdefault(leg.charge_id, {})[leg.reference] = leg.late_at
    conferences = Conference.objects.in_bulk([charge.conference_id for charge in charges])
    return {
        charge.conference_id: _call(
            conferences[charge.conference_id], charge.record_version, legs[charge.pk]
        ).with_late(late.get(charge.pk, {}))
        for charge in charges
    }


def known_legs(charge: Charge) -> dict[str, dt.datetime | None]:
    """Answer the legs of a charge as last priced, by their id at the bridge: when they came late.

    Empty for a charge that is not kept yet.
    """
    if charge.pk is None:
        return {}
    rated = RatedLeg.objects.filter(charge=charge, version=charge.version)
    return dict(rated.values_list("reference", "late_at"))


def _call(conference: Conference, record_version: int, legs: list[_Leg]) -> Call:
    cancelled_at = conference.cancelled_at
    return Call(
        conference=conference,
        record_version=record_version,
        counted=rating.Conference(
            id=str(conference.pk),
            scheduled_start=to_microseconds(conference.scheduled_start),
            cancelled_at=None if cancelled_at is None else to_microseconds(cancelled_at),
            operator_assisted=conference.operator_assisted,
            recorded=conference.recorded,
            reserved_ports=conference.reserved_ports,
            legs=tuple(_counted(leg) for leg in legs),
        ),
        leg_ids={leg.reference: leg.pk for leg in legs},
        estimated=frozenset(leg.reference for leg in legs if leg.estimated),
    )


def _counted(leg: _Leg) -> rating.Leg:
    return rating.Leg(
        id=leg.reference,
        participant=leg.row.participant,
        access=leg.row.access,
        number=leg.row.number or None,
        answered_at=to_microseconds(leg.row.answered_at),
        ended_at=to_microseconds(leg.ended_at),
    )
