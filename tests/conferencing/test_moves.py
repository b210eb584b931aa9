"""Moving and cancelling what is booked, and closing what nobody came to."""

import datetime as dt

import pytest

from conferencing.models import Bridge, Conference, Reservation
from conferencing.selectors import free_ports
from conferencing.services import (
    BridgeFullError,
    ReferenceRequiredError,
    ReservationChangedError,
    ReservationInvalidError,
    ReservationNotOpenError,
    accept_call_record,
    cancel_reservation,
    close_missed_reservations,
    move_reservation,
)
from conferencing.signals import conference_ended
from integration.models import Event
from tests.factories.conferencing import make_bridge, make_record, make_reservation
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
START = NOW + HOUR


@pytest.fixture
def ended():
    """The ids of the conferences announced, in order."""
    told: list[str] = []

    def note(conference_id: str, **_kwargs: object) -> None:
        told.append(conference_id)

    conference_ended.connect(note)
    yield told
    conference_ended.disconnect(note)


def test_moving_keeps_number_room_and_pins() -> None:
    before = make_reservation(reserved_ports=5)
    after = move_reservation(
        reservation=before,
        actor="tests",
        now=NOW,
        expected_version=1,
        scheduled_start=START + 2 * HOUR,
        duration_minutes=90,
        reserved_ports=8,
        title="Consejo",
        invitees=["a@example.com"],
    )
    assert (after.number, after.room, after.pin, after.host_pin) == (
        before.number,
        before.room,
        before.pin,
        before.host_pin,
    )
    assert after.scheduled_end - after.scheduled_start == dt.timedelta(minutes=90)
    assert after.version == 2
    event = Event.objects.get(type="reservation.moved")
    assert event.data["changed"] == [
        "invitees",
        "reserved_ports",
        "scheduled_end",
        "scheduled_start",
        "title",
    ]
    assert free_ports(bridge=after.bridge, start=START, end=START + HOUR) == 20


def test_its_own_ports_are_not_in_its_way() -> None:
    reservation = make_reservation(reserved_ports=20)
    moved = move_reservation(
        reservation=reservation, actor="tests", now=NOW, scheduled_start=START + HOUR / 4
    )
    assert moved.scheduled_start == START + HOUR / 4


def test_a_stale_version_and_a_full_bridge_change_nothing() -> None:
    reservation = make_reservation(reserved_ports=15)
    make_reservation(reserved_ports=15, scheduled_start=START + 2 * HOUR)
    with pytest.raises(ReservationChangedError):
        move_reservation(
            reservation=reservation, actor="tests", now=NOW, expected_version=9, title="x"
        )
    with pytest.raises(BridgeFullError) as refusal:
        move_reservation(
            reservation=reservation, actor="tests", now=NOW, scheduled_start=START + 2 * HOUR
        )
    assert len(refusal.value.alternatives) == 3
    with pytest.raises(ReservationInvalidError):
        move_reservation(
            reservation=reservation, actor="tests", now=NOW, scheduled_start=NOW - HOUR
        )
    reservation.refresh_from_db()
    assert (reservation.version, reservation.scheduled_start) == (1, START)
    assert not Event.objects.filter(type="reservation.moved").exists()


def test_changing_nothing_writes_nothing() -> None:
    reservation = make_reservation()
    same = move_reservation(
        reservation=reservation, actor="tests", now=NOW, title=reservation.title, reserved_ports=5
    )
    assert same.version == 1
    assert not Event.objects.filter(type="reservation.moved").exists()


def test_the_reference_policy_holds_for_changes_too() -> None:
    customer = make_customer(reference_policy="required")
    reservation = make_reservation(customer=customer, billing_reference="PO-1")
    with pytest.raises(ReferenceRequiredError):
        move_reservation(reservation=reservation, actor="tests", now=NOW, billing_reference="")


def test_an_open_room_does_not_change_bridge() -> None:
    reservation = make_reservation()
    other = make_bridge()
    Reservation.objects.update(room_asserted_at=NOW)
    with pytest.raises(ReservationNotOpenError):
        move_reservation(reservation=reservation, actor="tests", now=NOW, bridge=other)
    Reservation.objects.update(room_asserted_at=None)
    moved = move_reservation(reservation=reservation, actor="tests", now=NOW, bridge=other)
    assert moved.bridge == other


