"""What conferencing does: reservations, tickets, call records, conferences.

``conferencing.services.link`` (what a bridge tells, live) is imported by its own name.
"""

from .bridge_adapters import adapter_for
from .call_records import InvalidCallRecordError
from .conferences import (
    ConferenceNotLiveError,
    ConferenceNotOrphanError,
    LegNotOpenError,
    assign_conference,
    close_missed_reservations,
    end_conference,
    remove_leg,
)
from .intake import Outcome, OutcomeKind, accept_call_record
from .moves import ReservationChangedError, move_reservation
from .policies import (
    CreditLimitReachedError,
    CustomerClosedError,
    CustomerSuspendedError,
    ReferenceNotListedError,
    ReferenceNotUsedError,
    ReferenceRefusedError,
    ReferenceRequiredError,
    wants_reason,
)
from .reservations import (
    BridgeFullError,
    NoBridgeError,
    ReservationInvalidError,
    ReservationNotOpenError,
    book_reservation,
    cancel_reservation,
    conference_terms,
)
from .tickets import (
    GatewayOnlyError,
    IssuedTicket,
    TicketInvalidError,
    TicketRefusedError,
    issue_ticket,
)

__all__ = [
    "BridgeFullError",
    "ConferenceNotLiveError",
    "ConferenceNotOrphanError",
    "CreditLimitReachedError",
    "CustomerClosedError",
    "CustomerSuspendedError",
    "GatewayOnlyError",
    "InvalidCallRecordError",
    "IssuedTicket",
    "LegNotOpenError",
    "NoBridgeError",
    "Outcome",
    "OutcomeKind",
    "ReferenceNotListedError",
    "ReferenceNotUsedError",
    "ReferenceRefusedError",
    "ReferenceRequiredError",
    "ReservationChangedError",
    "ReservationInvalidError",
    "ReservationNotOpenError",
    "TicketInvalidError",
    "TicketRefusedError",
    "accept_call_record",
    "adapter_for",
    "assign_conference",
    "book_reservation",
    "cancel_reservation",
    "close_missed_reservations",
    "conference_terms",
    "end_conference",
    "issue_ticket",
    "move_reservation",
    "remove_leg",
    "wants_reason",
]
