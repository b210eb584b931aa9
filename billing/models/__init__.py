"""Charges, invoices, payments, and the settings of invoicing."""

from .catalogue import OneOffCharge, Product, Subscription
from .charges import BillingPeriod, Charge, ChargeLine, RatedLeg
from .invoices import Invoice, InvoiceLine, InvoiceTax, Logo, Payment
from .kinds import Flag, LineKind, PaymentMethod
from .re_rating import ReRatedMonth, ReRating
from .review import FlagAcceptance
from .runs import BillingRun, RunItem
from .sending import CustomerSending, InvoiceSending
from .settings import BillingSettings, InvoiceSeries, SendingWay, VatRate

__all__ = [
    "BillingPeriod",
    "BillingRun",
    "BillingSettings",
    "Charge",
    "ChargeLine",
    "CustomerSending",
    "Flag",
    "FlagAcceptance",
    "Invoice",
    "InvoiceLine",
    "InvoiceSending",
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
    "SendingWay",
    "Subscription",
    "VatRate",
]