def test_a_running_conference_can_be_prolonged_but_not_shifted() -> None:
    reservation = make_reservation()
    Conference.objects.create(
        reservation=reservation,
        bridge=reservation.bridge,
        room=reservation.room,
        state=Conference.State.LIVE,
        scheduled_start=reservation.scheduled_start,
    )
    during = START + HOUR / 2
    longer = move_reservation(
        reservation=reservation, actor="tests", now=during, duration_minutes=120
    )
    assert longer.scheduled_end == START + 2 * HOUR
    with pytest.raises(ReservationNotOpenError):
        move_reservation(
            reservation=reservation, actor="tests", now=during, scheduled_start=during + HOUR
        )


def test_cancelling_frees_the_ports_and_tells_billing(ended) -> None:
    reservation = make_reservation(reserved_ports=20)
    conference = cancel_reservation(
        reservation=reservation, reason="se aplaza", actor="tests", now=NOW
    )
    reservation.refresh_from_db()
    assert reservation.status == "cancelled"
    assert reservation.room_state == "ending"
    assert reservation.cancelled_at == conference.cancelled_at == NOW
    assert reservation.cancel_reason == "se aplaza"
    assert conference.state == "cancelled"
    assert conference.reserved_ports == 20
    assert conference.record_version == 1
    assert ended == [str(conference.pk)]
    assert free_ports(bridge=reservation.bridge, start=START, end=START + HOUR) == 20
    assert "aplaza" not in str(Event.objects.get(type="reservation.cancelled").data)


def test_cancelled_twice_or_too_late_is_refused(ended) -> None:
    reservation = make_reservation()
    with pytest.raises(ReservationNotOpenError):
        cancel_reservation(reservation=reservation, reason="", actor="tests", now=START + HOUR)
    cancel_reservation(reservation=reservation, reason="", actor="tests", now=NOW)
    with pytest.raises(ReservationNotOpenError):
        cancel_reservation(reservation=reservation, reason="", actor="tests", now=NOW)
    assert len(ended) == 1
    held = make_reservation()
    accept_call_record(bridge=held.bridge, record=make_record(held), now=NOW)
    with pytest.raises(ReservationNotOpenError):
        cancel_reservation(reservation=held, reason="", actor="tests", now=NOW)


def test_nobody_came(ended) -> None:
    missed, held = make_reservation(), make_reservation()
    accept_call_record(bridge=held.bridge, record=make_record(held), now=NOW)
    ended.clear()
    assert close_missed_reservations(START + HOUR + HOUR / 4 - dt.timedelta(seconds=1)) == []
    [conference] = close_missed_reservations(START + HOUR + HOUR / 4)
    assert conference.reservation == missed
    assert conference.state == "no_show"
    missed.refresh_from_db()
    assert missed.status == "no_show"
    assert ended == [str(conference.pk)]
    assert close_missed_reservations(START + 9 * HOUR) == []
    assert len(ended) == 1


def test_a_silent_bridge_is_given_a_day_to_tell_of_joins() -> None:
    bridge = make_bridge(make=Bridge.Make.JANUS)
    make_reservation(bridge=bridge)
    assert close_missed_reservations(START + 5 * HOUR) == []
    Bridge.objects.update(last_poll_at=START + HOUR)
    assert len(close_missed_reservations(START + 5 * HOUR)) == 1
    make_reservation(bridge=bridge, scheduled_start=START + 5 * HOUR)
    assert len(close_missed_reservations(START + 31 * HOUR)) == 1


def test_somebody_came_after_all(ended) -> None:
    """A record that was long on its way makes a missed conference a held one."""
    reservation = make_reservation()
    [conference] = close_missed_reservations(START + 2 * HOUR)
    outcome = accept_call_record(
        bridge=reservation.bridge, record=make_record(reservation), now=START + 3 * HOUR
    )
    assert outcome.conference.pk == conference.pk
    assert outcome.conference.state == "ended"
    reservation.refresh_from_db()
    assert reservation.status == "held"
    assert ended == [str(conference.pk)] * 2
