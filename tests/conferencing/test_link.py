"""The bridge link's work on the database: every fault a bridge can have, without a bridge."""

import datetime as dt

import pytest
from django.db import IntegrityError

from conferencing.bridges.base import Delivery, LiveLeg
from conferencing.bridges.simulated import SimulatedBridge
from conferencing.models import Bridge, BridgeEvent, CallRecord, Conference, Leg, Reservation
from conferencing.services import cancel_reservation, end_conference, issue_ticket, remove_leg
from conferencing.services.link_events import apply_pending, measure_clock, receive
from conferencing.services.link_rooms import Notices, excess, has_room_work, reconcile
from conferencing.signals import conference_ended
from integration.services import SYSTEM, machine
from tests.factories.conferencing import make_bridge, make_reservation
from tests.factories.customers import NOW

pytestmark = pytest.mark.django_db

START = NOW + dt.timedelta(hours=1)
TOKEN_SECRET = "token secret"


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


class FakeBridge(SimulatedBridge):
    """A bridge in the hands of the test; it plays nothing by itself."""

    simulated = False

    def __init__(self) -> None:
        super().__init__({"token_secret": TOKEN_SECRET, "events_password": "x"})
        self.existing: set[str] = set()
        self.live: list[LiveLeg] = []
        self.kicked: list[tuple[str, str]] = []
        self.made: list[str] = []

    def rooms(self):
        return frozenset(self.existing)

    def create_room(self, spec):
        self.made.append(spec.room)
        self.existing.add(spec.room)

    def destroy_room(self, spec):
        self.existing.discard(spec.room)

    def live_legs(self):
        return self.live

    def kick(self, spec, participant):
        self.kicked.append((spec.room, participant))


class Story:
    """Posts the events of one room, as Janus words them."""

    def __init__(self, bridge: Bridge, room: int, adapter: FakeBridge) -> None:
        self.bridge, self.room, self.adapter = bridge, room, adapter

    def attached(self, second, handle, leg_id=""):
        token = self.adapter.joining(leg_id=leg_id, expires_at=at(9999), browser=True).token
        return {
            "type": 2,
            "timestamp": micros(at(second)),
            "handle_id": handle,
            "event": {"name": "attached", "token": token},
        }

    def room_event(self, name, second, participant=None, handle=None, display="Ana"):
        data = {"event": name, "room": self.room}
        if participant is not None:
            data |= {"id": participant, "display": display}
        event = {"type": 64, "timestamp": micros(at(second)), "event": {"data": data}}
        return event if handle is None else {**event, "handle_id": handle}

    def joined(self, second, participant, handle, display="Ana"):
        return self.room_event("joined", second, participant, handle, display)

    def left(self, second, participant):
        return self.room_event("left", second, participant)

    def post(self, *events, now=None):
        now = now or at(7000)
        count = receive(self.bridge, [Delivery(event) for event in events], now=now)
        apply_pending(self.bridge, self.adapter, now=now)
        return count


@pytest.fixture
def bridge():
    return make_bridge(make=Bridge.Make.JANUS, capacity=20)


@pytest.fixture
def reservation(bridge):
    return make_reservation(bridge=bridge, access=["voip", "toll"])


@pytest.fixture
def adapter():
    return FakeBridge()


@pytest.fixture
def story(bridge, reservation, adapter):
    return Story(bridge, reservation.room, adapter)


@pytest.fixture
def announced():
    """The conferences that billing is told of, one entry for each time."""
    heard = []

    def hear(conference_id, **_kwargs):
        heard.append(conference_id)

    conference_ended.connect(hear)
    yield heard
    conference_ended.disconnect(hear)


def ticket(reservation, participant="Ana", access="voip", number=""):
    return issue_ticket(
        reservation=reservation,
        participant=participant,
        access=access,
        number=number,
        actor=machine("gateway"),
        now=NOW,
    )


def legs():
    return [
        (leg.leg_id, leg.answered_at, leg.answered_how, leg.ended_at, leg.ended_how)
        for leg in Leg.objects.filter(withdrawn=False)
    ]


