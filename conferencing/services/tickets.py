"""Issue tickets: what one leg needs to join, and under which access and number it is billed."""

import datetime as dt
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from conferencing.bridges.base import Joining
from conferencing.models import LegTicket, Reservation
from conferencing.selectors import closes_at
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.telephony import Access

from .bridge_adapters import BridgeNotConfiguredError, adapter_for
from .policies import Who, has_permission, is_machine, name_of

GATEWAY_PERMISSION: Final = "conferencing.issue_gateway_ticket"
_NUMBER: Final = re.compile(r"\+?[1-9][0-9]{2,14}")
# Numbers of participants go through JavaScript, which counts exactly up to here only.
_MOST: Final = 2**53 - 1


class TicketRefusedError(DomainError):
    """No ticket for this reservation now: cancelled, over, or the access was not booked."""

    code = "ticket-refused"
    title = _("No ticket for this reservation")


class GatewayOnlyError(DomainError):
    """Telephone legs are for gateways: else anybody could put a leg on a cheaper access."""

    code = "gateway-only"
    title = _("Only for telephone gateways")
    status = 403

    def __init__(self) -> None:
        super().__init__(_("Tickets for telephone legs need a machine's token."))


class TicketInvalidError(DomainError):
    """The number is none."""

    code = "validation-error"
    title = _("The input is not valid")
    status = 400

    def __init__(self, detail: StrOrPromise, *, field: str, reason: str) -> None:
        super().__init__(
            detail, errors=[{"pointer": f"/{field}", "code": reason, "detail": str(detail)}]
        )
        self.field = field


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket with its technical half; ``token`` is shown to the bridge and names the leg.

    ``janus_url`` and ``token`` are empty for a bridge that only posts call records.
    """

    leg_id: str
    participant_id: int
    room: int
    pin: str
    token: str
    janus_url: str
    expires_at: dt.datetime


def issue_ticket(
    *,
    reservation: Reservation,
    participant: str,
    access: str,
    number: str,
    actor: Who,
    now: dt.datetime,
) -> IssuedTicket:
    """Issue a ticket for one leg: valid until the booked end and the grace of the room.

    Browsers get ``voip`` only. Every call issues another ticket; the caller's idempotency key, if
    any, makes a repetition harmless.

    Raises:
        TicketRefusedError: the reservation is cancelled or over, or was booked without this access.
        GatewayOnlyError: a telephone leg, asked for by somebody who is no gateway.
        TicketInvalidError: the number is none.
    """
    _check_access(reservation, access, number, actor)
    expires_at = closes_at(reservation)
    if reservation.status in _CLOSED or expires_at <= now:
        raise TicketRefusedError(_("The reservation is cancelled or its time is over."))
    with transaction.atomic():
        ticket = LegTicket.objects.create(
            leg_id=str(uuid.uuid4()),
            reservation=reservation,
            participant=participant,
            participant_id=_new_participant_id(reservation),
            access=access,
            number=number,
            expires_at=expires_at,
            created_by=name_of(actor),
        )
        record_event(
            type="ticket.issued",
            actor=actor,
            customer_number=reservation.customer.number,
            subject=("reservation", reservation.number),
            data={"leg": ticket.leg_id, "access": access},
            now=now,
        )
    return joining_of(ticket)


def joining_of(ticket: LegTicket) -> IssuedTicket:
    """Answer what the client of a ticket needs to connect; the same for the same ticket."""
    reservation = ticket.reservation
    joining = _joining(ticket)
    return IssuedTicket(
        leg_id=ticket.leg_id,
        participant_id=ticket.participant_id,
        room=reservation.room,
        pin=reservation.pin,
        token=joining.token if joining else "",
        janus_url=joining.server_url if joining else "",
        expires_at=ticket.expires_at,
    )


def _joining(ticket: LegTicket) -> Joining | None:
    try:
        adapter = adapter_for(ticket.reservation.bridge)
    except BridgeNotConfiguredError:
        return None
    return adapter.joining(
        leg_id=ticket.leg_id,
        expires_at=ticket.expires_at,
        browser=ticket.access == Access.VOIP,
    )


_CLOSED: Final = frozenset({Reservation.Status.CANCELLED, Reservation.Status.NO_SHOW})


def _check_access(reservation: Reservation, access: str, number: str, actor: Who) -> None:
    if access not in Access.values:
        raise TicketInvalidError(
            _("No such kind of access."), field="access", reason="invalid_choice"
        )
    if number and not _NUMBER.fullmatch(number):
        raise TicketInvalidError(
            _("Expected a number such as +34910000000."), field="number", reason="invalid"
        )
    if access != Access.VOIP and not _is_gateway(actor):
        raise GatewayOnlyError
    if access not in reservation.access:
        raise TicketRefusedError(_("The reservation was booked without this kind of access."))


def _is_gateway(actor: Who) -> bool:
    return is_machine(actor) or has_permission(actor, GATEWAY_PERMISSION)


def _new_participant_id(reservation: Reservation) -> int:
    """Draw one that this room does not have; the constraint refuses the impossible second."""
    taken = set(reservation.tickets.values_list("participant_id", flat=True))
    while True:
        drawn = 1 + secrets.randbelow(_MOST)
        if drawn not in taken:
            return drawn
