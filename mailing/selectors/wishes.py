"""What customers do not want, and what does not reach them, for many at once."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from customers.models import Channel
from customers.selectors import opted_out, opted_out_emails, undeliverable_emails
from integration.models import Suppression

Whom = tuple[str, str]
"""Number of a customer and e-mail in small letters; blank stands for all of them."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Who does not want what, and whom it does not reach."""

    no_letters: frozenset[str]
    no_email: frozenset[Whom]
    bounced: frozenset[Whom]

    def refuses_email(self, number: str, email: str) -> bool:
        """Say whether mass mail to the address is not wanted."""
        return _meets(self.no_email, number, email)

    def is_undeliverable(self, number: str, email: str) -> bool:
        """Say whether e-mail to the address has come back."""
        return _meets(self.bounced, number, email)


def wishes_of(numbers: Collection[str]) -> Wishes:
    """Return what these customers have said, and what is known of their addresses.

    To whom nothing is sent any more (integration.Suppression) counts as well: a hard bounce as
    undeliverable, anything else as a wish.
    """
    rows = Suppression.objects.filter(
        Q(customer_number="") | Q(customer_number__in=numbers), lifted_at=None
    ).values_list("customer_number", "email", "reason")
    suppressed = [((number, email), reason) for number, email, reason in rows]
    hard = Suppression.Reason.HARD_BOUNCE
    return Wishes(
        no_letters=frozenset(opted_out(numbers=numbers, channel=Channel.LETTER)),
        no_email=frozenset(
            {
                *((number, "") for number in opted_out(numbers=numbers, channel=Channel.EMAIL)),
                *opted_out_emails(numbers=numbers),
                *(whom for whom, reason in suppressed if reason != hard),
            }
        ),
        bounced=frozenset(
            {
                *undeliverable_emails(numbers=numbers),
                *(whom for whom, reason in suppressed if reason == hard),
            }
        ),
    )


def _meets(found: frozenset[Whom], number: str, email: str) -> bool:
    small = email.lower()
    return not found.isdisjoint({(number, small), (number, ""), ("", small)})
