"""What a recipient copies of a customer: name, address, language, e-mail, and what is missing."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import QuerySet

from customers.models import Address, Contact, Customer
from mailing.models import Mailing, Recipient

from .audience import Reader, chosen_customers
from .wishes import Wishes, wishes_of

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
_STATUS_REASONS: Final[dict[str, str]] = {
    Customer.Status.SUSPENDED: Reason.SUSPENDED,
    Customer.Status.CLOSED: Reason.CLOSED,
}


def copies_of(mailing: Mailing, user: Reader) -> list[Recipient]:
    """Return a recipient, not saved, for each customer of the audience, in the order of letters.

    The order is country, postcode, city, name, accents ignored. Each carries the reasons why it
    gets no letter or no e-mail. Few queries, however many customers.

    Raises:
        ValidationError: the audience can't be read.
    """
    customers = list(
        chosen_customers(mailing.audience, user).prefetch_related("addresses", "contacts")
    )
    recipients = sorted(_copies(mailing, customers), key=place_of)
    if mailing.one_per_address:
        _leave_one_per_address(recipients)
    for position, recipient in enumerate(recipients, start=1):
        recipient.position = position
    return recipients


def copy_again(recipient: Recipient) -> Recipient:
    """Return the recipient as it would be copied now, not saved; shared addresses are not seen."""
    (fresh,) = _copies(recipient.mailing, [recipient.customer])
    return fresh


def changed_since_frozen(mailing: Mailing) -> list[tuple[Recipient, Recipient]]:
    """Return recipients whose customer has changed since, each with the copy made now.

    Only what a copy holds counts: name, contact, language, e-mail, address.
    """
    rows = mailing.recipients.filter(customer__updated_at__gt=mailing.frozen_at)
    return changed_among(mailing, rows.order_by("position"))


def changed_among(mailing: Mailing, rows: QuerySet[Recipient]) -> list[tuple[Recipient, Recipient]]:
    """Return those of ``rows`` that would be copied otherwise now, each with the new copy."""
    fixed = list(
        rows.select_related("customer").prefetch_related(
            "customer__addresses", "customer__contacts"
        )
    )
    fresh = _copies(mailing, [row.customer for row in fixed])
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


def _copies(mailing: Mailing, customers: Sequence[Customer]) -> list[Recipient]:
    known = wishes_of([customer.number for customer in customers])
    return [_copy(mailing, customer, known) for customer in customers]


def _copy(mailing: Mailing, customer: Customer, known: Wishes) -> Recipient:
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
        **address_lines(address, customer),
    )
    recipient.letter_reason = _why_no_letter(mailing, customer, recipient, known)
    recipient.notice_reason = _why_no_email(mailing, customer, recipient, known)
    return recipient


def _why_no_letter(
    mailing: Mailing, customer: Customer, recipient: Recipient, known: Wishes
) -> str:
    reasons = (
        (mailing.output == Mailing.Output.NOTHING, Reason.NOT_WANTED),
        (customer.status in _STATUS_REASONS, _STATUS_REASONS.get(customer.status, "")),
        (customer.number in known.no_letters, Reason.OPTED_OUT),
        (not recipient.line1, Reason.NO_ADDRESS),
        (not mailing.incomplete_too and not is_complete(recipient), Reason.INCOMPLETE_ADDRESS),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _why_no_email(mailing: Mailing, customer: Customer, recipient: Recipient, known: Wishes) -> str:
    number, email = customer.number, recipient.email
    announces = mailing.output != Mailing.Output.NOTHING and not mailing.notice_without_letter
    reasons = (
        (mailing.notice_id is None, Reason.NOT_WANTED),
        (customer.status in _STATUS_REASONS, _STATUS_REASONS.get(customer.status, "")),
        (not email, Reason.NO_EMAIL),
        (known.refuses_email(number, email), Reason.OPTED_OUT),
        (known.is_undeliverable(number, email), Reason.BOUNCED),
        (announces and bool(recipient.letter_reason), Reason.NO_LETTER),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _leave_one_per_address(recipients: Iterable[Recipient]) -> None:
    """Give only the first of those who share an address a letter, and name it at the others."""
    first: dict[str, str] = {}
    for recipient in recipients:
        if recipient.letter_reason:
            continue
        key = normalised(recipient)
        if key in first:
            recipient.letter_reason = Reason.DUPLICATE_HOUSEHOLD
            recipient.detail = first[key]
        else:
            first[key] = recipient.customer_number


def is_complete(recipient: Recipient) -> bool:
    """Say whether a letter can arrive."""
    return bool(recipient.line1 and recipient.city and recipient.postcode)


def normalised(recipient: Recipient) -> str:
    """Return the address so that two ways to write it are the same."""
    parts = (recipient.line1, recipient.line2, recipient.postcode, recipient.city)
    return "|".join("".join(c for c in _plain(part) if c.isalnum()) for part in parts)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
