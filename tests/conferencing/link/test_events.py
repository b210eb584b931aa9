"""What a bridge tells by events, with every fault that a bridge can have."""

import pytest
from django.db import IntegrityError

from conferencing.bridges.base import LiveLeg
from conferencing.models import BridgeEvent, CallRecord, Conference, Leg, Reservation
from conferencing.services import cancel_reservation
from conferencing.services.link_events import measure_clock
from conferencing.services.link_rooms import Notices, reconcile
from integration.services import SYSTEM
from tests.conferencing.link.world import Story, at, legs, micros, ticket
from tests.factories.conferencing import make_reservation
from tests.factories.customers import NOW

pytestmark = pytest.mark.django_db


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
