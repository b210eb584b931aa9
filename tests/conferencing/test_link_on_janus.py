"""The chain on a real Janus: a booking becomes a room, legs, and a call record, whatever fails."""

import base64
import datetime as dt
import http.client
import json
import time

import pytest
from django.db import connection

from conferencing.bridges.base import FactKind
from conferencing.models import Bridge, BridgeEvent, CallRecord, Conference, Leg, Reservation
from conferencing.services import end_conference, remove_leg
from integration.models import Event
from tests.bridge.janus import wait_until
from tests.bridge.link import LinkProcess, book_now, join, wait_for_room

pytestmark = pytest.mark.janus

SECOND = dt.timedelta(seconds=1)


def three_callers(janus, reservation):
    wait_for_room(janus, reservation)
    return [
        join(janus, reservation, "Ana"),
        join(janus, reservation, "Bruno", "toll", "+34910000001"),
        join(janus, reservation, "Carmen", "toll_free", "+34900000002"),
    ]


def times_by_events() -> dict[str, tuple[dt.datetime, dt.datetime]]:
    """Return when each participant joined and left, read straight from Janus' own events."""
    times: dict[str, list[dt.datetime]] = {}
    for body in BridgeEvent.objects.order_by("pk").values_list("body", flat=True):
        data = body.get("event", {}).get("data", {}) if body.get("type") == 64 else {}
        if data.get("event") in {"joined", "left"}:
            at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(
                microseconds=body["timestamp"]
            )
            times.setdefault(data["display"], []).append(at)
    return {name: (found[0], found[1]) for name, found in times.items()}


def ended_conference(*, seconds: float = 8) -> Conference:
    return wait_until(
        lambda: Conference.objects.filter(state=Conference.State.ENDED).first(),
        seconds=seconds,
        what="the end of the conference",
    )


def times_by_legs() -> dict[str, tuple[dt.datetime, dt.datetime | None]]:
    return {leg.participant: (leg.answered_at, leg.ended_at) for leg in Leg.objects.all()}


def hows() -> set[tuple[str, str]]:
    return set(Leg.objects.values_list("answered_how", "ended_how"))


def assert_close(found, wanted, tolerance: dt.timedelta) -> None:
    assert found.keys() == wanted.keys()
    for name, (joined, left) in wanted.items():
        assert abs(found[name][0] - joined) <= tolerance, name
        assert abs(found[name][1] - left) <= tolerance, name


def test_a_booking_becomes_a_room_three_legs_and_one_exact_record(janus, link):
    reservation = book_now()
    booked_at = time.monotonic()
    wait_for_room(janus, reservation)
    assert time.monotonic() - booked_at < 3
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    assert Conference.objects.get().state == Conference.State.LIVE
    time.sleep(1.2)
    for caller in callers:
        caller.hang_up()
    hung_up_at = time.monotonic()
    conference = ended_conference()
    assert time.monotonic() - hung_up_at < 2

    assert times_by_legs() == times_by_events()
    assert hows() == {("event", "event")}
    assert list(
        Leg.objects.order_by("participant").values_list(
            "leg_id", "participant", "access", "number", "without_ticket"
        )
    ) == [
        (callers[0].leg_id, "Ana", "voip", "", False),
        (callers[1].leg_id, "Bruno", "toll", "+34910000001", False),
        (callers[2].leg_id, "Carmen", "toll_free", "+34900000002", False),
    ]
    record = CallRecord.objects.get()
    assert record.conference == conference
    assert record.version == conference.record_version == 1
    events = times_by_events()
    assert [(leg["participant"], leg["answered_at"]) for leg in record.body["legs"]] == [
        (name, events[name][0].isoformat(timespec="microseconds").replace("+00:00", "Z"))
        for name in ("Ana", "Bruno", "Carmen")
    ]
    assert not BridgeEvent.objects.filter(kind__in=["seen", "gone"]).exists()
    events_told = Event.objects.filter(type__startswith="conference").order_by("pk")
    assert [event.type for event in events_told] == ["conference.started", "conference.ended"]
    bridge = Bridge.objects.get()
    assert bridge.last_error == ""
    assert bridge.last_event_at is not None


