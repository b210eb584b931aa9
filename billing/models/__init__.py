"""Charges, invoices, payments, and the settings of invoicing."""

from .banking import BankFile, BankTransaction
from .catalogue import OneOffCharge, Product, Subscription
from .charges import BillingPeriod, Charge, ChargeLine, RatedLeg
from .invoices import Invoice, InvoiceLine, InvoiceTax, Logo, Payment
from .kinds import Flag, LineKind, PaymentMethod
from .mandates import Collection, CollectionItem, Mandate
from .re_rating import ReRatedMonth, ReRating
from .receivables import CreditEntry
from .reminders import CreditLimit, Dispute, ReceivablesSettings, Reminder, ReminderStep
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
    "Collection",
    "CollectionItem",
    "CreditEntry",
    "CreditLimit",
    "CustomerSending",
    "Dispute",
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
    "Mandate",
    "OneOffCharge",
    "Payment",
    "PaymentMethod",
    "Product",
    "RatedLeg",
    "ReRatedMonth",
    "ReRating",
    "ReceivablesSettings",
    "Reminder",
    "ReminderStep",
    "RunItem",
    "SendingWay",
    "Subscription",
    "VatRate",
]
