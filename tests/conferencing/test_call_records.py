"""Call records: once, corrected, split, orphaned, wrong."""

import copy
import datetime as dt
import threading

import pytest
from django.db import connections

from conferencing.models import CallRecord, Conference, Leg
from conferencing.services import (
    InvalidCallRecordError,
    accept_call_record,
    assign_conference,
    cancel_reservation,
    issue_ticket,
)
from conferencing.signals import conference_ended
from integration.models import Event
from tests.factories.conferencing import (
    MINUTE,
    make_bridge,
    make_leg,
    make_record,
    make_reservation,
    text,
)
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended():
    told: list[str] = []

    def note(conference_id: str, **_kwargs: object) -> None:
        told.append(conference_id)

    conference_ended.connect(note)
    yield told
    conference_ended.disconnect(note)


def test_a_record_makes_the_conference_of_its_reservation(ended) -> None:
    reservation = make_reservation(billing_reference="PO-7", recorded=True)
    record = make_record(reservation)
    outcome = accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
    conference = Conference.objects.get()
    assert (outcome.kind, outcome.is_orphan, outcome.conference) == ("new", False, conference)
    assert conference.customer == reservation.customer
    assert conference.billing_reference == "PO-7"
    assert conference.recorded is True
    assert conference.reserved_ports == 5
    assert conference.state == "ended"
    assert text(conference.started_at) == record["started_at"]
    assert text(conference.ended_at) == record["ended_at"]
    assert (conference.record_version, conference.recorded_at) == (1, NOW)
    reservation.refresh_from_db()
    assert reservation.status == "held"
    legs = list(conference.legs.all())
    assert [leg.access for leg in legs] == ["voip", "toll", "toll_free"]
    assert [text(leg.answered_at) for leg in legs] == [leg["answered_at"] for leg in record["legs"]]
    assert {leg.answered_how for leg in legs} == {"record"}
    assert not any(leg.without_ticket for leg in legs)
    assert ended == [str(conference.pk)]


def test_the_same_record_again_however_written_changes_nothing(ended) -> None:
    reservation = make_reservation()
    record = make_record(reservation)
    first = accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
    again = copy.deepcopy(record)
    again["legs"].reverse()
    again["started_at"] = again["started_at"].replace("Z", "+00:00")
    leg = again["legs"][0]
    leg["answered_at"] = (
        dt.datetime.fromisoformat(leg["answered_at"])
        .astimezone(dt.timezone(dt.timedelta(hours=2)))
        .isoformat()
    )
    second = accept_call_record(bridge=reservation.bridge, record=again, now=NOW + MINUTE)
    assert second.kind == "unchanged"
    assert second.call_record == first.call_record
    assert CallRecord.objects.count() == 1
    assert Conference.objects.get().record_version == 1
    assert len(ended) == 1


def test_a_correction_is_a_new_version_and_withdraws_what_it_leaves_out(ended) -> None:
    reservation = make_reservation()
    record = make_record(reservation)
    accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
    corrected = copy.deepcopy(record)
    gone = corrected["legs"].pop()
    corrected["legs"][0]["ended_at"] = text(reservation.scheduled_start + 11 * MINUTE)
    outcome = accept_call_record(bridge=reservation.bridge, record=corrected, now=NOW)
    assert outcome.kind == "corrected"
    assert outcome.call_record.version == 2
    assert outcome.conference.record_version == 2
    assert Leg.objects.get(leg_id=gone["id"]).withdrawn is True
    assert (
        text(Leg.objects.get(leg_id=record["legs"][0]["id"]).ended_at)
        == (corrected["legs"][0]["ended_at"])
    )
    assert [row.body["legs"] for row in CallRecord.objects.order_by("version")] == [
        record["legs"],
        corrected["legs"],
    ]
    back = accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
    assert back.call_record.version == 3
    assert Leg.objects.get(leg_id=gone["id"]).withdrawn is False
    assert len(ended) == 3


