"""Who may stand behind a change."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from integration.services import Actor

Who = Actor | AbstractBaseUser | AnonymousUser | str | None


def user_of(actor: Who) -> User | None:
    """Return the account behind ``actor``, for rows that keep who made them."""
    return actor if isinstance(actor, User) and actor.pk else None
