"""Everything that happened to a customer, of all departments, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from integration.models import Event
from integration.selectors import events_of_customer

# Event type -> icon and words. A type without words shows its own name: nothing is hidden.
WORDS: dict[str, tuple[str, Promise]] = {
    "customer.registered": ("users", _("Customer registered")),
    "customer.changed": ("pencil", _("Customer changed")),
    "customer.suspended": ("triangle-alert", _("Customer suspended")),
    "customer.reactivated": ("check", _("Customer reactivated")),
    "contract.drafted": ("file-pen", _("Contract drafted")),
    "contract.changed": ("file-pen", _("Contract changed")),
    "contract.activated": ("file-check", _("Contract activated")),
    "contract.discarded": ("file-pen", _("Draft of a contract deleted")),
    "contract.terminated": ("file-pen", _("End of a contract agreed")),
    "contract.ended": ("file-pen", _("Contract ended")),
    "contract.rate_extended": ("table-2", _("Contract rate extended")),
    "rates.downloaded": ("download", _("Contract rates downloaded")),
    "reservation.booked": ("calendar-days", _("Conference booked")),
    "reservation.moved": ("calendar-clock", _("Reservation moved")),
    "reservation.cancelled": ("calendar-days", _("Reservation cancelled")),
    "ticket.issued": ("phone", _("Participant invited to join")),
    "conference.started": ("phone", _("Conference began")),
    "conference.ended": ("phone", _("Conference ended")),
    "conference.corrected": ("phone", _("Call record corrected")),
    "conference.missed": ("phone", _("Conference not attended")),
    "conference.assigned": ("phone", _("Conference assigned to the customer")),
    "conference.end-requested": ("phone", _("End of a conference asked for")),
    "conference.removal-requested": ("phone", _("Participant put out")),
    "charge.priced": ("activity", _("Conference charged")),
    "charge.waiting": ("triangle-alert", _("Charge waits for a contract")),
    "charge.correction_needed": ("triangle-alert", _("Charge needs a correction")),
    "charge.retried": ("activity", _("Charge tried again")),
    "invoice.issued": ("file-check", _("Invoice issued")),
    "payment.recorded": ("credit-card", _("Payment received")),
    "figures.requested": ("activity", _("Billing figures asked for")),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    event: Event
    icon: str
    title: str | Promise

    @property
    def at(self) -> datetime:
        """When it happened (UTC)."""
        return self.event.occurred_at


def timeline(customer: Customer, *, limit: int = 30) -> list[Moment]:
    """Return the newest ``limit`` things that happened to the customer, newest first."""
    return in_words(events_of_customer(customer.number)[:limit])


def in_words(events: Iterable[Event]) -> list[Moment]:
    """Put events into words in the active language."""
    return [Moment(event, *WORDS.get(event.type, ("activity", event.type))) for event in events]
