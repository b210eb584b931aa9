"""Builder of what stands in a customer's record beside himself: wishes, links, lists, proposals."""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import User

from customers.models import (
    AddressProposal,
    Customer,
    CustomerList,
    SavedView,
    SignedLink,
    UndeliverableEmail,
)
from customers.services import (
    CUSTOMER,
    give_link,
    note_undeliverable,
    opt_out,
    propose_address,
    save_list,
    save_view,
)

LIFETIME = dt.timedelta(days=400)


@dataclass(frozen=True)
class Record:
    """One of each; ``token`` opens the page of preferences."""

    saved_list: CustomerList
    view: SavedView
    proposal: AddressProposal
    undeliverable: UndeliverableEmail
    link: SignedLink
    token: str


def make_record_of(customer: Customer, *, user: User, now: dt.datetime) -> Record:
    opt_out(
        customer=customer,
        channel="email",
        email=customer.email,
        source="one_click",
        actor=CUSTOMER,
        now=now,
    )
    token = give_link(
        customer=customer,
        email=customer.email,
        purpose="preferences",
        lifetime=LIFETIME,
        actor=user,
        now=now,
    )
    return Record(
        saved_list=save_list(
            name="Gran cuenta", origin="hand", numbers=[customer.number], actor=user, now=now
        ),
        view=save_view(
            user=user,
            list_key="customers",
            name="Gran cuenta",
            query="tag=Gran+cuenta",
            shared=True,
            now=now,
        ),
        proposal=propose_address(
            customer=customer,
            kind="postal",
            address={
                "line1": "Paseo de la Concha 1",
                "postcode": "20007",
                "city": "Donostia",
                "country": "ES",
            },
            actor=CUSTOMER,
            now=now,
        ),
        undeliverable=note_undeliverable(
            customer=customer, email=customer.email, reason="550 5.1.1 no such user", now=now
        ),
        link=SignedLink.objects.get(customer=customer),
        token=token,
    )
