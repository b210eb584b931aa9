"""The simulated bridge: plays calls by itself, and has every fault on demand."""

import datetime as dt

import pytest

from conferencing.bridges.base import (
    BridgeUnavailableError,
    Caller,
    FactKind,
    RoomSpec,
    SelfPlaying,
)
from conferencing.bridges.simulated import SimulatedBridge

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
SETTINGS = {"token_secret": "t", "events_password": "e", "seed": 7}


def at(minutes: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


def a_room(**changes) -> RoomSpec:
    values = {
        "room": "100001",
        "description": "Consejo",
        "pin": "482913",
        "secret": "s",
        "ports": 4,
        "starts_at": at(0),
        "ends_at": at(60),
        "callers": tuple(Caller(f"leg-{n}", str(n), f"Ana {n}") for n in (1, 2, 3)),
    }
    return RoomSpec(**{**values, **changes})


def opened(**changes) -> SimulatedBridge:
    bridge = SimulatedBridge.from_settings(SETTINGS)
    bridge.play(at(-10))
    bridge.create_room(a_room(**changes))
    return bridge


def facts(bridge: SimulatedBridge, events):
    return [bridge.fact(event) for event in events]


def kinds(bridge: SimulatedBridge, events):
    return [fact.kind.value for fact in facts(bridge, events)]


def test_it_is_simulated_and_plays():
    assert SimulatedBridge.simulated
    assert isinstance(opened(), SelfPlaying)


def test_everyone_comes_with_a_ticket_and_goes_before_the_end():
    bridge = opened()
    assert bridge.play(at(-1)) == []
    coming = bridge.play(at(4))
    assert kinds(bridge, coming) == ["attached", "joined"] * 3
    assert [fact.leg_id for fact in facts(bridge, coming)[::2]] == [
        leg.leg_id for leg in sorted(bridge.live_legs(), key=lambda leg: leg.attached_at)
    ]
    assert bridge.play(at(50)) == []
    going = bridge.play(at(60))
    assert kinds(bridge, going) == ["left"] * 3
    assert all(at(54) <= fact.occurred_at <= at(60) for fact in facts(bridge, going))
    assert list(bridge.live_legs()) == []


def test_the_same_seed_plays_the_same_call():
    one, two = opened(), opened()
    assert one.play(at(60)) == two.play(at(60))
    other = SimulatedBridge.from_settings({**SETTINGS, "seed": 8})
    other.play(at(-10))
    other.create_room(a_room())
    assert other.play(at(60)) != one.play(at(60))


def test_a_later_ticket_brings_one_more_and_nobody_twice():
    bridge = opened()
    bridge.play(at(4))
    late = (*a_room().callers, Caller("leg-4", "4", "Tarde"))
    bridge.create_room(a_room(callers=late))
    events = bridge.play(at(5))
    assert [fact.display for fact in facts(bridge, events) if fact.kind is FactKind.JOINED] == [
        "Tarde"
    ]


def test_destroyed_kicked_and_restarted():
    bridge = opened()
    bridge.play(at(4))
    bridge.kick(a_room(), "1")
    bridge.kick(a_room(), "1")
    assert kinds(bridge, bridge.play(at(5))) == ["kicked", "left"]
    bridge.destroy_room(a_room())
    bridge.destroy_room(a_room())
    assert kinds(bridge, bridge.play(at(6))) == ["room_destroyed"]
    bridge.create_room(a_room())
    bridge.play(at(7))
    bridge.restart(at(8))
    assert bridge.rooms() == frozenset()
    assert kinds(bridge, bridge.play(at(9))) == ["bridge_started"]


def test_a_bridge_that_is_down_answers_nobody_and_tells_nothing():
    bridge = opened()
    bridge.down = True
    with pytest.raises(BridgeUnavailableError):
        bridge.rooms()
    assert bridge.play(at(60)) == []


def test_lost_doubled_and_late_events():
    bridge = opened()
    bridge.faults.lost = 1.0
    assert bridge.play(at(4)) == []
    assert len(bridge.live_legs()) == 3
    bridge.faults.lost, bridge.faults.doubled = 0.0, 1.0
    events = bridge.play(at(60))
    assert kinds(bridge, events) == ["left"] * 6
    assert events[0] == events[1]

    bridge = opened()
    bridge.faults.late = 1.0
    assert bridge.play(at(4)) == []
    bridge.faults.late = 0.0
    assert kinds(bridge, bridge.play(at(5))) == ["attached", "joined"] * 3
