"""Tokens of people for the API."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from knox.models import AuthToken

from integration.models import MachineKey

from .events import Actor, record_event


@transaction.atomic
def issue_token(
    *,
    user: User,
    lifetime: dt.timedelta | None = None,
    actor: Actor | User | str | None = None,
) -> str:
    """Return a new token for ``Authorization: Token …``. It can't be shown a second time.

    ``lifetime`` is by default that of the settings (``REST_KNOX``).
    """
    kept, token = (
        AuthToken.objects.create(user)
        if lifetime is None
        else AuthToken.objects.create(user, expiry=lifetime)
    )
    record_event(
        type="token.issued",
        actor=actor,
        subject=("user", user.get_username()),
        data={"expires_at": kept.expiry},
    )
    return str(token)


@transaction.atomic
def issue_machine_key(
    *,
    name: str,
    scopes: list[str],
    customer_number: str = "",
    expires_at: dt.datetime | None = None,
    actor: Actor | User | str | None = None,
) -> str:
    """Return a new key for ``Authorization: Api-Key …``. It can't be shown a second time."""
    kept, key = MachineKey.objects.create_key(
        name=name, scopes=scopes, customer_number=customer_number, expiry_date=expires_at
    )
    record_event(
        type="machine_key.issued",
        actor=actor,
        customer_number=customer_number,
        subject=("machine_key", kept.prefix),
        data={"scopes": scopes},
    )
    return str(key)
