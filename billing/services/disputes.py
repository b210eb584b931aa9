"""Note what customers object to; while that is open, nobody is reminded of the invoice."""

import datetime as dt

from django.db.transaction import atomic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Dispute, Invoice
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError


class DisputeRefusedError(DomainError):
    """There is nothing to object to, or no word of why."""

    code = "dispute-refused"
    title = gettext_lazy("The dispute is not possible")


@atomic
def open_dispute(*, invoice: Invoice, reason: str, actor: Who, now: dt.datetime) -> Dispute:
    """Hold reminders of an invoice back, saying why; where one is open, answer that.

    Raises:
        DisputeRefusedError: a draft, a credit note, or no reason.
    """
    locked = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    if locked.state != Invoice.State.ISSUED or locked.kind != Invoice.Kind.INVOICE:
        raise DisputeRefusedError(_("Only issued invoices can be disputed."))
    known = Dispute.objects.filter(invoice=locked, closed_at=None).first()
    if known is not None:
        return known
    if not reason.strip():
        raise DisputeRefusedError(_("Say what the customer objects to."))
    event = _record("dispute.opened", locked, actor, now)
    return Dispute.objects.create(
        invoice=locked, reason=reason.strip()[:300], opened_by=event, opened_at=now
    )


@atomic
def close_dispute(*, dispute: Dispute, outcome: str, actor: Who, now: dt.datetime) -> Dispute:
    """Say how a dispute ended: reminders go on. Safe to repeat.

    Raises:
        DisputeRefusedError: no word of how.
    """
    locked = Dispute.objects.select_for_update(of=("self",)).get(pk=dispute.pk)
    if locked.closed_at is not None:
        return locked
    if not outcome.strip():
        raise DisputeRefusedError(_("Say how it was settled."))
    locked.closed_by = _record("dispute.closed", locked.invoice, actor, now)
    locked.outcome, locked.closed_at = outcome.strip()[:300], now
    locked.save(update_fields=["outcome", "closed_by", "closed_at"])
    return locked


def _record(event_type: str, invoice: Invoice, actor: Who, now: dt.datetime) -> str:
    event = record_event(
        type=event_type,
        actor=actor,
        customer_number=invoice.customer.number,
        subject=("invoice", invoice.number or ""),
        now=now,
    )
    return event.actor
