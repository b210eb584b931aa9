"""Give out signed links, open them, revoke them. A link is shown once; its hash is kept."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from customers.models import Contact, Customer, SignedLink
from integration.services import record_event
from toolkit.errors import DomainError

from .actors import Who

_TOKEN_BYTES = 32
_LONGEST_TOKEN = 100
_AT_ONCE = 1000


class LinkRefusedError(DomainError):
    """The link opens nothing (any more); ``reason`` is ``unknown``, ``expired`` or ``revoked``.

    ``link`` is the one refused, for its customer's language; None where it is unknown.
    """

    code = "link-refused"
    title = gettext_lazy("The link cannot be used")
    status = 410

    UNKNOWN, EXPIRED, REVOKED = "unknown", "expired", "revoked"

    def __init__(self, reason: str, link: SignedLink | None = None) -> None:
        super().__init__(_WORDS[reason], reason=reason)
        self.reason = reason
        self.link = link


_WORDS = {
    LinkRefusedError.UNKNOWN: gettext_lazy("This link is not known."),
    LinkRefusedError.EXPIRED: gettext_lazy("This link has expired."),
    LinkRefusedError.REVOKED: gettext_lazy("This link was withdrawn."),
}


@dataclass(frozen=True, slots=True)
class LinkFor:
    """One link wanted from ``give_links``; ``key`` names it among those of its purpose."""

    customer_id: int
    key: str
    contact_id: int | None = None
    email: str = ""
    subject: str = ""


@transaction.atomic
def give_link(
    *,
    customer: Customer,
    purpose: str,
    lifetime: timedelta,
    actor: Who,
    now: datetime,
    contact: Contact | None = None,
    email: str = "",
    subject: str = "",
) -> str:
    """Return a new token for ``purpose``; it can't be shown a second time.

    Earlier links stay valid until they expire: whoever holds the older letter may still use it.
    """
    token = _written(secrets.token_bytes(_TOKEN_BYTES))
    link = SignedLink.objects.create(
        customer=customer,
        contact=contact,
        email=email,
        purpose=purpose,
        subject=subject,
        token_hash=_hash(token),
        created_at=now,
        expires_at=now + lifetime,
    )
    record_event(
        type="link.given",
        actor=actor,
        customer_number=customer.number,
        subject=("link", link.pk),
        data={"purpose": purpose, "expires_at": link.expires_at},
        now=now,
    )
    return token


@transaction.atomic
def give_links(
    *,
    wanted: Iterable[LinkFor],
    purpose: str,
    lifetime: timedelta,
    actor: Who,
    now: datetime,
) -> list[str]:
    """Return the tokens of many links, in the order asked; two queries for each thousand.

    Each token is derived from ``SECRET_KEY``, purpose, customer and ``key``: asking for the same
    again answers the same token and leaves the link as it is, expired or revoked also. Another
    ``SECRET_KEY`` derives other tokens; those given before stay valid, for only hashes are kept.
    One event tells of all new ones together.
    """
    links = list(wanted)
    tokens = [_derived(purpose, link) for link in links]
    new = 0
    for start in range(0, len(links), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        new += _keep(links[part], tokens[part], purpose, now, now + lifetime)
    if new:
        record_event(
            type="link.many_given",
            actor=actor,
            subject=("link", ""),
            data={"purpose": purpose, "links": new},
            now=now,
        )
    return tokens


def _keep(
    links: Sequence[LinkFor],
    tokens: Sequence[str],
    purpose: str,
    now: datetime,
    expires_at: datetime,
) -> int:
    """Write the links that are not there yet; return how many those are."""
    by_hash = {_hash(token): link for token, link in zip(tokens, links, strict=True)}
    known = SignedLink.objects.filter(token_hash__in=list(by_hash))
    for kept in known.values_list("token_hash", flat=True):
        del by_hash[bytes(kept)]
    SignedLink.objects.bulk_create(
        [
            SignedLink(
                customer_id=link.customer_id,
                contact_id=link.contact_id,
                email=link.email,
                purpose=purpose,
                subject=link.subject,
                token_hash=token_hash,
                created_at=now,
                expires_at=expires_at,
            )
            for token_hash, link in by_hash.items()
        ],
        ignore_conflicts=True,  # another worker may be giving the same ones
    )
    return len(by_hash)


def open_link(*, token: str, purpose: str, now: datetime, used: bool = True) -> SignedLink:
    """Return the link that ``token`` stands for, with its customer and contact.

    The token is looked up by its hash, so that the time taken says nothing of how much of it was
    right. ``used=False`` only looks, for a GET that must change nothing; otherwise the moment is
    kept as the last use.

    Raises:
        LinkRefusedError: unknown, given for another purpose, expired or revoked.
    """
    token_hash = _hash(token[:_LONGEST_TOKEN])
    link = (
        SignedLink.objects.select_related("customer", "contact")
        .filter(token_hash=token_hash)
        .first()
    )
    kept = bytes(link.token_hash) if link else bytes(_TOKEN_BYTES)
    if not hmac.compare_digest(kept, token_hash) or link is None or link.purpose != purpose:
        raise LinkRefusedError(LinkRefusedError.UNKNOWN)
    if link.revoked_at is not None:
        raise LinkRefusedError(LinkRefusedError.REVOKED, link)
    if link.expires_at <= now:
        raise LinkRefusedError(LinkRefusedError.EXPIRED, link)
    if used:
        SignedLink.objects.filter(pk=link.pk).update(last_used_at=now)
        link.last_used_at = now
    return link


@transaction.atomic
def revoke_link(*, link: SignedLink, actor: Who, now: datetime) -> SignedLink:
    """Make the link open nothing from now on. Safe to repeat."""
    locked = (
        SignedLink.objects.select_for_update(of=("self",))
        .select_related("customer")
        .get(pk=link.pk)
    )
    if locked.revoked_at is not None:
        return locked
    locked.revoked_at = now
    locked.save(update_fields=["revoked_at"])
    record_event(
        type="link.revoked",
        actor=actor,
        customer_number=locked.customer.number,
        subject=("link", locked.pk),
        data={"purpose": locked.purpose},
        now=now,
    )
    return locked


def _derived(purpose: str, link: LinkFor) -> str:
    name = f"{purpose}\n{link.customer_id}\n{link.key}"
    return _written(salted_hmac("customers.links", name, algorithm="sha256").digest())


def _written(token: bytes) -> str:
    return urlsafe_b64encode(token).decode().rstrip("=")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
