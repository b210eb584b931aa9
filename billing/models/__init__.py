"""Charges, invoices, payments, and the settings of invoicing."""

from .charges import BillingPeriod, Charge, ChargeLine, RatedLeg
from .invoices import Invoice, InvoiceLine, InvoiceTax, Logo, Payment
from .kinds import LineKind, PaymentMethod
from .settings import InvoiceSeries, VatRate

__all__ = [
    "BillingPeriod",
    "Charge",
    "ChargeLine",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "InvoiceTax",
    "LineKind",
    "Logo",
    "Payment",
    "PaymentMethod",
    "RatedLeg",
    "VatRate",
]
