"""Change a reservation that is booked: another time, more ports, other words."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conferencing.models import Bridge, Conference, Reservation
from toolkit.errors import DomainError

from .numbers import new_pins, pins_near
from .policies import Who, check_reference
from .reservations import (
    ReservationInvalidError,
    ReservationNotOpenError,
    check_open,
    check_terms,
    in_order,
    lock_bridges,
    lock_reservation,
    place,
    record_change,
)

_WATCHED: Final = (
    "title",
    "scheduled_start",
    "scheduled_end",
    "reserved_ports",
    "access",
    "bridge_id",
    "operator_assisted",
    "recorded",
    "billing_reference",
    "language",
    "invitees",
)
_PLACING: Final = frozenset({"scheduled_start", "scheduled_end", "reserved_ports", "bridge_id"})
_PLAIN: Final = (
    "title",
    "reserved_ports",
    "operator_assisted",
    "recorded",
    "billing_reference",
    "language",
)


class ReservationTerms(TypedDict, total=False):
    """What of a reservation can be changed."""

    title: str
    scheduled_start: dt.datetime
    duration_minutes: int
    reserved_ports: int
    access: Sequence[str]
    bridge: Bridge
    operator_assisted: bool
    recorded: bool
    billing_reference: str
    language: str
    invitees: Sequence[str]


class ReservationChangedError(DomainError):
    """Somebody else changed it since it was read."""

    code = "precondition-failed"
    title = _("Changed in the meantime")
    status = 412

    def __init__(self) -> None:
        super().__init__(_("Somebody else has changed this reservation in the meantime."))


def move_reservation(
    *,
    reservation: Reservation,
    actor: Who,
    now: dt.datetime,
    expected_version: int | None = None,
    **terms: Unpack[ReservationTerms],
) -> Reservation:
    """Change what is named of a booked reservation; the rest stays, also number, room and PINs.

    Idempotent: what changes nothing writes nothing. (PINs are drawn anew only where the other
    time or bridge knows the same ones already.)

    Raises:
        ReservationChangedError: it is no longer at ``expected_version``.
        ReservationNotOpenError: cancelled, held, missed; or its start or bridge can't change
            because the conference has begun or its room is open.
        ReservationInvalidError, ReferenceRefusedError, NoBridgeError, BridgeFullError: as in
            ``book_reservation``.
    """
    with transaction.atomic():
        # The bridge before the reservation: booking takes the bridge's lock first as well.
        wanted = terms.get("bridge") or reservation.bridge
        bridges = lock_bridges(wanted, active_only=wanted.pk != reservation.bridge_id)
        current = lock_reservation(reservation)
        if expected_version is not None and current.version != expected_version:
            raise ReservationChangedError
        if "bridge" not in terms and current.bridge_id != wanted.pk:
            raise ReservationChangedError
        check_open(current)
        before = {name: getattr(current, name) for name in _WATCHED}
        _apply(current, terms, bridges[0])
        changed = {name for name in _WATCHED if getattr(current, name) != before[name]}
        if not changed:
            return current
        if "billing_reference" in changed:
            check_reference(customer=current.customer, reference=current.billing_reference)
        _check_moment(current, changed, now)
        if changed & _PLACING:
            _place(current, bridges, now)
        current.version += 1
        current.save()
        told = sorted(name.removesuffix("_id") for name in changed)
        record_change("reservation.moved", current, actor, now, {"changed": told})
    return current


def _apply(reservation: Reservation, terms: ReservationTerms, bridge: Bridge) -> None:
    length = reservation.scheduled_end - reservation.scheduled_start
    if "duration_minutes" in terms:
        length = dt.timedelta(minutes=terms["duration_minutes"])
    reservation.scheduled_start = terms.get("scheduled_start", reservation.scheduled_start)
    reservation.scheduled_end = reservation.scheduled_start + length
    for name in _PLAIN:
        if name in terms:
            setattr(reservation, name, terms[name])
    if "access" in terms:
        reservation.access = in_order(terms["access"])
    if "invitees" in terms:
        reservation.invitees = list(terms["invitees"])
    if "bridge" in terms:
        reservation.bridge = bridge


def _check_moment(reservation: Reservation, changed: set[str], now: dt.datetime) -> None:
    """Refuse what is past, and what would take a running conference from under its people."""
    length = reservation.scheduled_end - reservation.scheduled_start
    check_terms(
        # An unchanged start may well be past: a running conference can be prolonged.
        reservation.scheduled_start if "scheduled_start" in changed else now,
        int(length.total_seconds() // 60),
        reservation.reserved_ports,
        reservation.access,
        now,
    )
    if changed & _PLACING and reservation.scheduled_end <= now:
        raise ReservationInvalidError(_("It would be over already."), field="duration_minutes")
    if "bridge_id" in changed and reservation.room_asserted_at:
        raise ReservationNotOpenError(_("Its room is open: it can't change to another bridge."))
    begun = Conference.objects.filter(reservation=reservation).exists()
    if begun and changed & {"scheduled_start", "bridge_id"}:
        raise ReservationNotOpenError(_("The conference has begun: its start can't change."))


def _place(reservation: Reservation, bridges: Sequence[Bridge], now: dt.datetime) -> None:
    start, end = reservation.scheduled_start, reservation.scheduled_end
    place(bridges, start, end, reservation.reserved_ports, now, excluding=reservation)
    bridge = reservation.bridge
    used = pins_near(bridge=bridge, start=start, end=end, excluding=reservation)
    if used & {reservation.pin, reservation.host_pin}:
        reservation.pin, reservation.host_pin = new_pins(bridge=bridge, start=start, end=end)