def test_polling_alone_tells_the_same_story(janus, polling_link, event_sink):
    reservation = book_now()
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    time.sleep(1)
    for caller in callers:
        caller.hang_up()
    ended_conference(seconds=10)
    assert BridgeEvent.objects.exclude(kind__in=["seen", "gone"]).count() == 0
    # What Janus itself told somebody else. The poll runs every half second.
    told: dict[str, list[dt.datetime]] = {}
    for fact in event_sink.facts(FactKind.JOINED, FactKind.LEFT):
        told.setdefault(fact.display, []).append(fact.occurred_at)
    wanted = {name: (found[0], found[1]) for name, found in told.items()}
    assert_close(times_by_legs(), wanted, tolerance=1.5 * SECOND)
    assert hows() == {("poll", "poll")}
    assert set(Leg.objects.values_list("access", flat=True)) == {"voip", "toll", "toll_free"}
    assert CallRecord.objects.count() == 1


def test_a_link_killed_in_mid_call_loses_nothing(janus, link, tmp_path):
    reservation = book_now()
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    link.kill()
    callers[0].hang_up()
    late = join(janus, reservation, "Diego", "dial_out", "+34618000001")
    time.sleep(1)
    successor = LinkProcess(janus, tmp_path).start()
    try:
        callers[1].hang_up()
        callers[2].hang_up()
        late.hang_up()
        ended_conference(seconds=20)  # Janus offers what was missed after growing pauses
        wait_until(
            lambda: len(times_by_events()) == 4 and times_by_legs() == times_by_events(),
            seconds=15,
            what="every event",
        )
    finally:
        successor.close()
    assert {how for pair in hows() for how in pair} <= {"event", "event-late"}
    assert Conference.objects.count() == 1
    newest = CallRecord.objects.order_by("-version").first()
    assert len(newest.body["legs"]) == 4
    assert CallRecord.objects.values("call_id").distinct().count() == 1


def test_every_event_delivered_twice_is_heard_once(janus, link):
    reservation = book_now()
    callers = three_callers(janus, reservation)
    time.sleep(1)
    for caller in callers:
        caller.hang_up()
    conference = ended_conference()
    before = times_by_legs()
    bodies = list(BridgeEvent.objects.order_by("pk").values_list("body", flat=True))
    count = len(bodies)
    status = post_events(janus, bodies)
    assert status == 200
    assert post_events(janus, bodies[::-1]) == 200
    wait_until(lambda: not BridgeEvent.objects.filter(applied_at=None).exists(), what="all applied")
    assert BridgeEvent.objects.count() == count
    assert times_by_legs() == before
    conference.refresh_from_db()
    assert conference.record_version == 1
    assert CallRecord.objects.count() == 1


def post_events(janus, events, *, password=None) -> int:
    password = janus.env["BPI_JANUS_EVENTS_PASSWORD"] if password is None else password
    client = http.client.HTTPConnection("127.0.0.1", janus.events_port, timeout=10)
    credentials = base64.b64encode(f"janus:{password}".encode()).decode()
    try:
        body = events if isinstance(events, bytes) else json.dumps(events)
        client.request("POST", "/events", body, {"Authorization": f"Basic {credentials}"})
        return client.getresponse().status
    finally:
        client.close()


def test_strangers_and_nonsense_are_refused_and_leave_nothing(janus, link):
    wait_until(BridgeEvent.objects.exists, what="the start of Janus")
    count = BridgeEvent.objects.count()
    event = {"type": 64, "timestamp": 1, "event": {"data": {"event": "joined", "room": 1}}}
    assert post_events(janus, [event], password="guessed") == 401
    assert post_events(janus, b"{") == 400
    assert BridgeEvent.objects.count() == count


def test_a_killed_janus_ends_the_legs_and_gets_its_room_again(janus, link):
    reservation = book_now()
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    time.sleep(1.5)
    killed_at = dt.datetime.now(dt.UTC)
    janus.kill()
    wait_until(lambda: Bridge.objects.get().last_error != "", what="the error on the bridge's row")
    janus.start()
    wait_for_room(janus, reservation)
    ended_conference(seconds=12)
    legs = list(Leg.objects.all())
    assert len(legs) == 3
    for leg in legs:
        assert leg.ended_how in {"bridge-started", "poll"}
        assert leg.is_estimated
        assert timedelta_within(killed_at - leg.ended_at, -0.1, 3.0)
    wait_until(lambda: Bridge.objects.get().last_error == "", what="the end of the error")
    # They dial in again: the same conference, a corrected record.
    again = join(janus, reservation, "Ana")
    wait_until(lambda: Leg.objects.count() == 4, what="the new leg")
    again.hang_up()
    wait_until(lambda: CallRecord.objects.count() == 2, what="the corrected record")
    assert Conference.objects.get().record_version == 2
    del callers