def test_an_overtaken_retry_is_not_a_correction_back() -> None:
    reservation = make_reservation()
    first = make_record(reservation)
    second = {**first, "legs": first["legs"][:2]}
    bridge = reservation.bridge
    accept_call_record(bridge=bridge, record=first, now=NOW, message_id="msg_a")
    accept_call_record(bridge=bridge, record=second, now=NOW, message_id="msg_b")
    late = accept_call_record(bridge=bridge, record=first, now=NOW, message_id="msg_a")
    assert late.kind == "unchanged"
    assert CallRecord.objects.count() == 2
    assert Leg.objects.filter(withdrawn=True).count() == 1


def test_a_call_split_by_a_restart_is_one_conference(ended) -> None:
    reservation = make_reservation()
    start = reservation.scheduled_start
    parts = [
        make_record(
            None,
            call_id=f"part-{index}",
            room=reservation.room,
            started_at=text(start + begin * MINUTE),
            ended_at=text(start + (begin + 10) * MINUTE),
            legs=[make_leg(f"split-{index}", start + begin * MINUTE)],
        )
        for index, begin in enumerate([0, 15])
    ]
    for part in reversed(parts):
        accept_call_record(bridge=reservation.bridge, record=part, now=NOW)
    conference = Conference.objects.get()
    assert conference.reservation == reservation
    assert conference.legs.filter(withdrawn=False).count() == 2
    assert conference.started_at == start
    assert conference.ended_at == start + 25 * MINUTE
    assert conference.record_version == 2
    assert len(ended) == 2


def test_an_unknown_room_waits_for_its_owner(ended) -> None:
    bridge = make_bridge()
    outcome = accept_call_record(bridge=bridge, record=make_record(), now=NOW)
    conference = outcome.conference
    assert outcome.is_orphan
    assert (conference.reservation, conference.customer, conference.state) == (None, None, "ended")
    assert conference.scheduled_start == NOW
    customer = make_customer()
    assign_conference(conference=conference, customer=customer, actor="tests", now=NOW)
    conference.refresh_from_db()
    assert conference.customer == customer
    assert ended == [str(conference.pk)] * 2
    assert Event.objects.filter(type="conference.assigned").count() == 1


def test_a_room_far_from_its_time_or_of_another_bridge_is_unknown() -> None:
    reservation = make_reservation()
    far = reservation.scheduled_start + dt.timedelta(days=3)
    late = make_record(
        None,
        room=reservation.room,
        started_at=text(far),
        ended_at=text(far + MINUTE),
        legs=[make_leg("far", far)],
    )
    assert accept_call_record(bridge=reservation.bridge, record=late, now=NOW).is_orphan
    foreign = make_record(reservation)
    assert accept_call_record(bridge=make_bridge(), record=foreign, now=NOW).is_orphan
    reservation.refresh_from_db()
    assert reservation.status == "booked"


def test_a_correction_may_say_whose_it_was() -> None:
    reservation = make_reservation()
    record = {**make_record(reservation), "reservation": None, "room": 1}
    orphan = accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
    assert orphan.is_orphan
    named = {**record, "reservation": reservation.number}
    outcome = accept_call_record(bridge=reservation.bridge, record=named, now=NOW)
    assert outcome.conference.pk == orphan.conference.pk
    assert outcome.conference.customer == reservation.customer
    assert Conference.objects.count() == 1


def test_cancelled_but_held_all_the_same_is_held() -> None:
    reservation = make_reservation()
    cancel_reservation(reservation=reservation, reason="", actor="tests", now=NOW)
    record = make_record(reservation)
    outcome = accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
    assert outcome.conference.state == "ended"
    assert outcome.conference.cancelled_at == NOW
    nobody = {**record, "legs": []}
    outcome = accept_call_record(bridge=reservation.bridge, record=nobody, now=NOW)
    assert outcome.conference.state == "cancelled"
    reservation.refresh_from_db()
    assert reservation.status == "cancelled"


