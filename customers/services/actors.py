"""Who may stand behind a change."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from integration.models import Event
from integration.services import Actor

Who = Actor | AbstractBaseUser | AnonymousUser | str | None

CUSTOMER = Actor(Event.ActorKind.SYSTEM, "customer")
"""The customer himself, by a link that was given to him: he has no account."""


def user_of(actor: Who) -> User | None:
    """Return the account behind ``actor``, for rows that keep who made them."""
    return actor if isinstance(actor, User) and actor.pk else None


def name_of(actor: Who) -> str:
    """Return the name of ``actor``, for rows that keep it when the account is gone."""
    match actor:
        case None:
            return ""
        case str():
            return actor
        case Actor():
            return actor.name
    return actor.get_username()


def known(actor: Who) -> Actor | AbstractBaseUser | str | None:
    """Return ``actor`` for services that know no visitors without an account."""
    return None if isinstance(actor, AnonymousUser) else actor
