"""The story of a room: every way in which a bridge can tell too little, too late or too much."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from conferencing.bridges.base import BridgeFact, FactKind, How
from conferencing.bridges.story import legs_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def fact(kind: FactKind, seconds: float, participant: str = "1", handle: str = "h1", **more):
    return BridgeFact(kind, at(seconds), room="7", participant=participant, handle=handle, **more)


def told(*facts: BridgeFact, last_seen=None):
    """Return (participant, joined, how, left, how) of each leg, in seconds after noon."""
    return [
        (
            leg.participant,
            (leg.joined_at - NOON).total_seconds(),
            leg.joined_how,
            None if leg.left_at is None else (leg.left_at - NOON).total_seconds(),
            leg.left_how,
        )
        for leg in legs_of(facts, last_seen or {})
    ]


JOINED = fact(FactKind.JOINED, 1)
LEFT = fact(FactKind.LEFT, 60, handle="")


def test_an_open_leg():
    assert told(JOINED) == [("1", 1, How.EVENT, None, None)]


def test_a_leg_told_by_events():
    assert told(JOINED, LEFT) == [("1", 1, How.EVENT, 60, How.EVENT)]


def test_a_leg_found_and_missed_by_polling_alone():
    seen, gone = fact(FactKind.SEEN, 0.5), fact(FactKind.GONE, 59)
    assert told(seen) == [("1", 0.5, How.POLL, None, None)]
    assert told(seen, gone) == [("1", 0.5, How.POLL, 59, How.POLL)]


def test_events_that_come_after_the_poll_correct_it():
    seen, gone = fact(FactKind.SEEN, 0.5), fact(FactKind.GONE, 59)
    assert told(seen, gone, LEFT) == [("1", 0.5, How.POLL, 60, How.EVENT_LATE)]
    assert told(seen, gone, JOINED, LEFT) == [("1", 1, How.EVENT_LATE, 60, How.EVENT_LATE)]


def test_a_poll_tells_nothing_new_of_a_leg_already_told():
    assert told(JOINED, fact(FactKind.SEEN, 2)) == [("1", 1, How.EVENT, None, None)]
    assert told(JOINED, LEFT, fact(FactKind.GONE, 61)) == [("1", 1, How.EVENT, 60, How.EVENT)]


def test_coming_back_is_a_second_leg():
    again = fact(FactKind.JOINED, 70)
    assert [(leg.turn, leg.joined_at) for leg in legs_of([JOINED, LEFT, again], {})] == [
        (1, at(1)),
        (2, at(70)),
    ]


def test_coming_back_unannounced_ends_the_first_leg_where_it_was_seen_last():
    again = fact(FactKind.JOINED, 70, handle="h2")
    last_seen = {("1", "h1"): at(40)}
    assert told(JOINED, again, last_seen=last_seen) == [
        ("1", 1, How.EVENT, 40, How.POLL),
        ("1", 70, How.EVENT, None, None),
    ]


def test_a_destroyed_room_ends_all():
    other = fact(FactKind.JOINED, 2, "2", "h2")
    destroyed = BridgeFact(FactKind.ROOM_DESTROYED, at(30), room="7")
    assert told(JOINED, other, destroyed) == [
        ("1", 1, How.EVENT, 30, How.ROOM_DESTROYED),
        ("2", 2, How.EVENT, 30, How.ROOM_DESTROYED),
    ]


def test_a_bridge_that_stops_tells_when_and_one_that_was_killed_does_not():
    shutdown = BridgeFact(FactKind.BRIDGE_SHUTDOWN, at(30))
    started = BridgeFact(FactKind.BRIDGE_STARTED, at(35))
    last_seen = {("1", "h1"): at(29)}
    assert told(JOINED, shutdown, started, last_seen=last_seen) == [
        ("1", 1, How.EVENT, 30, How.EVENT)
    ]
    assert told(JOINED, started, last_seen=last_seen) == [
        ("1", 1, How.EVENT, 29, How.BRIDGE_STARTED)
    ]
    assert told(JOINED, started) == [("1", 1, How.EVENT, 1, How.BRIDGE_STARTED)]


def test_a_start_before_the_call_ends_nothing():
    started = BridgeFact(FactKind.BRIDGE_STARTED, at(0))
    assert told(started, JOINED) == [("1", 1, How.EVENT, None, None)]


def test_a_lost_line_is_billed_to_its_last_sound():
    lost = BridgeFact(FactKind.MEDIA_LOST, at(20), handle="h1")
    back = BridgeFact(FactKind.MEDIA_BACK, at(40), handle="h1")
    assert told(JOINED, lost, LEFT) == [("1", 1, How.EVENT, 20, How.MEDIA_LOST)]
    assert told(JOINED, lost, back, LEFT) == [("1", 1, How.EVENT, 60, How.EVENT)]
    just_before = BridgeFact(FactKind.MEDIA_LOST, at(58), handle="h1")
    assert told(JOINED, just_before, LEFT) == [("1", 1, How.EVENT, 60, How.EVENT)]


def test_a_leaving_without_a_coming_is_no_leg():
    assert told(LEFT) == []


def test_the_ticket_shown_is_the_leg():
    attached = BridgeFact(FactKind.ATTACHED, at(0), handle="h1", leg_id="leg-a")
    [leg] = legs_of([JOINED, attached], {})
    assert leg.leg_id == "leg-a"
    [leg] = legs_of([JOINED, fact(FactKind.SEEN, 2, leg_id="leg-b")], {})
    assert leg.leg_id == "leg-b"


FACTS = [
    BridgeFact(FactKind.ATTACHED, at(0), handle="h1", leg_id="leg-a"),
    JOINED,
    fact(FactKind.JOINED, 3, "2", "h2"),
    fact(FactKind.SEEN, 2.5, "2", "h2"),
    BridgeFact(FactKind.MEDIA_LOST, at(40), handle="h2"),
    fact(FactKind.LEFT, 55, "2", ""),
    LEFT,
    fact(FactKind.JOINED, 70),
    BridgeFact(FactKind.ROOM_DESTROYED, at(90), room="7"),
]


@given(st.permutations([*FACTS, *FACTS[1:5]]))
def test_neither_order_nor_repetition_changes_the_story(facts):
    assert legs_of(facts, {}) == legs_of(FACTS, {})
    assert len(legs_of(facts, {})) == 3
