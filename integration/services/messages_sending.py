"""Send what is due. A message is marked as being sent before the server hears of it.

So a worker that is killed leaves it either in the queue or uncertain, never sent twice by itself.
"""

import datetime as dt
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F
from django.utils.module_loading import import_string

from integration.mail.base import Answer, Outcome, ServerUnreachableError, Transport
from integration.mail.codes import enhanced_code
from integration.mail.mime import on_the_wire
from integration.mail.verp import bounce_address
from integration.models import BatchHold, OutgoingMessage
from integration.selectors import standing_against, written_message

from .messages_claims import (
    CLAIM_LEASE,
    claim_due,
    give_back,
    keep_claim,
    new_claim,
    take_up_abandoned,
)
from .messages_outcomes import move, note_bounce

logger = logging.getLogger(__name__)

State = OutgoingMessage.State

# Before each further attempt; after the last one the message has failed. Two days in all.
PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 720, 1440))
SERVER_PAUSE = dt.timedelta(minutes=1)  # nobody answers: no message's fault, no attempt
AT_ONCE = 50  # messages of one connection
LONGEST_RUN = 45.0  # seconds, far below the time limit of a task
# Longer than a server may take for all steps of one message, each within EMAIL_TIMEOUT.
_STEPS = 6


@dataclass
class SendReport:
    """What one call has done: messages by their new state, and whether more are waiting."""

    states: Counter[str] = field(default_factory=Counter)
    more: bool = False

    @property
    def sent(self) -> int:
        """How many the server has taken."""
        return self.states[State.SENT]


class _Clock:
    """The moment given, and on from there as time goes by."""

    def __init__(self, now: dt.datetime) -> None:
        self._now, self._begun = now, time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def now(self) -> dt.datetime:
        return self._now + dt.timedelta(seconds=self.seconds)


def send_due(
    *, now: dt.datetime, worker: str, limit: int = 5000, transport: Transport | None = None
) -> SendReport:
    """Send what is due, up to ``limit`` messages or most of a minute; any number may run at once.

    First looks after what dead workers left (``take_up_abandoned``). Ends at once where
    ``EMAIL_SENDERS`` others send already. ``worker`` is shown beside what it sends.
    """
    clock, report = _Clock(now), SendReport()
    _back, uncertain = take_up_abandoned(now=now)
    report.states[State.UNCERTAIN] += uncertain
    wire: Transport = transport or import_string(settings.MAIL_TRANSPORT)()
    begun = 0
    while begun < limit:
        if clock.seconds > LONGEST_RUN:
            report.more = True
            return report
        claim = new_claim(worker)
        messages = claim_due(claim=claim, now=clock.now(), size=min(AT_ONCE, limit - begun))
        if not messages or not _send_chunk(messages, claim, wire, clock, report):
            return report
        begun += len(messages)
    report.more = True
    return report


def _send_chunk(
    messages: list[OutgoingMessage],
    claim: str,
    wire: Transport,
    clock: _Clock,
    report: SendReport,
) -> bool:
    """Send messages over one connection; return whether the server is there for more."""
    kept_at = clock.seconds
    try:
        for message in messages:
            if clock.seconds - kept_at > CLAIM_LEASE.total_seconds() / 3:
                keep_claim(claim=claim, now=clock.now())
                kept_at = clock.seconds
            if clock.seconds > LONGEST_RUN:
                return True
            wire.connect()
            state = _send(message, claim, wire, clock)
            report.states[state] += 1
    except ServerUnreachableError as error:
        give_back(claim=claim, next_attempt_at=clock.now() + SERVER_PAUSE, answer=str(error)[:500])
        return False
    finally:
        wire.close()
        give_back(claim=claim)
    return True


