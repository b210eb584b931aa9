"""What e-mail is sent for, as the departments say it: each registers its own in ``ready()``."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.utils.functional import Promise

SEE_ALL = "integration.view_outgoingmessage"
SEE_CUSTOMERS = "customers.view_customer"


@dataclass(frozen=True, slots=True)
class Purpose:
    """A kind of e-mail: its words on screens, and what one must be allowed to see to read it."""

    label: str | Promise
    permission: str


_PURPOSES: dict[str, Purpose] = {}


def register_purpose(name: str, *, label: str | Promise, permission: str) -> None:
    """Say in words what ``name`` ("billing.invoice") is, and who may read such e-mail.

    Readers need ``permission`` and must be allowed to see customers; e-mail of a purpose that
    nobody registered is for those who may see the whole outbox. Registering again replaces.
    """
    _PURPOSES[name] = Purpose(label, permission)


def purpose_label(name: str) -> str:
    """Return the words for a purpose in the active language; its name where there are none."""
    return str(_PURPOSES[name].label) if name in _PURPOSES else name


def purpose_choices() -> list[tuple[str, str]]:
    """Return ``(name, words)`` of all purposes, sorted by their words."""
    return sorted(((name, purpose_label(name)) for name in _PURPOSES), key=lambda one: one[1])


def purposes_told_to(user: AbstractUser | AnonymousUser) -> list[str] | None:
    """Return the purposes whose e-mail the user may read; None means all."""
    if user.has_perm(SEE_ALL):
        return None
    if not user.has_perm(SEE_CUSTOMERS):
        return []
    return [name for name, purpose in _PURPOSES.items() if user.has_perm(purpose.permission)]
