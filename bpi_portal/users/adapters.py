"""Where our log-in differs from allauth's own: nobody signs up, and TOTP secrets are encrypted."""

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """An administrator invites; there is no other way in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 (allauth's)
        """Refuse: always."""
        return False


class MFAAdapter(DefaultMFAAdapter):
    """Keep TOTP secrets and recovery codes encrypted: a copied database opens no account."""

    def encrypt(self, text: str) -> str:
        """Encrypt what is stored, under a key derived from ``SECRET_KEY``."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Read what is stored.

        Raises:
            InvalidToken: it was written under another ``SECRET_KEY``.
        """
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bpi-portal mfa")
    return Fernet(base64.urlsafe_b64encode(derivation.derive(settings.SECRET_KEY.encode())))
