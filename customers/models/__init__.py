"""The customer with its addresses and contacts, and our own company, the issuer."""

from .customer import Address, Contact, Customer
from .issuer import Holiday, Issuer

__all__ = ["Address", "Contact", "Customer", "Holiday", "Issuer"]