# --- events ---------------------------------------------------------------------------------------
def test_a_call_becomes_a_conference_with_legs_and_one_record(story, reservation, announced):
    ana = ticket(reservation, "Ana")
    bruno = ticket(reservation, "Bruno", "toll", "+34910000001")
    story.post(
        story.attached(0, 11, ana.leg_id),
        story.joined(1.000001, ana.participant_id, 11),
        story.attached(2, 12, bruno.leg_id),
        story.joined(3, bruno.participant_id, 12),
    )
    conference = Conference.objects.get()
    assert conference.state == Conference.State.LIVE
    assert conference.record_version == 0
    assert announced == []
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.HELD

    story.post(story.left(61.5, ana.participant_id), story.left(62.25, bruno.participant_id))
    conference.refresh_from_db()
    assert conference.state == Conference.State.ENDED
    assert (conference.started_at, conference.ended_at) == (at(1.000001), at(62.25))
    assert conference.reservation == reservation
    assert conference.customer == reservation.customer
    assert announced == [str(conference.pk)]
    assert legs() == [
        (ana.leg_id, at(1.000001), "event", at(61.5), "event"),
        (bruno.leg_id, at(3), "event", at(62.25), "event"),
    ]
    assert list(Leg.objects.values_list("participant", "access", "number", "without_ticket")) == [
        ("Ana", "voip", "", False),
        ("Bruno", "toll", "+34910000001", False),
    ]
    record = CallRecord.objects.get()
    assert (record.call_id, record.version, record.source) == (
        f"room-{reservation.room}",
        1,
        "link",
    )
    assert record.body["started_at"] == "2026-11-24T10:00:01.000001Z"
    assert record.body["legs"][1]["number"] == "+34910000001"


def test_every_event_twice_changes_nothing(story, reservation, announced):
    ana = ticket(reservation)
    events = [
        story.attached(0, 11, ana.leg_id),
        story.joined(1, ana.participant_id, 11),
        story.left(61, ana.participant_id),
    ]
    assert story.post(*events, *events) == 3
    before = legs()
    assert story.post(*events) == 0
    assert legs() == before
    assert len(before) == 1
    assert BridgeEvent.objects.count() == 3
    assert CallRecord.objects.count() == 1
    assert len(announced) == 1


def test_events_in_any_order_tell_the_same(story, reservation):
    ana = ticket(reservation)
    for event in (
        story.left(61, ana.participant_id),
        story.joined(1, ana.participant_id, 11),
        story.attached(0, 11, ana.leg_id),
    ):
        story.post(event)
    assert legs() == [(ana.leg_id, at(1), "event", at(61), "event")]
    assert Conference.objects.get().state == Conference.State.ENDED


