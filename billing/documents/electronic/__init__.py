"""Invoices for machines: EN 16931 as UBL 2.1 and as CII (Factur-X). Plain values in, bytes out."""

from .cii import cii_xml
from .model import ElectronicInvoice, NotExpressibleError, electronic_invoice
from .rules import Finding, breaches, check_schema, schema_faults
from .ubl import ubl_xml

__all__ = [
    "ElectronicInvoice",
    "Finding",
    "NotExpressibleError",
    "breaches",
    "check_schema",
    "cii_xml",
    "electronic_invoice",
    "schema_faults",
    "ubl_xml",
]
