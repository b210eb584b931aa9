"""What people do to conferences: end one, put somebody out, close those that nobody came to."""

import datetime as dt
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conferencing.models import Bridge, Conference, Leg, Reservation
from conferencing.signals import conference_ended
from customers.models import Customer
from integration.services import record_event
from toolkit.errors import DomainError

from .policies import Who
from .records import close_unattended

# A bridge that was not heard since the end may still have something to tell.
LONGEST_SILENCE: Final = dt.timedelta(hours=24)


class ConferenceNotLiveError(DomainError):
    """It is over already, or no room of ours carries it."""

    code = "conference-not-live"
    title = _("The conference is not live")

    def __init__(self) -> None:
        super().__init__(_("The conference is not live, or not in a room of this portal."))


class LegNotOpenError(DomainError):
    """The participant has left already."""

    code = "leg-not-open"
    title = _("The participant has left")

    def __init__(self) -> None:
        super().__init__(_("This participant has left already."))


class ConferenceNotOrphanError(DomainError):
    """It has a customer already."""

    code = "conference-not-orphan"
    title = _("The conference has a customer")

    def __init__(self) -> None:
        super().__init__(_("This conference already belongs to a customer."))


def end_conference(*, conference: Conference, actor: Who, now: dt.datetime) -> None:
    """Have the bridge link take the room down, and everyone out of it, at its next round.

    Idempotent while the room is being taken down.

    Raises:
        ConferenceNotLiveError: it is over, or was held without a reservation.
    """
    with transaction.atomic():
        current = Conference.objects.get(pk=conference.pk)
        if current.state != Conference.State.LIVE or current.reservation_id is None:
            raise ConferenceNotLiveError
        reservation = Reservation.objects.select_for_update().get(pk=current.reservation_id)
        if reservation.room_state != Reservation.RoomState.WANTED:
            return
        reservation.room_state = Reservation.RoomState.ENDING
        reservation.save(update_fields=["room_state", "updated_at"])
        _record("conference.end-requested", current, actor, now)


def remove_leg(*, leg: Leg, actor: Who, now: dt.datetime) -> None:
    """Have the bridge link put a participant out of the room at its next round. Idempotent.

    Raises:
        LegNotOpenError: the participant has left.
    """
    with transaction.atomic():
        current = Leg.objects.select_for_update().get(pk=leg.pk)
        if current.ended_at is not None or current.withdrawn:
            raise LegNotOpenError
        if current.removal_requested_at is None:
            current.removal_requested_at = now
            current.save(update_fields=["removal_requested_at"])
            _record("conference.removal-requested", current.conference, actor, now)


def close_missed_reservations(now: dt.datetime) -> list[Conference]:
    """Make a missed conference of every reservation whose time is over and to which nobody came.

    Each in its own transaction; safe to repeat and in parallel. Where a bridge tells us of joins
    itself we first wait until it was heard after the end, a day at most.
    """
    grace = dt.timedelta(seconds=settings.ROOM_GRACE_SECONDS)
    over = Reservation.objects.filter(
        status=Reservation.Status.BOOKED, scheduled_end__lte=now - grace, conference=None
    ).select_related("bridge")
    closed = [
        close_unattended(reservation, now=now)
        for reservation in over.order_by("scheduled_end")
        if _is_all_told(reservation, now)
    ]
    return [conference for conference in closed if conference is not None]


def assign_conference(
    *, conference: Conference, customer: Customer, actor: Who, now: dt.datetime
) -> Conference:
    """Give a conference without reservation to a customer, and announce it to be charged.

    Raises:
        ConferenceNotOrphanError: it has a customer.
    """
    with transaction.atomic():
        current = Conference.objects.select_for_update().get(pk=conference.pk)
        if current.customer_id is not None:
            raise ConferenceNotOrphanError
        current.customer = customer
        current.save(update_fields=["customer"])
        _record("conference.assigned", current, actor, now)
        if current.state != Conference.State.LIVE:
            conference_ended.send(sender=Conference, conference_id=str(current.pk))
    return current


def _is_all_told(reservation: Reservation, now: dt.datetime) -> bool:
    bridge = reservation.bridge
    if bridge.make == Bridge.Make.FEED or now >= reservation.scheduled_end + LONGEST_SILENCE:
        return True
    return bridge.last_poll_at is not None and bridge.last_poll_at >= reservation.scheduled_end


def _record(type_: str, conference: Conference, actor: Who, now: dt.datetime) -> None:
    customer = conference.customer
    record_event(
        type=type_,
        actor=actor,
        customer_number=customer.number if customer else "",
        subject=("conference", conference.pk),
        now=now,
    )
