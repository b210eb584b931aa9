"""The public page of preferences: its address, and what it shows."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from customers.models import Address, AddressProposal, Channel, Contact, OptOut, SignedLink

PURPOSE = "preferences"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the holder of a link sees of the customer.

    ``emails`` speaks of the holder's address; ``none_at_all`` says that the customer as such wants
    no mass e-mail, which nobody but the desk lifts. ``address`` is where letters go: the postal
    address, else that of invoices.
    """

    letters: bool
    emails: bool
    none_at_all: bool
    address: Address | None
    proposal: AddressProposal | None

    @property
    def kind(self) -> str:
        """The kind of the address that the holder may correct: the one that is shown."""
        return self.address.kind if self.address else Address.Kind.POSTAL


def preferences_of_link(link: SignedLink) -> Preferences:
    """Return what the page shows to whoever holds the link."""
    wishes = OptOut.objects.filter(customer=link.customer_id, lifted_at=None)
    refused = {(wish.channel, wish.email) for wish in wishes}
    email = link.email.lower()
    addresses = {row.kind: row for row in Address.objects.filter(customer=link.customer_id)}
    address = addresses.get(Address.Kind.POSTAL) or addresses.get(Address.Kind.BILLING)
    proposals = AddressProposal.objects.filter(
        customer=link.customer_id,
        kind=address.kind if address else Address.Kind.POSTAL,
        state=AddressProposal.State.OPEN,
    )
    return Preferences(
        letters=(Channel.LETTER, "") not in refused,
        emails=refused.isdisjoint({(Channel.EMAIL, ""), (Channel.EMAIL, email)}),
        none_at_all=bool(email) and (Channel.EMAIL, "") in refused,
        address=address,
        proposal=proposals.first(),
    )


def language_of_link(link: SignedLink) -> str:
    """Return the language of whom the link was given to, else of the customer."""
    contact = link.contact
    if contact is None and link.email:
        known = Contact.objects.filter(customer=link.customer_id, email__iexact=link.email)
        contact = known.exclude(language="").first()
    return (contact.language if contact else "") or link.customer.language


def preferences_url(token: str) -> str:
    """Return the address of the page, as it stands in letters and e-mails."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('mailing:preferences', args=[token])}"


def unsubscribe_url(token: str) -> str:
    """Return the address for ``List-Unsubscribe``: a POST to it acts at once (RFC 8058)."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('mailing:unsubscribe', args=[token])}"
