"""Book and cancel reservations; the ports of a bridge are never given twice."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from conferencing.models import Bridge, Conference, Reservation
from conferencing.selectors.capacity import Slot, alternatives, free_ports, roomiest_bridge
from conferencing.signals import conference_ended
from customers.models import Customer
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.telephony import Access

from .numbers import new_pins, next_reservation_number, next_room
from .policies import Who, check_may_book, check_reference, name_of, wants_reason

LONGEST_MINUTES: Final = 24 * 60
# A booking for "now" takes a while to be typed and sent.
BEGUN_TOLERANCE: Final = dt.timedelta(minutes=15)


class BridgeFullError(DomainError):
    """Not enough ports at that time; ``alternatives`` are the three nearest times with room."""

    code = "bridge-full"
    title = _("No room on the bridge")

    def __init__(self, slots: Sequence[Slot], *, free: int, ports: int) -> None:
        super().__init__(
            _("Not enough free ports at that time: %(free)d.") % {"free": max(free, 0)},
            alternatives=[
                {
                    "scheduled_start": slot.start.isoformat().replace("+00:00", "Z"),
                    "duration_minutes": int((slot.end - slot.start).total_seconds() // 60),
                    "reserved_ports": ports,
                    "bridge": slot.bridge.slug,
                    "free_ports": slot.free_ports,
                }
                for slot in slots
            ],
        )
        self.alternatives = list(slots)
        self.free = max(free, 0)


class NoBridgeError(DomainError):
    """There is no bridge in use, or the named one is not."""

    code = "no-bridge"
    title = _("No conference bridge in use")

    def __init__(self) -> None:
        super().__init__(_("There is no conference bridge in use to book on."))


class ReservationInvalidError(DomainError):
    """What was asked for cannot be booked at any time; ``field`` says which part."""

    code = "validation-error"
    title = _("The input is not valid")
    status = 400

    def __init__(self, detail: StrOrPromise, *, field: str) -> None:
        super().__init__(
            detail, errors=[{"pointer": f"/{field}", "code": "invalid", "detail": str(detail)}]
        )
        self.field = field


class ReservationNotOpenError(DomainError):
    """Cancelled, held or missed reservations do not change any more, nor does one in progress."""

    code = "reservation-not-open"
    title = _("The reservation can no longer be changed")


def book_reservation(
    *,
    customer: Customer,
    title: str,
    scheduled_start: dt.datetime,
    duration_minutes: int,
    reserved_ports: int,
    access: Sequence[str],
    actor: Who,
    now: dt.datetime,
    bridge: Bridge | None = None,
    operator_assisted: bool = False,
    recorded: bool = False,
    billing_reference: str = "",
    language: str | None = None,
    invitees: Sequence[str] = (),
    override_reason: str = "",
    source: str = "desk",
) -> Reservation:
    """Book ports on a bridge: on the named one, else on the least loaded that has room.

    Bookings of a bridge queue up on the lock of its row, so that the ports counted are the ports
    there are, however many book at once. Not idempotent: twice is two bookings.

    Raises:
        ReservationInvalidError: impossible at any time (past, too long, larger than any bridge…).
        CustomerClosedError, CustomerSuspendedError, CreditLimitReachedError: see
            ``check_may_book``.
        ReferenceRefusedError: one of its kinds, see ``check_reference``.
        NoBridgeError: none is in use.
        BridgeFullError: too few free ports then, with three times that have them.
    """
    check_terms(scheduled_start, duration_minutes, reserved_ports, access, now)
    with transaction.atomic():
        customer = Customer.objects.get(pk=customer.pk)
        check_may_book(customer=customer, actor=actor, override_reason=override_reason)
        check_reference(customer=customer, reference=billing_reference)
        end = scheduled_start + dt.timedelta(minutes=duration_minutes)
        chosen = place(lock_bridges(bridge), scheduled_start, end, reserved_ports, now)
        pin, host_pin = new_pins(bridge=chosen, start=scheduled_start, end=end)
        reservation = Reservation.objects.create(
            number=next_reservation_number(now),
            customer=customer,
            bridge=chosen,
            title=title,
            scheduled_start=scheduled_start,
            scheduled_end=end,
            reserved_ports=reserved_ports,
            access=in_order(access),
            operator_assisted=operator_assisted,
            recorded=recorded,
            billing_reference=billing_reference,
            language=language or customer.language,
            invitees=list(invitees),
            room=next_room(),
            pin=pin,
            host_pin=host_pin,
            override_reason=override_reason if wants_reason(customer) else "",
            source=source,
            created_by=name_of(actor),
        )
        record_change("reservation.booked", reservation, actor, now, told_of(reservation))
    return reservation


def cancel_reservation(
    *, reservation: Reservation, reason: str, actor: Who, now: dt.datetime
) -> Conference:
    """Cancel before it is held; answer the cancelled conference, which billing judges.

    The ports are free at once and the bridge link takes the room down.

    Raises:
        ReservationNotOpenError: already cancelled, held, missed, in progress, or its time is over.
    """
    with transaction.atomic():
        current = lock_reservation(reservation)
        check_open(current)
        if now >= current.scheduled_end:
            raise ReservationNotOpenError(_("Its time is over: it can't be cancelled any more."))
        if Conference.objects.filter(reservation=current).exists():
            raise ReservationNotOpenError(_("The conference has begun: end it instead."))
        current.status = Reservation.Status.CANCELLED
        current.room_state = Reservation.RoomState.ENDING
        current.cancelled_at = now
        current.cancel_reason = reason
        current.version += 1
        current.save()
        conference = Conference.objects.create(
            state=Conference.State.CANCELLED,
            cancelled_at=now,
            recorded_at=now,
            record_version=1,
            **conference_terms(current),
        )
        record_change(
            "reservation.cancelled", current, actor, now, {"conference": str(conference.pk)}
        )
        conference_ended.send(sender=Conference, conference_id=str(conference.pk))
    return conference


def conference_terms(reservation: Reservation) -> dict[str, object]:
    """Answer what a conference takes over from its reservation."""
    return {
        "reservation": reservation,
        "customer_id": reservation.customer_id,
        "bridge_id": reservation.bridge_id,
        "room": reservation.room,
        "title": reservation.title,
        "scheduled_start": reservation.scheduled_start,
        "operator_assisted": reservation.operator_assisted,
        "recorded": reservation.recorded,
        "reserved_ports": reservation.reserved_ports,
        "billing_reference": reservation.billing_reference,
    }


def check_terms(
    start: dt.datetime,
    duration_minutes: int,
    ports: int,
    access: Sequence[str],
    now: dt.datetime,
) -> None:
    """Refuse what no bridge could ever offer.

    Raises:
        ReservationInvalidError: naming the field.
    """
    if start < now - BEGUN_TOLERANCE:
        raise ReservationInvalidError(_("This time is past."), field="scheduled_start")
    if not 1 <= duration_minutes <= LONGEST_MINUTES:
        raise ReservationInvalidError(_("Between 1 minute and 24 hours."), field="duration_minutes")
    if ports < 1:
        raise ReservationInvalidError(_("At least one port."), field="reserved_ports")
    if not access or not set(access) <= set(Access.values):
        raise ReservationInvalidError(_("Choose at least one kind of access."), field="access")


def lock_bridges(bridge: Bridge | None, *, active_only: bool = True) -> list[Bridge]:
    """Lock the rows of the bridge named, or of all in use, until the transaction ends.

    Always in the order of their keys, so that no two transactions wait for each other.

    Raises:
        NoBridgeError: none is in use.
    """
    rows = Bridge.objects.select_for_update(no_key=True).order_by("pk")
    if active_only:
        rows = rows.filter(active=True)
    found = list(rows if bridge is None else rows.filter(pk=bridge.pk))
    if not found:
        raise NoBridgeError
    return found


def place(
    bridges: Sequence[Bridge],
    start: dt.datetime,
    end: dt.datetime,
    ports: int,
    now: dt.datetime,
    *,
    excluding: Reservation | None = None,
) -> Bridge:
    """Answer the one of ``bridges``, whose rows are locked, to book on.

    Raises:
        ReservationInvalidError: larger than any of them.
        BridgeFullError: too few free ports on every one.
    """
    if ports > (largest := max(bridge.capacity for bridge in bridges)):
        detail = _("More ports than the bridge has: %(ports)d.") % {"ports": largest}
        raise ReservationInvalidError(detail, field="reserved_ports")
    chosen = roomiest_bridge(
        bridges=bridges, start=start, end=end, ports=ports, excluding=excluding
    )
    if chosen is None:
        slots = alternatives(
            bridges=bridges,
            start=start,
            duration=end - start,
            ports=ports,
            now=now,
            excluding=excluding,
        )
        free = max(
            free_ports(bridge=bridge, start=start, end=end, excluding=excluding)
            for bridge in bridges
        )
        raise BridgeFullError(slots, free=free, ports=ports)
    return chosen


def lock_reservation(reservation: Reservation) -> Reservation:
    """Answer the reservation as it is now, its row locked until the transaction ends."""
    return (
        Reservation.objects.select_for_update(of=("self",))
        .select_related("customer", "bridge")
        .get(pk=reservation.pk)
    )


def check_open(reservation: Reservation) -> None:
    """Refuse reservations that do not change any more.

    Raises:
        ReservationNotOpenError: cancelled, held or missed.
    """
    if reservation.status != Reservation.Status.BOOKED:
        raise ReservationNotOpenError(
            _("The reservation is no longer open: %(status)s.")
            % {"status": reservation.get_status_display()}
        )


def in_order(access: Iterable[str]) -> list[str]:
    """Answer each kind of access once, in the order in which people know them."""
    wanted = set(access)
    return [value for value in Access.values if value in wanted]


def told_of(reservation: Reservation) -> dict[str, object]:
    """Answer what an event may tell: no titles, no addresses of people, no PINs."""
    return {
        "bridge": reservation.bridge.slug,
        "scheduled_start": reservation.scheduled_start,
        "scheduled_end": reservation.scheduled_end,
        "reserved_ports": reservation.reserved_ports,
        "access": reservation.access,
        "operator_assisted": reservation.operator_assisted,
        "recorded": reservation.recorded,
    }


def record_change(
    type_: str, reservation: Reservation, actor: Who, now: dt.datetime, data: dict[str, object]
) -> None:
    """Write the event ``type_`` of a reservation on its customer's timeline."""
    record_event(
        type=type_,
        actor=actor,
        customer_number=reservation.customer.number,
        subject=("reservation", reservation.number),
        data=data,
        now=now,
    )
