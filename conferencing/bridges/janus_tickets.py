"""Janus' signed tokens: minted by the portal, checked by Janus itself, read back from its events.

``expiry,janus,plugin,leg id:base64(HMAC-SHA1)``. Janus checks signature, expiry and plugin and
tells the whole token in its ``attached`` event: so the extra item is a leg id nobody can forge.
SHA-1 is Janus' choice; as an HMAC with a random key it is not known to be broken.
"""

import base64
import hashlib
import hmac
from datetime import datetime

REALM = "janus"
PLUGIN = "janus.plugin.audiobridge"


def mint(secret: str, *, leg_id: str, expires_at: datetime) -> str:
    """Return the token that lets one client connect as ``leg_id``; whole seconds of validity."""
    content = f"{int(expires_at.timestamp())},{REALM},{PLUGIN},{leg_id}"
    return f"{content}:{_signature(secret, content)}"


def leg_id_of(secret: str, token: str) -> str:
    """Return the leg id inside a token of ours, or an empty text for any other."""
    content, _, signature = token.rpartition(":")
    items = content.split(",")
    if len(items) != 4 or not hmac.compare_digest(
        signature.encode(), _signature(secret, content).encode()
    ):
        return ""
    return items[3]


def _signature(secret: str, content: str) -> str:
    digest = hmac.new(secret.encode(), content.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
