"""JSON shapes of billing (API.md, Resources)."""

from .dashboard import DashboardSerializer
from .invoices import (
    CreditAmountSerializer,
    CreditLineSerializer,
    CreditNotesSerializer,
    CreditSerializer,
    FiguresSerializer,
    InvoiceLineSerializer,
    InvoiceRowSerializer,
    InvoiceSerializer,
    InvoiceTaxSerializer,
    IssueSerializer,
    NamedInvoiceSerializer,
    PaymentSerializer,
    PaymentsSerializer,
)
from .runs import BillingRunSerializer, RunItemSerializer, RunOrderSerializer
from .sending import SendingsSerializer, SendSerializer

__all__ = [
    "BillingRunSerializer",
    "CreditAmountSerializer",
    "CreditLineSerializer",
    "CreditNotesSerializer",
    "CreditSerializer",
    "DashboardSerializer",
    "FiguresSerializer",
    "InvoiceLineSerializer",
    "InvoiceRowSerializer",
    "InvoiceSerializer",
    "InvoiceTaxSerializer",
    "IssueSerializer",
    "NamedInvoiceSerializer",
    "PaymentSerializer",
    "PaymentsSerializer",
    "RunItemSerializer",
    "RunOrderSerializer",
    "SendSerializer",
    "SendingsSerializer",
]
