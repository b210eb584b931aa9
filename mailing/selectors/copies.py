"""What a recipient copies of a customer: name, address, language, e-mail, and what is missing."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import QuerySet

from customers.models import Address, Contact, Customer
from mailing.merge import duplicate_key
from mailing.models import Mailing, Recipient

from .audience import Reader, chosen_customers
from .field_values import fixed_values, postal_address
from .reasons import Judge

Reason = Recipient.Reason

ADDRESS_FIELDS: Final = (
    "recipient_line",
    "line1",
    "line2",
    "postcode",
    "city",
    "region",
    "country",
)
COPIED: Final = ("customer_name", "contact_name", "language", "email", *ADDRESS_FIELDS)


def copies_of(mailing: Mailing, user: Reader, *, now: dt.datetime) -> list[Recipient]:
    """Return a recipient, not saved, for each customer of the audience, in the order of letters.

    The order is country, postcode, city, name, accents ignored. Each carries the reasons why it
    gets no letter or no e-mail. Few queries, however many customers.

    Raises:
        ValidationError: the audience can't be read.
    """
    customers = list(
        chosen_customers(mailing.audience, user)
        .select_related("account_manager")
        .prefetch_related("addresses", "contacts")
    )
    recipients = sorted(_copies(mailing, customers, now), key=place_of)
    if mailing.one_per_address:
        _leave_one_per_address(recipients)
    for position, recipient in enumerate(recipients, start=1):
        recipient.position = position
    return recipients


def copy_of(mailing: Mailing, customer: Customer, *, now: dt.datetime) -> Recipient:
    """Return one customer as a recipient, not saved and in no place."""
    (fresh,) = _copies(mailing, [customer], now)
    return fresh


def copy_again(recipient: Recipient, *, now: dt.datetime) -> Recipient:
    """Return the recipient as it would be copied now, not saved; shared addresses are not seen."""
    return copy_of(recipient.mailing, recipient.customer, now=now)


def changed_since_frozen(
    mailing: Mailing, *, now: dt.datetime
) -> list[tuple[Recipient, Recipient]]:
    """Return recipients whose customer has changed since, each with the copy made now.

    Only what a copy holds counts: name, contact, language, e-mail, address.
    """
    rows = mailing.recipients.filter(customer__updated_at__gt=mailing.frozen_at)
    return changed_among(mailing, rows.order_by("position"), now=now)


def changed_among(
    mailing: Mailing, rows: QuerySet[Recipient], *, now: dt.datetime
) -> list[tuple[Recipient, Recipient]]:
    """Return those of ``rows`` that would be copied otherwise now, each with the new copy."""
    fixed = list(
        rows.select_related("customer__account_manager").prefetch_related(
            "customer__addresses", "customer__contacts"
        )
    )
    fresh = _copies(mailing, [row.customer for row in fixed], now)
    return [
        (old, new)
        for old, new in zip(fixed, fresh, strict=True)
        if any(getattr(old, name) != getattr(new, name) for name in COPIED)
    ]


def place_of(recipient: Recipient) -> tuple[str, str, str, str, str]:
    """Return what recipients are sorted by: country, postcode, city and name without accents."""
    return (
        recipient.country or "ZZ",  # who has no address comes last
        recipient.postcode,
        _plain(recipient.city),
        _plain(recipient.customer_name),
        recipient.customer_number,
    )


def chosen_address(addresses: Iterable[Address], kind: str) -> Address | None:
    """Return the address of that kind; the one of the invoices where there is no postal one."""
    by_kind = {address.kind: address for address in addresses}
    fallback = by_kind.get(Address.Kind.BILLING) if kind == Address.Kind.POSTAL else None
    return by_kind.get(kind, fallback)


def chosen_contact(contacts: Iterable[Contact], role: str) -> Contact | None:
    """Return a contact with that role, else a general one, else any; one with e-mail first."""
    wanted = [role, Contact.Role.GENERAL]

    def rank(contact: Contact) -> tuple[int, bool, str, int]:
        place = wanted.index(contact.role) if contact.role in wanted else len(wanted)
        return place, not contact.email, contact.name, contact.pk

    return min(contacts, key=rank, default=None)


def address_lines(address: Address | None, customer: Customer) -> dict[str, str]:
    """Return the columns of a recipient that hold the address."""
    if address is None:
        return dict.fromkeys(ADDRESS_FIELDS, "")
    lines = {name: getattr(address, name) for name in ADDRESS_FIELDS[1:]}
    return {"recipient_line": address.recipient or customer.legal_name, **lines}


def _copies(mailing: Mailing, customers: Sequence[Customer], now: dt.datetime) -> list[Recipient]:
    judge = Judge.of(mailing, customers, now=now)
    return [_copy(mailing, customer, judge) for customer in customers]


def _copy(mailing: Mailing, customer: Customer, judge: Judge) -> Recipient:
    contact = chosen_contact(customer.contacts.all(), mailing.contact_role)
    address = chosen_address(customer.addresses.all(), mailing.address_kind)
    recipient = Recipient(
        mailing=mailing,
        customer=customer,
        customer_number=customer.number,
        customer_name=customer.name,
        contact_name=contact.name if contact else "",
        language=(contact and contact.language) or customer.language,
        email=(contact and contact.email) or customer.email,
        fields=fixed_values(customer, contact, judge.named),
        **address_lines(address, customer),
    )
    judge.give_reasons(recipient, customer)
    return recipient


def _leave_one_per_address(recipients: Iterable[Recipient]) -> None:
    """Give only the first of those who share an address a letter, and name it at the others."""
    first: dict[str, str] = {}
    for recipient in recipients:
        if recipient.letter_reason:
            continue
        key = duplicate_key(postal_address(recipient))
        if key in first:
            recipient.letter_reason = Reason.DUPLICATE_HOUSEHOLD
            recipient.detail = first[key]
        else:
            first[key] = recipient.customer_number


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
