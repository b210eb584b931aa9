"""What conferencing can be asked."""

from .capacity import Slot, alternatives, free_ports, peak_ports, roomiest_bridge
from .conferences import (
    bridges_visible_to,
    conference_counts,
    conference_for,
    conferences_visible_to,
    may_go_on,
    search_conferences,
    with_leg_counts,
    with_legs,
)
from .invitations import calendar_of, invitation_text
from .reservations import (
    closes_at,
    dial_in_of,
    join_url,
    reservation_counts,
    reservation_for,
    reservation_to_join,
    reservations_around,
    reservations_visible_to,
    search_reservations,
    tickets_of,
)

__all__ = [
    "Slot",
    "alternatives",
    "bridges_visible_to",
    "calendar_of",
    "closes_at",
    "conference_counts",
    "conference_for",
    "conferences_visible_to",
    "dial_in_of",
    "free_ports",
    "invitation_text",
    "join_url",
    "may_go_on",
    "peak_ports",
    "reservation_counts",
    "reservation_for",
    "reservation_to_join",
    "reservations_around",
    "reservations_visible_to",
    "roomiest_bridge",
    "search_conferences",
    "search_reservations",
    "tickets_of",
    "with_leg_counts",
    "with_legs",
]
