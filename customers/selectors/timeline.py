"""Everything that happened to a customer, of all departments, in words.

Each reader is told what the departments would show them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from integration.models import Event
from integration.selectors import (
    MESSAGE_WORDS,
    events_of_customer,
    purpose_label,
    purposes_told_to,
)

Reader = AbstractUser | AnonymousUser

# Event type -> icon and words. A type without words shows its own name: nothing is hidden.
WORDS: dict[str, tuple[str, Promise]] = {
    "customer.registered": ("users", _("Customer registered")),
    "customer.changed": ("pencil", _("Customer changed")),
    "customer.suspended": ("triangle-alert", _("Customer suspended")),
    "customer.reactivated": ("check", _("Customer reactivated")),
    "customer.opted_out": ("ban", _("Mass mail no longer wanted")),
    "customer.opted_in": ("mail", _("Mass mail wanted again")),
    "customer.unsubscribed": ("ban", _("The customer unsubscribed from mass mail")),
    "customer.resubscribed": ("mail", _("The customer subscribed to mass mail again")),
    "customer.email_bounced": ("triangle-alert", _("E-mail does not reach an address")),
    "customer.email_mended": ("check", _("E-mail address in use again")),
    "customer.address_proposed": ("map-pin", _("The customer proposed an address")),
    "customer.address_accepted": ("map-pin", _("Proposed address accepted")),
    "customer.address_refused": ("map-pin", _("Proposed address refused")),
    "customer.list_exported": ("download", _("List of customers downloaded")),
    "customer_list.saved": ("list", _("List of customers saved")),
    "customer_list.renamed": ("list", _("List of customers renamed")),
    "customer_list.deleted": ("list", _("List of customers deleted")),
    "saved_view.saved": ("list", _("View saved")),
    "saved_view.deleted": ("list", _("View deleted")),
    "link.given": ("link", _("Link given out")),
    "link.many_given": ("link", _("Links given out")),
    "link.revoked": ("link", _("Link withdrawn")),
    "contract.drafted": ("file-pen", _("Contract drafted")),
    "contract.changed": ("file-pen", _("Contract changed")),
    "contract.activated": ("file-check", _("Contract activated")),
    "contract.discarded": ("file-pen", _("Draft of a contract deleted")),
    "contract.terminated": ("file-pen", _("End of a contract agreed")),
    "contract.ended": ("file-pen", _("Contract ended")),
    "contract.rate_extended": ("table-2", _("Contract rate extended")),
    "contract.rate_corrected": ("table-2", _("Contract rate corrected, also of past days")),
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
    "calls.imported": ("phone", _("Calls imported and charged")),
    "charge.priced": ("activity", _("Conference charged")),
    "charge.waiting": ("triangle-alert", _("Charge waits for a contract")),
    "charge.corrected": ("activity", _("Charge corrected after its invoice was issued")),
    "charge.correction_needed": ("triangle-alert", _("Charge changed after it was credited")),
    "charge.retried": ("activity", _("Charge tried again")),
    "charge.left": ("activity", _("Charge left as it was credited")),
    "draft.flag_accepted": ("file-check", _("Flag of a draft accepted")),
    "re_rating.started": ("activity", _("Billing by a corrected rate begun")),
    "re_rating.done": ("activity", _("Billed by the corrected rate")),
    "invoice.issued": ("file-check", _("Invoice issued")),
    "invoice.reissued": ("file-pen", _("Invoice drafted anew")),
    "invoice.sending_asked": ("mail", _("Invoice to be sent by e-mail")),
    "invoice.many_sendings_asked": ("mail", _("Invoices to be sent by e-mail")),
    "invoice.way_changed": ("mail", _("Way of sending invoices changed")),
    "credit_note.issued": ("file-check", _("Credit note issued")),
    "product.saved": ("package", _("Product saved")),
    "subscription.agreed": ("repeat", _("Subscription agreed")),
    "subscription.ended": ("repeat", _("End of a subscription agreed")),
    "one_off_charge.entered": ("receipt", _("Single charge entered")),
    "one_off_charge.withdrawn": ("receipt", _("Single charge withdrawn")),
    "run.started": ("activity", _("Billing run started")),
    "run.paused": ("activity", _("Billing run paused")),
    "run.resumed": ("activity", _("Billing run went on")),
    "run.cancelled": ("activity", _("Billing run cancelled")),
    "run.finished": ("activity", _("Billing run finished")),
    "settings.billing_changed": ("settings", _("Settings of billing changed")),
    "payment.recorded": ("credit-card", _("Payment received")),
    "payment.returned": ("undo-2", _("Direct debit returned by the bank")),
    "payment.taken_back": ("undo-2", _("Payment taken back")),
    "payment.set_off": ("credit-card", _("Payment beyond what is owed made a credit")),
    "credit.overpaid": ("wallet", _("Payment beyond what was owed kept as credit")),
    "credit.freed": ("wallet", _("Credit freed by a credit note")),
    "credit.used": ("wallet", _("Credit used for an invoice")),
    "credit.refunded": ("wallet", _("Credit paid back")),
    "credit.reversed": ("wallet", _("Credit taken back")),
    "credit.limit_changed": ("gauge", _("Credit limit changed")),
    "customer.credit_hold_changed": ("gauge", _("Bookings follow the credit limit")),
    "bank_file.imported": ("upload", _("Bank file uploaded")),
    "bank_transaction.matched": ("banknote", _("Bank transaction matched")),
    "bank_transaction.set_aside": ("banknote", _("Bank transaction set aside")),
    "bank_transaction.reopened": ("undo-2", _("Match of a bank transaction taken back")),
    "reminder.sent": ("bell", _("Payment reminder sent")),
    "reminder.lettered": ("bell", _("Payment reminder put on a list for letters")),
    "reminder.step_saved": ("bell", _("Step of reminders saved")),
    "dispute.opened": ("flag", _("Invoice disputed")),
    "dispute.closed": ("flag", _("Dispute settled")),
    "mandate.signed": ("file-check", _("Direct debit mandate signed")),
    "mandate.revoked": ("file-x", _("Direct debit mandate revoked")),
    "collection.prepared": ("banknote", _("Direct debits prepared")),
    "collection.cancelled": ("x", _("Direct debits cancelled")),
    "collection.collected": ("banknote", _("Direct debits collected")),
    "settings.receivables_changed": ("settings", _("Settings of receivables changed")),
    "figures.requested": ("activity", _("Billing figures asked for")),
    "printer.added": ("printer", _("Printer added")),
    "printer.changed": ("printer", _("Printer changed")),
    "print.requested": ("printer", _("Print job put into the queue")),
    "print.finished": ("printer", _("Print job ended")),
    "print.cancelled": ("printer", _("Print job cancelled")),
    "print.retried": ("printer", _("Print job tried again")),
    "print.decided": ("printer", _("Somebody said whether it was printed")),
    "print.moved": ("printer", _("Print job given to another printer")),
    "letter.printed": ("printer", _("Letter printed")),
    "mailing.created": ("file-pen", _("Mailing drafted")),
    "mailing.changed": ("pencil", _("Mailing changed")),
    "mailing.discarded": ("trash-2", _("Draft of a mailing deleted")),
    "mailing.frozen": ("lock", _("Recipients of a mailing fixed")),
    "mailing.unfrozen": ("file-pen", _("Recipients of a mailing let go")),
    "mailing.taken_out": ("user-x", _("Recipient taken out by hand")),
    "mailing.put_back": ("user-check", _("Recipient put back by hand")),
    "mailing.address_taken": ("map-pin", _("New address of a recipient taken")),
    "mailing.proof_printed": ("printer", _("Proof of a mailing printed")),
    "mailing.approved": ("check-check", _("Mailing approved")),
    "mailing.approval_withdrawn": ("undo-2", _("Approval of a mailing taken back")),
    "mailing.started": ("play", _("Mailing started")),
    "mailing.paused": ("pause", _("Mailing paused")),
    "mailing.resumed": ("play", _("Mailing went on")),
    "mailing.cancelled": ("x", _("Mailing cancelled")),
    "mailing.part_failed": ("triangle-alert", _("Part of a mailing could not be merged")),
    "mailing.part_retried": ("rotate-ccw", _("Part of a mailing tried again")),
    "mailing.part_marked": ("check", _("Part of a mailing taken as printed")),
    "mailing.reprinted": ("printer", _("Letters printed again")),
    "mailing.printed": ("printer", _("Last sheet of a mailing printed")),
    "mailing.finished": ("check-check", _("Mailing done")),
    "mailing.settings_changed": ("settings", _("Settings of mailings changed")),
    **MESSAGE_WORDS,
}
# First word of an event type -> what its reader must be allowed to see; others are for everybody
# who may see the customer.
TOLD_TO: dict[str, str] = {
    "link": "customers.view_signedlink",
    "contract": "sales.view_contract",
    "rates": "sales.view_contract",
    "reservation": "conferencing.view_reservation",
    "ticket": "conferencing.view_reservation",
    "conference": "conferencing.view_conference",
    "charge": "billing.view_charge",
    "draft": "billing.view_invoice",
    "subscription": "billing.view_subscription",
    "one_off_charge": "billing.view_oneoffcharge",
    "invoice": "billing.view_invoice",
    "credit_note": "billing.view_invoice",
    "re_rating": "billing.view_invoice",
    "payment": "billing.view_invoice",
    "credit": "billing.view_invoice",
    "reminder": "billing.view_invoice",
    "dispute": "billing.view_invoice",
    "mandate": "billing.view_invoice",
    "letter": "mailing.view_mailing",
    "mailing": "mailing.view_mailing",
    "figures": "billing.view_figures",
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


def events_told_to(user: Reader, customer: Customer) -> QuerySet[Event]:
    """Return what happened to the customer that ``user`` may know of, newest first."""
    events = events_of_customer(customer.number)
    for word, permission in TOLD_TO.items():
        if not user.has_perm(permission):
            events = events.exclude(type__startswith=f"{word}.")
    purposes = purposes_told_to(user)
    if purposes is not None:  # of e-mail one is told what it was for
        events = events.filter(~Q(type__startswith="message.") | Q(data__purpose__in=purposes))
    return events


def timeline(customer: Customer, *, user: Reader, limit: int = 30) -> list[Moment]:
    """Return the newest ``limit`` things that happened, as far as ``user`` may know of them."""
    events = events_told_to(user, customer).order_by("-occurred_at", "-pk")
    return in_words(events[:limit])


def in_words(events: Iterable[Event]) -> list[Moment]:
    """Put events into words in the active language."""
    return [Moment(event, *_words_of(event)) for event in events]


def _words_of(event: Event) -> tuple[str, str | Promise]:
    icon, title = WORDS.get(event.type, ("activity", event.type))
    if event.type.startswith("message."):
        return icon, f"{title}: {purpose_label(event.data['purpose'])}"
    return icon, title