def test_coming_back_is_another_leg_and_a_corrected_record(story, reservation, announced):
    ana = ticket(reservation)
    story.post(
        story.attached(0, 11, ana.leg_id),
        story.joined(1, ana.participant_id, 11),
        story.left(61, ana.participant_id),
    )
    story.post(story.joined(90, ana.participant_id, 11))
    conference = Conference.objects.get()
    assert conference.state == Conference.State.LIVE
    assert conference.ended_at is None
    story.post(story.left(120, ana.participant_id))
    assert [row[0] for row in legs()] == [ana.leg_id, f"{ana.leg_id}-2"]
    assert list(CallRecord.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    conference.refresh_from_db()
    assert conference.record_version == 2
    assert announced == [str(conference.pk)] * 2


def test_a_leg_without_a_ticket_is_voip_and_flagged(story):
    story.post(story.joined(1, 77, 11, "Desconocido"), story.left(31, 77))
    leg = Leg.objects.get()
    assert (leg.access, leg.number, leg.without_ticket) == ("voip", "", True)
    assert leg.participant == "Desconocido"
    assert leg.leg_id.startswith("x-")


def test_a_ticket_for_another_room_is_worth_nothing_here(story, reservation, bridge):
    other = make_reservation(bridge=bridge, customer=reservation.customer)
    foreign = ticket(other, "Ana", "toll", "+34910000001")
    story.post(story.attached(0, 11, foreign.leg_id), story.joined(1, 77, 11))
    leg = Leg.objects.get()
    assert (leg.access, leg.without_ticket) == ("voip", True)
    assert leg.leg_id != foreign.leg_id


def test_a_forged_ticket_is_none(story, reservation):
    ana = ticket(reservation, "Ana", "toll", "+34910000001")
    event = story.attached(0, 11, "leg-x")
    event["event"]["token"] = event["event"]["token"].replace("leg-x", ana.leg_id)
    story.post(event, story.joined(1, 77, 11))
    assert Leg.objects.get().without_ticket


def test_a_gateway_that_shows_no_token_is_known_by_the_number_it_was_given(story, reservation):
    ana = ticket(reservation, "Ana", "toll", "+34910000001")
    story.post(story.joined(1, ana.participant_id, 11))
    leg = Leg.objects.get()
    assert (leg.leg_id, leg.access) == (ana.leg_id, "toll")


def test_a_room_that_nobody_reserved_makes_conferences_without_a_customer(bridge, adapter):
    story = Story(bridge, 5_000_001, adapter)
    story.post(story.joined(1, 1, 11), story.joined(5, 2, 12), story.left(20, 1), story.left(30, 2))
    story.post(story.joined(3600, 1, 13), story.left(3610, 1))
    first, second = Conference.objects.order_by("scheduled_start")
    assert first.customer is None
    assert first.reservation is None
    assert (first.started_at, first.ended_at) == (at(1), at(30))
    assert (second.started_at, second.ended_at) == (at(3600), at(3610))
    assert CallRecord.objects.count() == 2
    # An hour later nothing of it moves.
    story.post(story.left(3610, 1))
    assert CallRecord.objects.count() == 2


def test_a_destroyed_room_ends_all_legs_at_once(story, announced):
    story.post(story.joined(1, 1, 11), story.joined(2, 2, 12), story.room_event("destroyed", 60))
    assert [(row[3], row[4]) for row in legs()] == [(at(60), "room-destroyed")] * 2
    assert len(announced) == 1


def test_a_restart_ends_legs_where_they_were_seen_last(story, bridge, adapter, reservation):
    story.post(story.joined(1, 1, 11))
    adapter.existing = {str(reservation.room)}
    adapter.live = [LiveLeg(str(reservation.room), "1", "Ana", "11", at(0))]
    reconcile(bridge, adapter, clock=lambda: at(40), notices=Notices())
    started = {"type": 256, "timestamp": micros(at(45)), "event": {"status": "started"}}
    story.post(started)
    assert legs()[0][3:] == (at(40), "bridge-started")
    assert Leg.objects.get().is_estimated


def test_what_cannot_be_read_is_kept_with_the_reason_and_holds_up_nothing(story):
    story.post({"type": "nonsense"}, story.joined(1, 1, 11))
    bad = BridgeEvent.objects.get(kind="", error__gt="")
    assert bad.applied_at is not None
    assert "an event of Janus" in bad.error
    assert Leg.objects.count() == 1


def test_a_room_that_cannot_be_told_holds_up_no_other(story, bridge, adapter, monkeypatch):
    from conferencing.services import link_events

    tell = link_events.tell_room

    def fail_for_one(bridge, room, *, now):
        if room == 5:
            reason = "impossible"
            raise IntegrityError(reason)
        tell(bridge, room, now=now)

    monkeypatch.setattr(link_events, "tell_room", fail_for_one)
    story.post(Story(bridge, 5, adapter).joined(1, 1, 10), story.joined(1, 1, 11))
    assert Leg.objects.count() == 1
    assert BridgeEvent.objects.get(room=5).error == "impossible"


def test_the_fastest_delivery_tells_the_difference_of_the_clocks(story, bridge):
    story.post(story.joined(1, 1, 11), now=at(1.25))
    story.post(story.left(2, 1), now=at(2.004))
    assert measure_clock(bridge, now=at(3)) == 4
    assert measure_clock(bridge, now=at(3600)) is None


def test_a_call_in_a_room_of_a_cancelled_reservation_is_billed_as_held(story, reservation):
    cancel_reservation(reservation=reservation, reason="", actor=SYSTEM, now=NOW)
    story.post(story.joined(1, 1, 11), story.left(60, 1))
    conference = Conference.objects.get()
    assert conference.state == Conference.State.ENDED
    assert conference.cancelled_at == NOW
    assert conference.record_version == 2


# --- polls ----------------------------------------------------------------------------------------
def poll(bridge, adapter, second, notices):
    reconcile(bridge, adapter, clock=lambda: at(second), notices=notices)


def test_a_call_known_by_polling_alone(story, bridge, adapter, reservation, announced):
    ana = ticket(reservation, "Ana", "toll", "+34910000001")
    room, notices = str(reservation.room), Notices()
    live = LiveLeg(room, str(ana.participant_id), "Ana", "11", at(9.9), ana.leg_id)
    poll(bridge, adapter, 9.5, notices)
    adapter.live = [live]
    poll(bridge, adapter, 10, notices)
    assert legs() == []  # the event may be on its way
    for second in (10.5, 11, 11.5, 60):
        poll(bridge, adapter, second, notices)
    assert legs() == [(ana.leg_id, at(9.9), "poll", None, "")]
    adapter.live = []
    poll(bridge, adapter, 60.5, notices)
    assert legs()[0][3] is None  # the event may be on its way
    poll(bridge, adapter, 62.5, notices)
    assert legs() == [(ana.leg_id, at(9.9), "poll", at(60), "poll")]
    assert len(announced) == 1
    # The events come after all: the record is corrected.
    story.post(story.joined(9.95, ana.participant_id, 11), story.left(60.2, ana.participant_id))
    assert legs() == [(ana.leg_id, at(9.95), "event-late", at(60.2), "event-late")]
    assert CallRecord.objects.count() == 2


def test_a_client_that_waited_joined_after_the_poll_that_did_not_see_it(
    story, bridge, adapter, reservation
):
    room, notices = str(reservation.room), Notices()
    poll(bridge, adapter, 30, notices)
    adapter.live = [LiveLeg(room, "1", "Ana", "11", at(5))]
    for second in (30.5, 31, 31.5):
        poll(bridge, adapter, second, notices)
    assert legs()[0][1] == at(30)


def test_a_poll_adds_nothing_to_what_events_told(story, bridge, adapter, reservation):
    story.post(story.joined(1, 1, 11))
    adapter.live = [LiveLeg(str(reservation.room), "1", "Ana", "11", at(0))]
    notices = Notices()
    for second in (1, 2, 3, 4):
        poll(bridge, adapter, second, notices)
    assert [(row[1], row[2]) for row in legs()] == [(at(1), "event")]
    assert not BridgeEvent.objects.filter(kind="seen").exists()


def test_rooms_are_made_in_time_made_again_and_taken_down_at_the_end(
    bridge, adapter, reservation, settings
):
    settings.ROOM_LEAD_SECONDS = settings.ROOM_GRACE_SECONDS = 900
    room, notices = str(reservation.room), Notices()
    poll(bridge, adapter, -901, notices)
    assert adapter.made == []
    assert not has_room_work(bridge, now=at(-901))
    assert has_room_work(bridge, now=at(-900))
    poll(bridge, adapter, -900, notices)
    assert adapter.made == [room]
    assert not has_room_work(bridge, now=at(-900))
    adapter.existing.clear()  # Janus restarted
    poll(bridge, adapter, 10, notices)
    assert adapter.made == [room, room]
    poll(bridge, adapter, 3600 + 899, notices)
    assert adapter.existing == {room}
    poll(bridge, adapter, 3600 + 900, notices)
    assert adapter.existing == set()
    reservation.refresh_from_db()
    assert reservation.room_state == Reservation.RoomState.ENDED
    poll(bridge, adapter, 3600 + 901, notices)
    assert adapter.made == [room, room]


def test_an_ended_conference_loses_its_room_and_is_not_made_again(
    story, bridge, adapter, reservation
):
    room, notices = str(reservation.room), Notices()
    story.post(story.joined(1, 1, 11))
    adapter.live = [LiveLeg(room, "1", "Ana", "11", at(0))]
    poll(bridge, adapter, 2, notices)
    end_conference(conference=Conference.objects.get(), actor=SYSTEM, now=at(3))
    adapter.live = []
    poll(bridge, adapter, 3, notices)
    assert adapter.existing == set()
    reservation.refresh_from_db()
    assert reservation.room_state == Reservation.RoomState.ENDING  # somebody may still be in
    story.post(story.room_event("destroyed", 3.1))
    poll(bridge, adapter, 4, notices)
    reservation.refresh_from_db()
    assert reservation.room_state == Reservation.RoomState.ENDED
    assert adapter.made == [room]
    assert legs()[0][3:] == (at(3.1), "room-destroyed")


def test_a_room_moved_to_later_is_taken_down_until_then(bridge, adapter, reservation):
    poll(bridge, adapter, 0, Notices())
    Reservation.objects.filter(pk=reservation.pk).update(
        scheduled_start=at(86400), scheduled_end=at(90000)
    )
    poll(bridge, adapter, 1, Notices())
    assert adapter.existing == set()
    reservation.refresh_from_db()
    assert reservation.room_asserted_at is None
    assert reservation.room_state == Reservation.RoomState.WANTED


def test_rooms_of_others_are_left_alone(bridge, adapter, reservation):
    adapter.existing = {"1234", "demo"}
    poll(bridge, adapter, 0, Notices())
    assert adapter.existing == {"1234", "demo", str(reservation.room)}


def test_whoever_is_to_be_removed_is_kicked(story, bridge, adapter, reservation):
    story.post(story.joined(1, 1, 11), story.joined(2, 2, 12))
    room = str(reservation.room)
    adapter.live = [LiveLeg(room, str(n), "", f"1{n}", at(0)) for n in (1, 2)]
    remove_leg(leg=Leg.objects.get(participant_id="1"), actor=SYSTEM, now=at(3))
    assert has_room_work(bridge, now=at(3))
    poll(bridge, adapter, 3, Notices())
    assert adapter.kicked == [(room, "1")]


def live(room, *seconds):
    return [LiveLeg(room, str(second), "", "h", at(second)) for second in seconds]


def test_beyond_the_reserved_ports_others_may_come_while_ports_are_left():
    assert excess(live("1", 1, 2, 3), {"1": 2}, capacity=3) == []


def test_on_a_full_bridge_the_newest_beyond_their_reservation_leave():
    there = live("1", 1, 2, 3, 4) + live("2", 5)
    leaving = excess(there, {"1": 2, "2": 3}, capacity=6)
    assert [(leg.room, leg.participant) for leg in leaving] == [("1", "4")]


def test_after_the_booked_time_ports_belong_to_others():
    leaving = excess(live("1", 1, 2), {"2": 5}, capacity=6)
    assert [leg.participant for leg in leaving] == ["2"]
