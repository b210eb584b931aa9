"""What the link sees and does when it polls: legs, rooms, ports."""

import pytest

from conferencing.bridges.base import LiveLeg
from conferencing.models import BridgeEvent, CallRecord, Conference, Leg, Reservation
from conferencing.services import end_conference, remove_leg
from conferencing.services.link_rooms import Notices, excess, has_room_work, reconcile
from integration.services import SYSTEM
from tests.conferencing.link.world import at, legs, ticket

pytestmark = pytest.mark.django_db


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
