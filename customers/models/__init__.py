"""The customer with its addresses and contacts, lists of customers, and our company, the issuer."""

from .customer import Address, Contact, Customer
from .issuer import Holiday, Issuer
from .links import SignedLink
from .lists import CustomerList, SavedView
from .wishes import AddressProposal, Channel, OptOut, UndeliverableEmail

__all__ = [
    "Address",
    "AddressProposal",
    "Channel",
    "Contact",
    "Customer",
    "CustomerList",
    "Holiday",
    "Issuer",
    "OptOut",
    "SavedView",
    "SignedLink",
    "UndeliverableEmail",
]
