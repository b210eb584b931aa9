"""Charges, invoices, payments, and the settings of invoicing."""

from .banking import BankFile, BankTransaction
from .catalogue import OneOffCharge, Product, Subscription
from .charges import BillingPeriod, Charge, ChargeLine, RatedLeg
from .invoices import Invoice, InvoiceLine, InvoiceTax, Logo, Payment
from .kinds import Flag, LineKind, PaymentMethod
from .re_rating import ReRatedMonth, ReRating
from .receivables import CreditEntry
from .review import FlagAcceptance
from .runs import BillingRun, RunItem
from .sending import CustomerSending, InvoiceSending
from .settings import BillingSettings, InvoiceSeries, SendingWay, VatRate
from .taxes import ClosedMonth, ExchangeRate

__all__ = [
    "BankFile",
    "BankTransaction",
    "BillingPeriod",
    "BillingRun",
    "BillingSettings",
    "Charge",
    "ChargeLine",
    "ClosedMonth",
    "CreditEntry",
    "CustomerSending",
    "ExchangeRate",
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
