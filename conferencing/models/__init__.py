"""Bridges, reservations, and the conferences that were held on them."""

from .bridges import Bridge, BridgeEvent
from .conferences import CallRecord, Conference, Leg
from .reservations import LegTicket, Reservation

__all__ = [
    "Bridge",
    "BridgeEvent",
    "CallRecord",
    "Conference",
    "Leg",
    "LegTicket",
    "Reservation",
]
