"""What is done to customers and to the issuer; every change is an event."""

from .actors import CUSTOMER, Who
from .customers import (
    CustomerChangedMeanwhileError,
    TaxIdTakenError,
    change_customer,
    reactivate_customer,
    register_customer,
    set_credit_hold,
    suspend_customer,
)
from .issuer import IssuerChangedMeanwhileError, save_holidays, save_issuer
from .links import LinkFor, LinkRefusedError, give_link, give_links, open_link, revoke_link
from .lists import (
    EmptyListError,
    NotYourViewError,
    UnknownCustomersError,
    delete_list,
    delete_view,
    rename_list,
    save_list,
    save_view,
)
from .proposals import (
    AddressUnchangedError,
    ProposalDecidedError,
    accept_address,
    propose_address,
    refuse_address,
)
from .wishes import mend_email, note_bounce, note_undeliverable, opt_in, opt_out

__all__ = [
    "CUSTOMER",
    "AddressUnchangedError",
    "CustomerChangedMeanwhileError",
    "EmptyListError",
    "IssuerChangedMeanwhileError",
    "LinkFor",
    "LinkRefusedError",
    "NotYourViewError",
    "ProposalDecidedError",
    "TaxIdTakenError",
    "UnknownCustomersError",
    "Who",
    "accept_address",
    "change_customer",
    "delete_list",
    "delete_view",
    "give_link",
    "give_links",
    "mend_email",
    "note_bounce",
    "note_undeliverable",
    "open_link",
    "opt_in",
    "opt_out",
    "propose_address",
    "reactivate_customer",
    "refuse_address",
    "register_customer",
    "rename_list",
    "revoke_link",
    "save_holidays",
    "save_issuer",
    "save_list",
    "save_view",
    "set_credit_hold",
    "suspend_customer",
]
