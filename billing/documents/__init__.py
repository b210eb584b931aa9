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
from .statement import OpenItem, StatementDocument, StatementLine, statement_pdf

__all__ = [
    "BilledConference",
    "BilledLeg",
    "BilledLine",
    "BilledTax",
    "CallDetail",
    "CorrectedInvoice",
    "InvoiceDocument",
    "OpenItem",
    "ReferenceGroup",
    "StatementDocument",
    "StatementLine",
    "call_detail_pdf",
    "invoice_pdf",
    "statement_pdf",
]
