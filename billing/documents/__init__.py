"""Invoices on paper. Plain values in, bytes out: no model and no database."""

from .call_detail import CallDetail, ReferenceGroup, call_detail_pdf
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
    "CallDetail",
    "CorrectedInvoice",
    "InvoiceDocument",
    "ReferenceGroup",
    "call_detail_pdf",
    "invoice_pdf",
]
