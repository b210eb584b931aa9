"""An envelope sender of its own for each message, so that a report says which one it is about.

The token in it can't be guessed (HMAC with ``SECRET_KEY``) and is derived, never stored.
"""

import re

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from .mime import on_the_wire

_SALT = "integration.mail.verp"
_TOKEN = re.compile(r"\+([0-9a-f]{1,15})-([0-9a-f]{32})@")
_DIGITS = 32  # 128 bits; the whole local part stays under its 64 characters


def bounce_address(*, pk: int, key: str) -> str:
    """Return the address that reports about the message come to."""
    local, _at, domain = on_the_wire(settings.BOUNCE_ADDRESS).rpartition("@")
    return f"{local}+{pk:x}-{_signature(pk, key)}@{domain}"


def tokens_in(text: str) -> list[tuple[int, str]]:
    """Return what looks like tokens in an address or a header: ``(pk, signature)``, unchecked."""
    return [(int(number, 16), signature) for number, signature in _TOKEN.findall(text.lower())]


def is_genuine(*, pk: int, key: str, signature: str) -> bool:
    """Say whether we made the token for this message. Takes the same time either way."""
    return constant_time_compare(signature, _signature(pk, key))


def _signature(pk: int, key: str) -> str:
    return salted_hmac(_SALT, f"{pk}:{key}", algorithm="sha256").hexdigest()[:_DIGITS]