def _send(message: OutgoingMessage, claim: str, wire: Transport, clock: _Clock) -> str:
    """Send one message and return its new state, blank where it was no longer ours to send."""
    try:
        content = written_message(message, clock.now())
    except Exception as error:  # a text that no e-mail can have must not stop all the others
        logger.exception("message %s can't be written", message.key)
        refusal = Answer(Outcome.PERMANENT, f"It can't be written: {error}")
        return _finish(message, claim, refusal, clock.now(), among=(State.CLAIMED,))
    if not _begin(message, claim, clock.now()):
        return _not_begun(message, claim, clock.now())
    sender = bounce_address(pk=message.pk, key=message.key)
    try:
        answer = wire.send(sender=sender, recipient=on_the_wire(message.recipient), content=content)
    except ServerUnreachableError as error:
        _finish(message, claim, Answer(Outcome.TEMPORARY, str(error)), clock.now())
        raise
    return _finish(message, claim, answer, clock.now())


def _begin(message: OutgoingMessage, claim: str, now: dt.datetime) -> bool:
    """Mark the message as being sent, in one committed statement; False where it may not be.

    What was taken back, paused or suppressed until this moment is not begun.
    """
    steps = dt.timedelta(seconds=_STEPS * settings.EMAIL_TIMEOUT)
    with transaction.atomic(durable=True):
        begun = (
            OutgoingMessage.objects.filter(pk=message.pk, state=State.CLAIMED, claimed_by=claim)
            .exclude(Exists(standing_against(message)))
            .exclude(Exists(BatchHold.objects.filter(batch=message.batch)))
            .update(
                state=State.SENDING,
                sending_at=now,
                lease_until=now + steps,
                attempts=F("attempts") + 1,
            )
        )
    if begun:
        message.state = State.SENDING
        message.attempts += 1
    return bool(begun)


def _not_begun(message: OutgoingMessage, claim: str, now: dt.datetime) -> str:
    """Say why nothing was begun, if it is for good."""
    against = standing_against(message).first()
    if against is None:
        return ""
    suppressed = move(
        message,
        State.SUPPRESSED,
        now=now,
        among=(State.CLAIMED,),
        claim=claim,
        last_code=None,
        last_answer=OutgoingMessage.Note(f"={against.reason}"),
    )
    return State.SUPPRESSED if suppressed else ""


def _finish(
    message: OutgoingMessage,
    claim: str,
    answer: Answer,
    now: dt.datetime,
    *,
    among: tuple[str, ...] = (State.SENDING, State.UNCERTAIN),
) -> str:
    """Write down what the server said; return the new state, blank where it came too late.

    A message that was held for uncertain meanwhile, because the server was slow, is certain now.
    """
    state = _state_after(message, answer)
    fields: dict[str, Any] = {"last_code": answer.code, "last_answer": answer.text[:500]}
    if state == State.SENT:
        fields["sent_at"] = now
    elif state == State.TEMP_FAILED:
        fields["next_attempt_at"] = now + PAUSES[message.attempts - 1]
    with transaction.atomic():
        moved = move(message, state, now=now, among=among, claim=claim, **fields)
        if moved and answer.address_is_unknown:
            _note_refusal(message, answer, now)
    return state if moved else ""


def _note_refusal(message: OutgoingMessage, answer: Answer, now: dt.datetime) -> None:
    """Treat a refused address as a bounce. If a department can't, the refusal itself stays."""
    code = enhanced_code(answer.text) or str(answer.code or "")
    try:
        with transaction.atomic():
            note_bounce(message, kind="hard", code=code, reason=answer.text, now=now)
    except Exception:
        logger.exception("the refusal of %s could not be noted as a bounce", message.key)


def _state_after(message: OutgoingMessage, answer: Answer) -> str:
    match answer.outcome:
        case Outcome.ACCEPTED:
            return State.SENT
        case Outcome.UNKNOWN:
            return State.UNCERTAIN
        case Outcome.TEMPORARY if message.attempts <= len(PAUSES):
            return State.TEMP_FAILED
    return State.PERM_FAILED
