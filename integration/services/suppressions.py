"""To whom nothing more is sent: by bounces, by complaints, by his own wish, by hand."""

import datetime as dt

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from integration.models import Suppression
from toolkit.errors import DomainError

from .events import Actor, record_event

# Whom a service accepts as the one who acts; None is whoever makes the request being served.
Who = Actor | AbstractBaseUser | AnonymousUser | str | None


class SuppressionLiftedError(DomainError):
    """It was lifted before."""

    code = "suppression-lifted"
    title = _("Already lifted")


class ReasonMissingError(DomainError):
    """Whoever writes again to an address that bounced says why."""

    code = "reason-missing"
    title = _("Say why")


@transaction.atomic
def suppress(
    *,
    reason: str,
    actor: Who,
    now: dt.datetime,
    email: str = "",
    customer_number: str = "",
    detail: str = "",
    message_key: str = "",
) -> Suppression:
    """Send nothing more to an address, or to a customer; at once, also what is queued.

    ``email`` alone stands for whoever has the address, ``customer_number`` alone for all addresses
    of the customer, both for this address of this customer. ``unsubscribed`` stops mass mail only.
    The same again changes nothing and returns the row that is there.

    Raises:
        ValueError: neither is given, or the reason is unknown.
    """
    if not email and not customer_number:
        msg = "name an address or a customer"
        raise ValueError(msg)
    suppression, created = Suppression.objects.get_or_create(
        email=email.strip().lower(),
        customer_number=customer_number,
        reason=Suppression.Reason(reason),
        lifted_at=None,
        defaults={"since": now, "detail": detail[:300], "message_key": message_key},
    )
    if created:
        _record("suppression.added", suppression, actor, now)
    return suppression


@transaction.atomic
def lift_suppression(
    *, suppression: Suppression, because: str, actor: Who, now: dt.datetime
) -> Suppression:
    """Write again to whom nothing was sent; ``because`` is kept beside it.

    Raises:
        ReasonMissingError: ``because`` is blank.
        SuppressionLiftedError: it was lifted before.
    """
    if not because.strip():
        raise ReasonMissingError(_("Say why it may be written to again."))
    row = Suppression.objects.select_for_update().get(pk=suppression.pk)
    if row.lifted_at is not None:
        raise SuppressionLiftedError(_("It was lifted before."))
    return _lift(row, because, actor, now)


@transaction.atomic
def lift_suppressions(
    *,
    because: str,
    actor: Who,
    now: dt.datetime,
    email: str = "",
    customer_number: str = "",
    reasons: tuple[str, ...] = (),
) -> int:
    """Lift what stands against exactly this address and customer; return how many. Repeatable.

    For departments: a customer subscribes again (``reasons=("unsubscribed",)``), a desk has mended
    an address. By default all reasons.
    """
    rows = Suppression.objects.select_for_update().filter(
        email=email.strip().lower(), customer_number=customer_number, lifted_at=None
    )
    if reasons:
        rows = rows.filter(reason__in=reasons)
    return len([_lift(row, because, actor, now) for row in rows])


def _lift(row: Suppression, because: str, actor: Who, now: dt.datetime) -> Suppression:
    event = _record("suppression.lifted", row, actor, now)
    row.lifted_at, row.lifted_by, row.lifted_because = now, event, because.strip()[:300]
    row.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
    return row


def _record(what: str, row: Suppression, actor: Who, now: dt.datetime) -> str:
    """Record the event, which names no address, and return who it was."""
    event = record_event(
        type=what,
        actor=actor,
        customer_number=row.customer_number,
        subject=("suppression", row.pk),
        data={"reason": row.reason},
        now=now,
    )
    return event.actor
