"""Read what comes back: reports of failed delivery and of complaints."""

import datetime as dt
import logging
import mailbox
from collections import Counter
from pathlib import Path

from django.db import transaction

from integration.mail.reports import Kind, Report, read_report
from integration.mail.verp import is_genuine, tokens_in
from integration.models import OutgoingMessage, Suppression

from .messages_outcomes import move, note_bounce
from .suppressions import suppress

logger = logging.getLogger(__name__)

State = OutgoingMessage.State
UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 (a word, no secret)
KEPT_ASIDE = "Unread"  # folder of the Maildir for what says nothing to us

_PROVES_IT_WAS_TAKEN = (Kind.HARD, Kind.SOFT, Kind.DELAYED, Kind.DELIVERED, Kind.COMPLAINT)


@transaction.atomic
def receive_report(*, content: bytes, now: dt.datetime, recipient: str = "") -> str:
    """Read a mail that came to the address for reports; return the kind of report it was.

    Only a token of ours counts, whatever else is written in it: then the message is known, and
    with it the address that may be suppressed. Safe to repeat. ``recipient`` is the address it
    was delivered to, where the mail server says so.

    Returns:
        A ``Kind`` (``hard``, ``soft``, ``delayed``, ``delivered``, ``complaint``, ``no_report``),
        or ``unknown_token`` for what carries none of ours.
    """
    report = read_report(content, recipient=recipient)
    message = _message_of(report)
    if message is None:
        return UNKNOWN_TOKEN
    if report.kind in _PROVES_IT_WAS_TAKEN:
        move(
            message,
            State.SENT,
            now=now,
            among=(State.UNCERTAIN,),
            sent_at=message.sending_at or now,
        )
    if report.kind in (Kind.HARD, Kind.SOFT):
        note_bounce(message, kind=report.kind, code=report.code, reason=report.reason, now=now)
    elif report.kind == Kind.COMPLAINT:
        suppress(
            email=message.recipient,
            reason=Suppression.Reason.COMPLAINT,
            detail=report.reason,
            message_key=message.key,
            actor="mail",
            now=now,
        )
    return report.kind


def read_maildir(*, folder: Path, now: dt.datetime) -> Counter[str]:
    """Read all reports in a Maildir and remove them; return how many of which kind.

    What carries no token of ours, or is no report, is moved into its folder ``Unread``. A report
    that could not be worked off stays, and is read again the next time.
    """
    box = mailbox.Maildir(folder, factory=None, create=False)
    counts: Counter[str] = Counter()
    for name in sorted(box.keys()):
        try:
            kind = receive_report(content=box.get_bytes(name), now=now)
        except Exception:
            logger.exception("the report %s could not be worked off", name)
            kind = "error"
        else:
            if kind in {UNKNOWN_TOKEN, Kind.NO_REPORT}:
                box.add_folder(KEPT_ASIDE).add(box.get_bytes(name))
            box.discard(name)
        counts[kind] += 1
    return counts


def _message_of(report: Report) -> OutgoingMessage | None:
    for address in report.addresses:
        for pk, signature in tokens_in(address):
            message = OutgoingMessage.objects.filter(pk=pk).first()
            if message and is_genuine(pk=pk, key=message.key, signature=signature):
                return message
    return None
