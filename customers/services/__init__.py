"""What is done to customers and to the issuer; every change is an event."""

from .customers import (
    CustomerChangedMeanwhileError,
    TaxIdTakenError,
    Who,
    change_customer,
    reactivate_customer,
    register_customer,
    suspend_customer,
)
from .issuer import IssuerChangedMeanwhileError, save_holidays, save_issuer

__all__ = [
    "CustomerChangedMeanwhileError",
    "IssuerChangedMeanwhileError",
    "TaxIdTakenError",
    "Who",
    "change_customer",
    "reactivate_customer",
    "register_customer",
    "save_holidays",
    "save_issuer",
    "suspend_customer",
]
