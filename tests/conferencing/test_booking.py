"""Booking: the ports there are, whom for, and under which numbers."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User

from conferencing.models import Reservation
from conferencing.selectors import free_ports
from conferencing.services import (
    BridgeFullError,
    CustomerClosedError,
    CustomerSuspendedError,
    NoBridgeError,
    ReferenceNotListedError,
    ReferenceNotUsedError,
    ReferenceRequiredError,
    ReservationInvalidError,
    book_reservation,
)
from customers.services import change_customer, suspend_customer
from integration.models import Event
from tests.factories.conferencing import make_bridge, make_reservation
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
START = NOW + HOUR


def test_a_booking_gets_number_room_and_pins_and_is_told() -> None:
    bridge = make_bridge()
    customer = make_customer(language="en")
    reservation = make_reservation(customer=customer, access=["toll", "voip", "toll"])
    assert reservation.number.startswith("R-2026-")
    assert reservation.bridge == bridge
    assert reservation.room > 100_000
    assert reservation.scheduled_end == START + HOUR
    assert reservation.access == ["toll", "voip"]
    assert reservation.language == "en"
    assert reservation.created_by == "tests"
    assert len(reservation.pin) == len(reservation.host_pin) == 6
    assert reservation.pin.isdigit()
    assert reservation.pin != reservation.host_pin
    event = Event.objects.get(type="reservation.booked")
    assert event.customer_number == customer.number
    assert event.subject_id == reservation.number
    assert event.data["reserved_ports"] == 5
    assert reservation.pin not in str(event.data)


def test_rooms_and_pins_are_given_once() -> None:
    bridge = make_bridge(capacity=100)
    booked = [make_reservation(bridge=bridge, reserved_ports=1) for _ in range(30)]
    assert len({reservation.room for reservation in booked}) == 30
    pins = [pin for one in booked for pin in (one.pin, one.host_pin)]
    assert len(set(pins)) == 60


def test_the_peak_counts_not_the_sum() -> None:
    bridge = make_bridge(capacity=10)
    make_reservation(bridge=bridge, reserved_ports=6, scheduled_start=START, duration_minutes=30)
    make_reservation(
        bridge=bridge, reserved_ports=6, scheduled_start=START + HOUR / 2, duration_minutes=30
    )
    assert free_ports(bridge=bridge, start=START, end=START + HOUR) == 4
    make_reservation(bridge=bridge, reserved_ports=4, scheduled_start=START)
    assert free_ports(bridge=bridge, start=START, end=START + HOUR) == 0
    assert free_ports(bridge=bridge, start=START + HOUR, end=START + 2 * HOUR) == 10
    assert free_ports(bridge=bridge, start=START - HOUR, end=START) == 10


def test_a_full_bridge_refuses_with_the_three_nearest_times() -> None:
    bridge = make_bridge(capacity=10)
    taken = make_reservation(bridge=bridge, reserved_ports=8, scheduled_start=START)
    with pytest.raises(BridgeFullError) as refusal:
        make_reservation(
            bridge=bridge, reserved_ports=3, scheduled_start=START, duration_minutes=30
        )
    assert refusal.value.free == 2
    # Before: the half hour that ends with the start of the other; after: from its end on.
    assert [slot.start for slot in refusal.value.alternatives] == [
        START - HOUR / 2,
        START - HOUR * 3 / 4,
        START + HOUR,
    ]
    assert Reservation.objects.get() == taken
    for slot in refusal.value.alternatives:
        make_reservation(
            bridge=slot.bridge,
            reserved_ports=3,
            scheduled_start=slot.start,
            duration_minutes=30,
        )


def test_no_alternative_is_past() -> None:
    bridge = make_bridge(capacity=4)
    make_reservation(bridge=bridge, reserved_ports=4, scheduled_start=NOW, duration_minutes=600)
    with pytest.raises(BridgeFullError) as refusal:
        make_reservation(bridge=bridge, reserved_ports=1, scheduled_start=NOW)
    assert [slot.start for slot in refusal.value.alternatives] == [
        NOW + 10 * HOUR,
        NOW + 10 * HOUR + HOUR / 4,
        NOW + 10 * HOUR + HOUR / 2,
    ]


def test_there_are_alternatives_beyond_months_of_full_days() -> None:
    bridge = make_bridge(capacity=4)
    for day in range(70):
        make_reservation(
            bridge=bridge,
            reserved_ports=4,
            scheduled_start=NOW + dt.timedelta(days=day),
            duration_minutes=1440,
        )
    with pytest.raises(BridgeFullError) as refusal:
        make_reservation(bridge=bridge, reserved_ports=1, scheduled_start=START)
    last = NOW + dt.timedelta(days=70)
    assert [slot.start - last for slot in refusal.value.alternatives] == [
        dt.timedelta(0),
        HOUR / 4,
        HOUR / 2,
    ]


def test_an_unnamed_bridge_is_the_least_loaded_with_room() -> None:
    small, large = make_bridge(capacity=10), make_bridge(capacity=40)
    make_bridge(capacity=500, active=False)
    make_reservation(bridge=large, reserved_ports=30)
    assert make_reservation(reserved_ports=6).bridge == small
    assert make_reservation(reserved_ports=6).bridge == large
    with pytest.raises(BridgeFullError) as refusal:
        make_reservation(reserved_ports=9)
    assert {slot.bridge for slot in refusal.value.alternatives} <= {small, large}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scheduled_start": NOW - HOUR}, "scheduled_start"),
        ({"duration_minutes": 0}, "duration_minutes"),
        ({"duration_minutes": 1441}, "duration_minutes"),
        ({"reserved_ports": 0}, "reserved_ports"),
        ({"reserved_ports": 21}, "reserved_ports"),
        ({"access": []}, "access"),
        ({"access": ["pigeon"]}, "access"),
    ],
)
def test_what_is_never_possible_is_refused_by_field(fields, field) -> None:
    make_bridge(capacity=20)
    with pytest.raises(ReservationInvalidError) as refusal:
        make_reservation(**fields)
    assert refusal.value.field == field
    assert not Reservation.objects.exists()
    assert not Event.objects.filter(type__startswith="reservation").exists()


def test_a_bridge_out_of_use_takes_no_bookings() -> None:
    bridge = make_bridge(active=False)
    with pytest.raises(NoBridgeError):
        book_reservation(
            customer=make_customer(),
            title="x",
            scheduled_start=START,
            duration_minutes=30,
            reserved_ports=2,
            access=["voip"],
            actor="tests",
            now=NOW,
            bridge=bridge,
        )


def test_a_suspended_customer_is_refused_with_the_reason_unless_permitted() -> None:
    customer = make_customer()
    suspend_customer(customer=customer, reason="tres facturas vencidas", actor="tests", now=NOW)
    clerk, chief = User.objects.create_user("clerk"), User.objects.create_user("chief")
    chief.user_permissions.add(Permission.objects.get(codename="book_for_suspended"))
    make_bridge()
    for actor, reason, may in [
        ("tests", "ok", False),
        (clerk, "se lo prometimos", False),
        (chief, "", True),
    ]:
        with pytest.raises(CustomerSuspendedError) as refusal:
            make_reservation(customer=customer, actor=actor, override_reason=reason)
        assert refusal.value.reason == "tres facturas vencidas"
        assert refusal.value.may_override is may
    assert not Reservation.objects.exists()
    booked = make_reservation(customer=customer, actor=chief, override_reason="pagan hoy")
    assert booked.override_reason == "pagan hoy"
    assert booked.created_by == "chief"


def test_a_closed_customer_books_nothing() -> None:
    customer = make_customer()
    customer.status = "closed"
    customer.save()
    with pytest.raises(CustomerClosedError):
        make_reservation(customer=customer)
    assert not Reservation.objects.exists()


@pytest.mark.parametrize(
    ("policy", "reference", "refusal"),
    [
        ("none", "", None),
        ("none", "PO-1", ReferenceNotUsedError),
        ("free", "", None),
        ("free", "PO-1", None),
        ("required", "", ReferenceRequiredError),
        ("required", "PO-1", None),
        ("list", "", ReferenceRequiredError),
        ("list", "PO-1", ReferenceNotListedError),
        ("list", "CC-100", None),
    ],
)
def test_the_customers_policy_rules_the_reference(policy, reference, refusal) -> None:
    customer = make_customer(reference_policy=policy, references=["CC-100", "CC-200"])
    if refusal is None:
        booked = make_reservation(customer=customer, billing_reference=reference)
        assert booked.billing_reference == reference
        return
    with pytest.raises(refusal):
        make_reservation(customer=customer, billing_reference=reference)
    assert not Reservation.objects.exists()


def test_the_policy_of_now_counts_not_that_of_the_object_in_hand() -> None:
    customer = make_customer()
    change_customer(
        customer=customer,
        expected_version=customer.version,
        actor="tests",
        now=NOW,
        reference_policy="required",
    )
    customer.reference_policy = "free"
    with pytest.raises(ReferenceRequiredError):
        make_reservation(customer=customer)
