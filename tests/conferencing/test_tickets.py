"""Tickets: who gets which, and until when."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from conferencing.models import LegTicket
from conferencing.services import (
    GatewayOnlyError,
    TicketInvalidError,
    TicketRefusedError,
    cancel_reservation,
    issue_ticket,
)
from integration.models import Event
from integration.services import machine
from tests.factories.conferencing import make_reservation
from tests.factories.customers import NOW

pytestmark = pytest.mark.django_db
ASKED: dict[str, Any] = {
    "participant": "Ana",
    "access": "voip",
    "number": "",
    "actor": "tests",
    "now": NOW,
}


def test_a_browser_ticket() -> None:
    reservation = make_reservation()
    ticket = issue_ticket(reservation=reservation, **ASKED)
    assert str(uuid.UUID(ticket.leg_id)) == ticket.leg_id
    assert 0 < ticket.participant_id < 2**53
    assert (ticket.room, ticket.pin) == (reservation.room, reservation.pin)
    # The end of the reservation plus the grace of the room.
    assert ticket.expires_at == reservation.scheduled_end + dt.timedelta(minutes=15)
    stored = LegTicket.objects.get()
    assert (stored.leg_id, stored.access, stored.participant) == (ticket.leg_id, "voip", "Ana")
    event = Event.objects.get(type="ticket.issued")
    assert event.data == {"leg": ticket.leg_id, "access": "voip"}
    other = issue_ticket(reservation=reservation, **ASKED)
    assert other.leg_id != ticket.leg_id
    assert other.participant_id != ticket.participant_id


def test_telephone_legs_are_for_gateways() -> None:
    reservation = make_reservation(access=["voip", "toll"])
    asked = ASKED | {"access": "toll", "number": "+34910000000"}
    clerk, operator = User.objects.create_user("clerk"), User.objects.create_user("operator")
    operator.user_permissions.add(Permission.objects.get(codename="issue_gateway_ticket"))
    for actor in ("tests", clerk):
        with pytest.raises(GatewayOnlyError):
            issue_ticket(reservation=reservation, **asked | {"actor": actor})
    assert not LegTicket.objects.exists()
    for gateway in (operator, machine("gateway 1")):
        issue_ticket(reservation=reservation, **asked | {"actor": gateway})
    assert set(LegTicket.objects.values_list("access", "number")) == {("toll", "+34910000000")}


def test_no_ticket_for_what_was_not_booked_or_is_over() -> None:
    reservation = make_reservation(access=["toll"])
    with pytest.raises(TicketRefusedError):
        issue_ticket(reservation=reservation, **ASKED)
    open_ = make_reservation()
    over = open_.scheduled_end + dt.timedelta(minutes=15)
    with pytest.raises(TicketRefusedError):
        issue_ticket(reservation=open_, **ASKED | {"now": over})
    cancel_reservation(reservation=open_, reason="", actor="tests", now=NOW)
    open_.refresh_from_db()
    with pytest.raises(TicketRefusedError):
        issue_ticket(reservation=open_, **ASKED)
    for change in ({"access": "pigeon"}, {"number": "12ab"}):
        with pytest.raises(TicketInvalidError):
            issue_ticket(reservation=open_, **ASKED | change)
    assert not LegTicket.objects.exists()
