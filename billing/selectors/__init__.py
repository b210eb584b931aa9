"""Questions about charges, invoices and what customers owe."""

from .books import disagreements
from .charges import (
    charges_to_retry,
    charges_visible_to,
    curable_charges,
    is_invoiced,
    uncharged_conferences,
)
from .explain import explain_invoice, explain_line
from .figures import Figures, customer_figures
from .invoices import (
    STATUSES,
    invoice_for,
    invoices_visible_to,
    today,
    vat_rate_on,
    with_balances,
)
from .problems import (
    estimated_charges,
    orphan_conferences,
    problem_counts,
    problems_visible_to,
)
from .sending import waiting_sendings

__all__ = [
    "STATUSES",
    "Figures",
    "charges_to_retry",
    "charges_visible_to",
    "curable_charges",
    "customer_figures",
    "disagreements",
    "estimated_charges",
    "explain_invoice",
    "explain_line",
    "invoice_for",
    "invoices_visible_to",
    "is_invoiced",
    "orphan_conferences",
    "problem_counts",
    "problems_visible_to",
    "today",
    "uncharged_conferences",
    "vat_rate_on",
    "waiting_sendings",
    "with_balances",
]
