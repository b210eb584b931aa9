"""Questions about charges, invoices and what customers owe."""

from .charges import charges_to_retry, charges_visible_to, uncharged_conferences
from .invoices import (
    invoice_for,
    invoices_visible_to,
    today,
    vat_rate_on,
    with_balances,
)

__all__ = [
    "charges_to_retry",
    "charges_visible_to",
    "invoice_for",
    "invoices_visible_to",
    "today",
    "uncharged_conferences",
    "vat_rate_on",
    "with_balances",
]
