"""Charges, invoices, payments, and the settings of invoicing."""

from .catalogue import OneOffCharge, Product, Subscription
from .charges import BillingPeriod, Charge, ChargeLine, RatedLeg
from .invoices import Invoice, InvoiceLine, InvoiceTax, Logo, Payment
from .kinds import Flag, LineKind, PaymentMethod
from .re_rating import ReRatedMonth, ReRating
from .review import FlagAcceptance
from .runs import BillingRun, RunItem
from .settings import BillingSettings, InvoiceSeries, VatRate

__all__ = [
    "BillingPeriod",
    "BillingRun",
    "BillingSettings",
    "Charge",
    "ChargeLine",
    "Flag",
    "FlagAcceptance",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "InvoiceTax",
    "LineKind",
    "Logo",
    "OneOffCharge",
    "Payment",
    "PaymentMethod",
    "Product",
    "RatedLeg",
    "ReRatedMonth",
    "ReRating",
    "RunItem",
    "Subscription",
    "VatRate",
]
