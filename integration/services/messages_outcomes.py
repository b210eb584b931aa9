"""What becomes of a message once a server, or nobody, has answered."""

import datetime as dt
import logging
from typing import Any

from django.db import transaction

from integration.models import OutgoingMessage, Suppression
from integration.signals import message_bounced, message_state_changed

from .events import SYSTEM, record_event
from .suppressions import Who, suppress

logger = logging.getLogger(__name__)

State = OutgoingMessage.State

# What is recorded of which state; a pause before the next attempt is nobody's history.
EVENTS = {
    State.SENT: "message.sent",
    State.PERM_FAILED: "message.failed",
    State.SUPPRESSED: "message.suppressed",
    State.UNCERTAIN: "message.uncertain",
}


def move(
    message: OutgoingMessage,
    state: str,
    *,
    now: dt.datetime,
    among: tuple[str, ...],
    claim: str = "",
    actor: Who = SYSTEM,
    event: str = "",
    **fields: Any,
) -> bool:
    """Change the state of a message, record it, tell it; return whether it was still ours to do.

    Only while its state is ``among`` those given and, with ``claim``, while it is held by it.
    """
    previous = message.state
    with transaction.atomic():
        rows = OutgoingMessage.objects.filter(pk=message.pk, state__in=among)
        if claim:
            rows = rows.filter(claimed_by=claim)
        if not rows.update(state=state, lease_until=None, **fields):
            return False
        message.state = state
        if what := event or EVENTS.get(State(state), ""):
            record(message, what, actor=actor, now=now)
        _tell_state(message, previous, now)
    return True


def record(
    message: OutgoingMessage, what: str, *, actor: Who, now: dt.datetime, **data: object
) -> None:
    """Record an event of a message: what it is for, not to whom nor what it says."""
    record_event(
        type=what,
        actor=actor if actor is not None else SYSTEM,
        customer_number=message.customer_number,
        subject=("message", message.key),
        data={"purpose": message.purpose, "batch": message.batch, **data},
        now=now,
    )


def note_bounce(
    message: OutgoingMessage,
    *,
    kind: str,
    code: str,
    reason: str,
    now: dt.datetime,
    actor: Who = SYSTEM,
) -> bool:
    """Keep that a message came back; the gravest counts. Return whether that is news.

    An address that does not exist is written to no more, by anybody. Call it in a transaction.
    """
    fresh = OutgoingMessage.objects.filter(pk=message.pk)
    if kind == OutgoingMessage.Bounce.HARD:
        fresh = fresh.exclude(bounce=OutgoingMessage.Bounce.HARD)
        suppress(
            email=message.recipient,
            reason=Suppression.Reason.HARD_BOUNCE,
            detail=reason,
            message_key=message.key,
            actor=actor,
            now=now,
        )
    else:
        fresh = fresh.filter(bounce="")
    if not fresh.update(
        bounce=kind, bounce_code=code[:12], bounce_answer=reason[:500], bounced_at=now
    ):
        return False
    record(message, "message.bounced", actor=actor, now=now, kind=kind, code=code)
    message_bounced.send(
        sender=OutgoingMessage,
        key=message.key,
        purpose=message.purpose,
        batch=message.batch,
        customer_number=message.customer_number,
        email=message.recipient,
        kind=kind,
        code=code,
        reason=reason,
        moment=now,
    )
    return True


def _tell_state(message: OutgoingMessage, previous: str, now: dt.datetime) -> None:
    """Tell the departments. What a server has taken stays taken, whatever they make of it."""
    if not message_state_changed.has_listeners(OutgoingMessage):
        return
    try:
        with transaction.atomic():
            message_state_changed.send(
                sender=OutgoingMessage,
                key=message.key,
                purpose=message.purpose,
                batch=message.batch,
                customer_number=message.customer_number,
                state=message.state,
                previous=previous,
                moment=now,
            )
    except Exception:
        logger.exception("nobody could be told that %s is %s", message.key, message.state)
