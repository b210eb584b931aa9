"""A bridge in the hands of the test, and the events of a room as Janus words them."""

import datetime as dt

from conferencing.bridges.base import Delivery, LiveLeg
from conferencing.bridges.simulated import SimulatedBridge
from conferencing.models import Bridge, Leg
from conferencing.services import issue_ticket
from conferencing.services.link_events import apply_pending, receive
from integration.services import machine
from tests.factories.customers import NOW

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
