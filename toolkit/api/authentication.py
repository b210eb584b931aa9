"""Who calls: a user's token, a machine's key, or the session of a logged-in browser."""

import datetime as dt
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from .machines import Machine


class TokenAuthentication(KnoxTokenAuthentication):
    """``Authorization: Token …``: hashed at rest, expiring, revocable (knox).

    Looked up by its digest in one query; knox itself asks three and fails on bytes that are no
    UTF-8. Expired tokens are left to ``knox``'s own clean-up.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[Any, AuthToken]:
        """Return the user and the token.

        Raises:
            AuthenticationFailed: unknown, expired, or of an inactive user.
        """
        digest = hash_token(token.decode("latin-1"))
        found = AuthToken.objects.select_related("user").filter(digest=digest).first()
        if found is None or _is_past(found.expiry):
            raise AuthenticationFailed(_("Invalid token."))
        user, auth = self.validate_user(found)
        return user, auth


class MachineKeyAuthentication(BaseAuthentication):
    """``Authorization: Api-Key …``: a program's key (``settings.API_MACHINE_KEY_MODEL``)."""

    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[Machine, Any] | None:
        """Return the machine and its key, or None when the header is of another kind.

        Raises:
            AuthenticationFailed: unknown, revoked or expired.
        """
        kind, _space, value = get_authorization_header(request).partition(b" ")
        if kind.lower() != self.keyword.lower().encode():
            return None
        model = apps.get_model(settings.API_MACHINE_KEY_MODEL)
        try:
            key = model.objects.get_from_key(value.decode("ascii").strip())
        except (model.DoesNotExist, UnicodeDecodeError, ValueError):
            raise AuthenticationFailed(_("Invalid key.")) from None
        if key.has_expired:
            raise AuthenticationFailed(_("Invalid key."))
        return _machine(key), key

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return self.keyword


def _machine(key: Any) -> Machine:  # noqa: ANN401 (the model is a setting)
    return Machine(
        name=key.name,
        scopes=frozenset(key.scopes),
        customer_number=key.customer_number,
        key_id=key.prefix,
    )


def _is_past(moment: dt.datetime | None) -> bool:
    return moment is not None and moment <= timezone.now()


def credential_of(request: Request) -> str:
    """Return a stable name of the credential in use; no secret can be read from it."""
    if isinstance(request.auth, AuthToken):
        return f"token:{request.auth.digest}"
    if isinstance(request.user, Machine):
        return f"machine:{request.user.key_id or request.user.name}"
    return f"user:{request.user.pk}"
