"""Fifty clerks book at the same moment, each on a connection of its own."""

import threading
from collections import Counter

import pytest
from django.db import connections

from conferencing.models import Reservation
from conferencing.selectors.capacity import peak_ports
from conferencing.services import BridgeFullError, move_reservation
from tests.factories.conferencing import make_bridge, make_reservation
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db(transaction=True)
CLERKS = 50


def at_once(count: int, work) -> Counter[str]:
    """Run ``work(index)`` in so many threads, released together; count what came of it."""
    gate = threading.Barrier(count)
    outcomes: list[str] = []

    def run(index: int) -> None:
        try:
            gate.wait(timeout=30)
            work(index)
            outcomes.append("booked")
        except BridgeFullError as full:
            outcomes.append(f"refused with {len(full.alternatives)}")
        except Exception as fault:  # noqa: BLE001 (the test shows whatever it was)
            outcomes.append(repr(fault))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return Counter(outcomes)


@pytest.mark.parametrize("named", [True, False])
def test_never_one_port_too_many(*, named) -> None:
    bridge = make_bridge(capacity=37)
    customer = make_customer()

    def book(_index: int) -> None:
        make_reservation(customer=customer, bridge=bridge if named else None, reserved_ports=3)

    assert at_once(CLERKS, book) == {"booked": 12, "refused with 3": 38}
    booked = Reservation.objects.all()
    assert booked.count() == 12
    start, end = booked[0].scheduled_start, booked[0].scheduled_end
    assert peak_ports(bridge=bridge, start=start, end=end) == 36
    pins = [pin for one in booked for pin in (one.pin, one.host_pin)]
    assert len(set(pins)) == 24
    assert len({one.number for one in booked}) == 12


def test_moving_and_booking_at_once_neither_overbook_nor_wait_for_ever() -> None:
    bridge = make_bridge(capacity=10)
    customer = make_customer()
    later = [
        make_reservation(customer=customer, bridge=bridge, reserved_ports=5, scheduled_start=start)
        for start in (NOW.replace(hour=14), NOW.replace(hour=16), NOW.replace(hour=18))
    ]
    wished = NOW.replace(hour=11)

    def work(index: int) -> None:
        if index < len(later):
            move_reservation(
                reservation=later[index], actor="tests", now=NOW, scheduled_start=wished
            )
        else:
            make_reservation(
                customer=customer, bridge=bridge, reserved_ports=5, scheduled_start=wished
            )

    assert at_once(8, work) == {"booked": 2, "refused with 3": 6}
    there = Reservation.objects.filter(scheduled_start=wished)
    assert there.count() == 2
