"""The link with the simulated bridge: whole conferences without anyone, and with every fault."""

import datetime as dt
import random

import pytest

from conferencing.bridges.simulated import Faults, SimulatedBridge
from conferencing.models import Bridge, CallRecord, Conference, Leg, LegTicket, Reservation
from conferencing.services import link as link_module
from conferencing.services.bridge_adapters import ensure_embedded_bridge
from conferencing.services.link import Link
from tests.factories.conferencing import make_reservation
from tests.factories.customers import NOW

pytestmark = pytest.mark.django_db

START = NOW + dt.timedelta(minutes=2)
MINUTES = 10


class Clock:
    """Time that passes when the test says so; polls and chores are always due."""

    def __init__(self) -> None:
        self.now = NOW
        self.seconds = 1000.0

    def __call__(self) -> dt.datetime:
        return self.now

    def monotonic(self) -> float:
        self.seconds += 3600
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(link_module.time, "monotonic", clock.monotonic)
    return clock


@pytest.fixture
def embedded(settings):
    settings.JANUS_ADMIN_URL = ""
    settings.ROOM_GRACE_SECONDS = 60
    return ensure_embedded_bridge()


def the_adapter(link: Link) -> SimulatedBridge:
    [line] = link._lines.values()
    assert isinstance(line.adapter, SimulatedBridge)
    return line.adapter


def pass_time(link: Link, clock: Clock, *, until: dt.datetime, step: float = 20) -> None:
    while clock.now < until:
        clock.now += dt.timedelta(seconds=step)
        link.round()


def ended() -> dt.datetime:
    return START + dt.timedelta(minutes=MINUTES + 2)


def test_the_embedded_bridge_is_simulated_where_there_is_no_janus(embedded, settings):
    assert (embedded.slug, embedded.make, embedded.active) == ("main", "simulated", True)
    settings.JANUS_ADMIN_URL = "http://127.0.0.1:1/admin"
    assert ensure_embedded_bridge().make == Bridge.Make.JANUS
    assert Bridge.objects.count() == 1


def test_a_booking_is_played_and_recorded(embedded, clock):
    reservation = make_reservation(
        bridge=embedded,
        scheduled_start=START,
        duration_minutes=MINUTES,
        reserved_ports=4,
        access=["voip", "toll"],
    )
    link = Link(clock=clock)
    pass_time(link, clock, until=START + dt.timedelta(minutes=3))
    count = LegTicket.objects.count()
    assert 2 <= count <= 4
    conference = Conference.objects.get()
    assert conference.state == Conference.State.LIVE
    assert Leg.objects.filter(ended_at=None).count() == count
    assert set(Leg.objects.values_list("access", flat=True)) == {"voip", "toll"}
    pass_time(link, clock, until=ended())
    conference.refresh_from_db()
    assert conference.state == Conference.State.ENDED
    assert Leg.objects.filter(answered_how="event", ended_how="event").count() == count
    assert not Leg.objects.filter(without_ticket=True).exists()
    record = CallRecord.objects.get(version=conference.record_version)
    assert len(record.body["legs"]) == count
    reservation.refresh_from_db()
    assert reservation.room_state == Reservation.RoomState.ENDED
    assert the_adapter(link).rooms() == frozenset()


@pytest.mark.parametrize(
    "faults",
    [Faults(lost=1.0), Faults(lost=0.4), Faults(doubled=1.0), Faults(late=0.5, doubled=0.5)],
    ids=["all lost", "some lost", "all twice", "late and twice"],
)
def test_every_leg_is_recorded_once_whatever_is_lost_or_told_twice(embedded, clock, faults):
    make_reservation(
        bridge=embedded,
        scheduled_start=START,
        duration_minutes=MINUTES,
        reserved_ports=6,
        access=["voip"],
    )
    link = Link(clock=clock)
    pass_time(link, clock, until=START - dt.timedelta(minutes=1))
    the_adapter(link).faults = faults
    pass_time(link, clock, until=ended(), step=5)
    tickets = LegTicket.objects.order_by("leg_id").values_list("leg_id", flat=True)
    legs = Leg.objects.filter(withdrawn=False).order_by("leg_id")
    assert [leg.leg_id for leg in legs] == list(tickets)
    assert all(leg.ended_at is not None and leg.ended_at > leg.answered_at for leg in legs)
    if faults.lost == 1.0:
        assert {leg.answered_how for leg in legs} == {"poll"}
        assert all(leg.is_estimated for leg in legs)
    if faults.lost == 0.0:
        assert {(leg.answered_how, leg.ended_how) for leg in legs} <= {
            ("event", "event"),
            ("event-late", "event"),
            ("event", "event-late"),
            ("event-late", "event-late"),
        }
    assert CallRecord.objects.values("call_id").distinct().count() == 1


def test_a_restart_in_mid_call_is_told_in_one_conference(embedded, clock):
    make_reservation(
        bridge=embedded,
        scheduled_start=START,
        duration_minutes=MINUTES,
        reserved_ports=3,
        access=["voip"],
    )
    link = Link(clock=clock)
    pass_time(link, clock, until=START + dt.timedelta(minutes=3))
    count = Leg.objects.count()
    the_adapter(link).restart(clock.now)
    pass_time(link, clock, until=START + dt.timedelta(minutes=5))
    assert Leg.objects.filter(ended_how="bridge-started").count() == count
    pass_time(link, clock, until=ended())
    conference = Conference.objects.get()
    assert conference.state == Conference.State.ENDED
    assert conference.legs.filter(ended_at=None).count() == 0
    assert conference.legs.count() == 2 * count  # they dialled in again


def test_a_bridge_that_is_down_says_so_and_loses_nothing(embedded, clock):
    make_reservation(
        bridge=embedded,
        scheduled_start=START,
        duration_minutes=MINUTES,
        reserved_ports=3,
        access=["voip"],
    )
    link = Link(clock=clock)
    pass_time(link, clock, until=START + dt.timedelta(minutes=3))
    the_adapter(link).down = True
    pass_time(link, clock, until=START + dt.timedelta(minutes=4))
    embedded.refresh_from_db()
    assert embedded.last_error == "the simulated bridge is down"
    assert Leg.objects.filter(ended_at__isnull=False).count() == 0
    the_adapter(link).down = False
    pass_time(link, clock, until=ended())
    embedded.refresh_from_db()
    assert embedded.last_error == ""
    assert Conference.objects.get().state == Conference.State.ENDED


def test_twenty_conferences_at_random_times_are_each_told_once(embedded, clock):
    chance = random.Random(5)  # noqa: S311
    embedded.capacity = 200
    embedded.save()
    for _ in range(20):
        make_reservation(
            bridge=embedded,
            scheduled_start=START + dt.timedelta(minutes=chance.randrange(0, 20)),
            duration_minutes=chance.randrange(5, 20),
            reserved_ports=chance.randrange(1, 6),
            access=["voip", "toll_free"],
        )
    link = Link(clock=clock)
    pass_time(link, clock, until=START + dt.timedelta(minutes=45), step=30)
    assert Conference.objects.filter(state=Conference.State.ENDED).count() == 20
    assert Leg.objects.count() == LegTicket.objects.count()
    assert Leg.objects.filter(answered_how="event", ended_how="event").count() == (
        Leg.objects.count()
    )
