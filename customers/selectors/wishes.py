"""What customers wish to receive, and what does not reach them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from customers.models import AddressProposal, Channel, Customer, OptOut, UndeliverableEmail

# What the preferences of a customer say is the opposite of an opt-out.
PREFERENCES: dict[str, Channel] = {"letters": Channel.LETTER, "notices": Channel.EMAIL}


def opted_out(*, numbers: Collection[str], channel: str) -> set[str]:
    """Return those of the customers who want no mass mail by the channel at all."""
    wishes = OptOut.objects.filter(channel=channel, email="", lifted_at=None)
    found = wishes.filter(customer__number__in=numbers)
    return set(found.values_list("customer__number", flat=True))


def opted_out_emails(*, numbers: Collection[str]) -> set[tuple[str, str]]:
    """Return ``(customer number, address in small letters)`` that want no mass e-mail.

    These are single addresses; a customer who wants none at all is in ``opted_out``.
    """
    wishes = OptOut.objects.filter(channel=Channel.EMAIL, lifted_at=None).exclude(email="")
    return _pairs(wishes.filter(customer__number__in=numbers))


def undeliverable_emails(*, numbers: Collection[str]) -> set[tuple[str, str]]:
    """Return ``(customer number, address in small letters)`` that bounced and were not mended."""
    return _pairs(UndeliverableEmail.objects.filter(mended_at=None, customer__number__in=numbers))


def wants(*, customer: Customer, channel: str, email: str = "") -> bool:
    """Tell whether the customer (at that address, where one is given) wants the channel."""
    addresses = {"", email.lower()}
    return not OptOut.objects.filter(
        customer=customer, channel=channel, email__in=addresses, lifted_at=None
    ).exists()


def preferences_of(customer: Customer) -> dict[str, Any]:
    """Return the preferences as the API shows them: letters and notices, and what else is kept."""
    wished = OptOut.objects.filter(customer=customer, email="", lifted_at=None)
    closed = set(wished.values_list("channel", flat=True))
    wishes = {name: channel not in closed for name, channel in PREFERENCES.items()}
    return {**customer.preferences, **wishes}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What stands in a customer's record, for the desk; None where nothing is refused."""

    letters: OptOut | None
    emails: OptOut | None
    single_emails: list[OptOut]
    undeliverable: list[UndeliverableEmail]
    proposals: list[AddressProposal]


def wishes_of(customer: Customer) -> Wishes:
    """Return what the customer does not want, what does not reach him, what he proposes."""
    refused = list(OptOut.objects.filter(customer=customer, lifted_at=None).order_by("email"))
    whole = {wish.channel: wish for wish in refused if not wish.email}
    return Wishes(
        letters=whole.get(Channel.LETTER),
        emails=whole.get(Channel.EMAIL),
        single_emails=[wish for wish in refused if wish.email],
        undeliverable=list(UndeliverableEmail.objects.filter(customer=customer, mended_at=None)),
        proposals=list(open_proposals().filter(customer=customer)),
    )


def proposals_waiting(user: AbstractBaseUser | AnonymousUser) -> int:
    """Return how many proposed addresses wait for ``user`` to decide."""
    if not user.has_perm("customers.decide_addressproposal"):  # type: ignore[union-attr]
        return 0
    return open_proposals().count()


def open_proposals() -> QuerySet[AddressProposal]:
    """Return the addresses that wait for somebody to decide, oldest first."""
    return (
        AddressProposal.objects.filter(state=AddressProposal.State.OPEN)
        .select_related("customer")
        .order_by("proposed_at", "pk")
    )


def _pairs(rows: QuerySet[OptOut] | QuerySet[UndeliverableEmail]) -> set[tuple[str, str]]:
    return {
        (number, email.lower()) for number, email in rows.values_list("customer__number", "email")
    }