def timedelta_within(found: dt.timedelta, low: float, high: float) -> bool:
    return low <= found.total_seconds() <= high


def test_what_cannot_be_stored_is_offered_again(janus, link):
    reservation = book_now()
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    forbid_events()
    try:
        callers[0].hang_up()
        time.sleep(1)
        assert Leg.objects.filter(ended_at=None).count() >= 2
        events_before = BridgeEvent.objects.count()
    finally:
        allow_events()
    callers[1].hang_up()
    callers[2].hang_up()
    ended_conference(seconds=20)
    wait_until(lambda: len(times_by_events()) == 3, seconds=15, what="every event")
    wait_until(lambda: times_by_legs() == times_by_events(), what="exact times")
    assert BridgeEvent.objects.count() > events_before


def forbid_events() -> None:
    """Let every insert of an event fail, as a full disk would."""
    execute(
        "CREATE FUNCTION no_events() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$"
    )
    execute(
        "CREATE TRIGGER no_events BEFORE INSERT ON conferencing_bridgeevent "
        "FOR EACH ROW EXECUTE FUNCTION no_events()"
    )


def allow_events() -> None:
    execute("DROP TRIGGER IF EXISTS no_events ON conferencing_bridgeevent")
    execute("DROP FUNCTION IF EXISTS no_events()")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_desk_ends_a_conference(janus, link):
    reservation = book_now()
    three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    end_conference(conference=Conference.objects.get(), actor="tests", now=dt.datetime.now(dt.UTC))
    ended_conference()
    assert {how for _, how in hows()} == {"room-destroyed"}
    wait_until(
        lambda: (
            Reservation.objects.get().room_state == Reservation.RoomState.ENDED
            and janus.adapter.rooms() == frozenset()
        ),
        what="the room taken down",
    )
    time.sleep(0.8)
    assert janus.adapter.rooms() == frozenset()
    assert CallRecord.objects.count() == 1


def test_the_desk_puts_a_participant_out(janus, link):
    reservation = book_now()
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    remove_leg(leg=Leg.objects.get(participant="Bruno"), actor="tests", now=dt.datetime.now(dt.UTC))
    wait_until(
        lambda: Leg.objects.filter(participant="Bruno", ended_at__isnull=False).exists(),
        what="his leaving",
    )
    assert Leg.objects.filter(ended_at=None).count() == 2
    assert len(janus.adapter.live_legs()) == 2
    del callers


def test_a_second_link_waits_and_takes_over(janus, link, tmp_path):
    second = LinkProcess(janus, tmp_path)
    second.start()  # "ready" is the first one's poll
    try:
        reservation = book_now()
        callers = three_callers(janus, reservation)
        wait_until(lambda: Leg.objects.count() == 3, what="three legs")
        link.kill()
        for caller in callers:
            caller.hang_up()
        ended_conference(seconds=20)
        wait_until(lambda: times_by_legs() == times_by_events(), seconds=15, what="exact times")
        assert second.stop() == 0
    finally:
        second.close()


def test_a_link_outlives_its_connections_to_the_database(janus, link):
    reservation = book_now()
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for caller in callers:
        caller.hang_up()
    ended_conference(seconds=10)
    wait_until(lambda: times_by_legs() == times_by_events(), seconds=10, what="exact times")
    assert link.process.poll() is None


def test_the_link_stops_when_told_to(link):
    stopped_at = time.monotonic()
    assert link.stop() == 0
    assert time.monotonic() - stopped_at < 10


def test_a_room_is_over_when_its_time_is(janus, link):
    reservation = book_now(minutes=60)
    callers = three_callers(janus, reservation)
    wait_until(lambda: Leg.objects.count() == 3, what="three legs")
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    Reservation.objects.update(
        scheduled_start=long_ago, scheduled_end=long_ago + dt.timedelta(hours=1)
    )
    ended_conference()
    wait_until(
        lambda: Reservation.objects.get().room_state == Reservation.RoomState.ENDED,
        what="the end of the room",
    )
    assert janus.adapter.rooms() == frozenset()
    del callers


def test_nobody_came(janus, link):
    book_now(minutes=60)
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    Reservation.objects.update(
        scheduled_start=long_ago, scheduled_end=long_ago + dt.timedelta(hours=1)
    )
    conference = wait_until(Conference.objects.first, seconds=15, what="the no-show")
    assert conference.state == Conference.State.NO_SHOW
    assert conference.record_version == 1
    assert Reservation.objects.get().status == Reservation.Status.NO_SHOW
