"""What customers do on their page of preferences; the link they were given is the permission."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from customers.models import AddressProposal, Channel, OptOut, SignedLink
from customers.services import CUSTOMER, open_link, opt_in, opt_out, propose_address
from mailing.selectors.preferences import PURPOSE, preferences_of_link


@transaction.atomic
def save_wishes(*, token: str, letters: bool, emails: bool, now: datetime) -> SignedLink:
    """Make letters to the customer, and mass e-mail to the link's address, wanted or not.

    Safe to repeat. That the customer as such wants no mass e-mail is left to the desk.

    Raises:
        LinkRefusedError: the link opens nothing (any more).
    """
    link = open_link(token=token, purpose=PURPOSE, now=now)
    shown = preferences_of_link(link)
    _wish(link, Channel.LETTER, "", wanted=letters, now=now)
    if not shown.none_at_all:
        _wish(link, Channel.EMAIL, link.email, wanted=emails, now=now)
    return link


def _wish(link: SignedLink, channel: str, email: str, *, wanted: bool, now: datetime) -> None:
    change = opt_in if wanted else opt_out
    change(
        customer=link.customer,
        channel=channel,
        email=email,
        source=OptOut.Source.PAGE,
        actor=CUSTOMER,
        now=now,
    )


@transaction.atomic
def unsubscribe(*, token: str, source: str, now: datetime) -> SignedLink:
    """Send no mass e-mail to the link's address any more; to none of the customer's if it has none.

    Safe to repeat: mail programs do (RFC 8058).

    Raises:
        LinkRefusedError: the link opens nothing (any more).
    """
    link = open_link(token=token, purpose=PURPOSE, now=now)
    opt_out(
        customer=link.customer,
        channel=Channel.EMAIL,
        email=link.email,
        source=source,
        actor=CUSTOMER,
        now=now,
    )
    return link


@transaction.atomic
def correct_address(*, token: str, address: Mapping[str, str], now: datetime) -> AddressProposal:
    """Propose to the desk another address than the one that the page shows. Safe to repeat.

    Raises:
        LinkRefusedError: the link opens nothing (any more).
        ValidationError: fields that are wrong, by name.
        AddressUnchangedError: it is the address that the record holds.
    """
    link = open_link(token=token, purpose=PURPOSE, now=now)
    return propose_address(
        customer=link.customer,
        kind=preferences_of_link(link).kind,
        address=address,
        actor=CUSTOMER,
        now=now,
    )
