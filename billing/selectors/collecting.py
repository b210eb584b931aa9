"""How the money of one invoice is being collected, for its page."""

from typing import Any

from billing.models import Dispute, Invoice

from .customer_credit import credit_of
from .mandates import debit_under_way
from .reminders import reminders_of


def collecting_of(invoice: Invoice) -> dict[str, Any]:
    """Return debit, reminders, dispute and credit of an issued invoice; else nothing."""
    if invoice.state != Invoice.State.ISSUED or invoice.kind != Invoice.Kind.INVOICE:
        return {}
    return {
        "debit": debit_under_way(invoice),
        "reminders": list(reminders_of(invoice)),
        "dispute": Dispute.objects.filter(invoice=invoice, closed_at=None).first(),
        "credit": credit_of(invoice.customer, invoice.currency),
    }
