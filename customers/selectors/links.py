"""The signed links of a customer, as the desk sees them."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, SignedLink

# A purpose without words shows its own name: nothing is hidden.
PURPOSES: dict[str, Promise] = {
    "preferences": _("Preferences"),
    "quote": _("Quote"),
    "booking": _("Booking"),
    "invoice": _("Invoice"),
}


@dataclass(frozen=True, slots=True)
class GivenLink:
    """A link that was given out; ``state`` is ``valid``, ``expired`` or ``revoked``."""

    link: SignedLink
    purpose: str | Promise
    state: str


def links_of(customer: Customer, *, now: datetime, limit: int = 50) -> list[GivenLink]:
    """Return the newest ``limit`` links of the customer."""
    rows = SignedLink.objects.filter(customer=customer).select_related("contact")[:limit]
    return [
        GivenLink(link, PURPOSES.get(link.purpose, link.purpose), _state(link, now))
        for link in rows
    ]


def _state(link: SignedLink, now: datetime) -> str:
    if link.revoked_at is not None:
        return "revoked"
    return "valid" if link.expires_at > now else "expired"