def test_access_is_the_tickets_else_the_bridges_else_the_dialled_numbers() -> None:
    bridge = make_bridge(dial_in=[{"access": "toll_free", "number": "+34900100200"}])
    reservation = make_reservation(bridge=bridge, access=["voip", "toll"])
    ticket = issue_ticket(
        reservation=reservation,
        participant="Ana",
        access="voip",
        number="",
        actor="tests",
        now=NOW,
    )
    start = reservation.scheduled_start
    record = make_record(
        reservation,
        legs=[
            make_leg(ticket.leg_id, start, access="dial_out", number="+34600000000"),
            make_leg("b", start, access=None, number="34900100200"),
            make_leg("c", start, access=None, number="+34911111111"),
            make_leg("d", start, access="toll", number="+34911111111"),
        ],
    )
    accept_call_record(bridge=bridge, record=record, now=NOW)
    told = {leg.leg_id: (leg.access, leg.number, leg.without_ticket) for leg in Leg.objects.all()}
    assert told == {
        ticket.leg_id: ("voip", "", False),
        "b": ("toll_free", "34900100200", False),
        "c": ("voip", "+34911111111", True),
        "d": ("toll", "+34911111111", False),
    }


def test_a_leg_of_another_call_is_refused() -> None:
    reservation = make_reservation()
    record = make_record(reservation)
    accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
    stolen = make_record(None, legs=[make_leg("own", NOW), record["legs"][1]])
    with pytest.raises(InvalidCallRecordError) as refusal:
        accept_call_record(bridge=reservation.bridge, record=stolen, now=NOW)
    assert [(e["pointer"], e["code"]) for e in refusal.value.errors] == [
        ("/legs/1/id", "leg_of_another_call")
    ]
    assert Conference.objects.count() == CallRecord.objects.count() == 1
    assert not Leg.objects.filter(leg_id="own").exists()


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"call_id": None}, [("/call_id", "required")]),
        ({"call_id": 7}, [("/call_id", "invalid")]),
        ({"call_id": "\ud800"}, [("/call_id", "invalid")]),
        ({"room": "x"}, [("/room", "invalid")]),
        ({"room": True}, [("/room", "invalid")]),
        ({"room": 2**63}, [("/room", "invalid")]),
        ({"started_at": None}, [("/started_at", "required")]),
        ({"started_at": "2026-11-24T09:00:00"}, [("/started_at", "invalid")]),
        ({"started_at": "2026-13-24T09:00:00Z"}, [("/started_at", "invalid")]),
        ({"started_at": 1_764_000_000}, [("/started_at", "invalid")]),
        ({"ended_at": "2001-01-01T00:00:00Z"}, [("/ended_at", "ends_before_start")]),
        ({"legs": None}, [("/legs", "invalid")]),
        ({"legs": [7]}, [("/legs/0", "invalid")]),
        (
            {"legs": [{"access": "pigeon", "number": "abc"}]},
            [
                ("/legs/0/id", "required"),
                ("/legs/0/access", "invalid_choice"),
                ("/legs/0/number", "invalid"),
                ("/legs/0/answered_at", "required"),
                ("/legs/0/ended_at", "required"),
            ],
        ),
        (
            {"legs": [make_leg("twice", NOW), make_leg("twice", NOW)]},
            [("/legs/1/id", "duplicate")],
        ),
    ],
)
def test_what_is_wrong_is_said_precisely_and_nothing_is_kept(change, faults) -> None:
    record = {**make_record(), **change}
    with pytest.raises(InvalidCallRecordError) as refusal:
        accept_call_record(bridge=make_bridge(), record=record, now=NOW)
    assert [(error["pointer"], error["code"]) for error in refusal.value.errors] == faults
    assert not CallRecord.objects.exists()
    assert not Conference.objects.exists()


def test_a_leg_that_ends_before_it_was_answered_is_kept_for_rating_to_report() -> None:
    leg = make_leg("odd", NOW) | {"ended_at": text(NOW - MINUTE)}
    accept_call_record(bridge=make_bridge(), record=make_record(legs=[leg]), now=NOW)
    assert Leg.objects.get().ended_at == NOW - MINUTE


@pytest.mark.django_db(transaction=True)
def test_two_processes_with_one_record_have_one_effect() -> None:
    reservation = make_reservation()
    record = make_record(reservation)
    gate = threading.Barrier(8)
    kinds: list[str] = []

    def deliver() -> None:
        try:
            gate.wait(timeout=30)
            outcome = accept_call_record(bridge=reservation.bridge, record=record, now=NOW)
            kinds.append(str(outcome.kind))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(kinds) == ["new"] + ["unchanged"] * 7
    assert CallRecord.objects.count() == Conference.objects.count() == 1
    assert Leg.objects.count() == 3
