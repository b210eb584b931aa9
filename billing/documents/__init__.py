"""Invoices on paper. Plain values in, bytes out: no model and no database."""

from .invoice import (
    BilledConference,
    BilledLeg,
    BilledLine,
    BilledTax,
    CorrectedInvoice,
    InvoiceDocument,
)
from .invoice_pdf import invoice_pdf

__all__ = [
    "BilledConference",
    "BilledLeg",
    "BilledLine",
    "BilledTax",
    "CorrectedInvoice",
    "InvoiceDocument",
    "invoice_pdf",
]
