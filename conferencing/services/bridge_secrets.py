"""The key with which a bridge signs its call records: derived, stored nowhere.

Whoever knows ``SECRET_KEY`` can derive it again; a new ``secret_version`` of the bridge makes
another one and the old one worthless.
"""

import base64
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from conferencing.models import Bridge
from toolkit.errors import DomainError

_BYTES: Final = 32
HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


class BadSignatureError(DomainError):
    """Not signed by this bridge, or more than five minutes ago."""

    code = "bad-signature"
    title = _("The signature is not valid")
    status = 401

    def __init__(self) -> None:
        super().__init__(_("The call record is not signed with this bridge's key, or too old."))


def bridge_secret(bridge: Bridge) -> str:
    """Answer the bridge's key as Standard Webhooks writes it: ``whsec_`` and base64.

    HKDF-SHA256 (RFC 5869) of ``SECRET_KEY`` with the bridge's name and key version.
    """
    info = f"conferencing.call-records/{bridge.slug}/{bridge.secret_version}"
    kdf = HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=info.encode())
    return "whsec_" + base64.b64encode(kdf.derive(settings.SECRET_KEY.encode())).decode()


def check_signature(*, bridge: Bridge, body: bytes, headers: Mapping[str, str]) -> None:
    """Make sure that the bridge signed these very bytes within the last five minutes.

    Raises:
        BadSignatureError: it did not.
    """
    given = {name: headers.get(name, "") for name in HEADERS}
    try:
        # Only the signature: what is wrong with the body is said by whoever reads it.
        Webhook(bridge_secret(bridge)).verify(body, given, json_parse=False)
    except (WebhookVerificationError, ValueError, OverflowError) as error:
        raise BadSignatureError from error


def sign_call_record(
    *, bridge: Bridge, record: Mapping[str, Any], message_id: str, now: dt.datetime
) -> tuple[bytes, dict[str, str]]:
    """Answer body and headers as the bridge would send them: for tests and for feeds of ours."""
    body = json.dumps(record)
    signature = Webhook(bridge_secret(bridge)).sign(message_id, now, body)
    stamp = str(int(now.timestamp()))
    return body.encode(), dict(zip(HEADERS, (message_id, stamp, signature), strict=True))
