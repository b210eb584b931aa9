"""Messages to send in tests."""

import datetime as dt
import itertools
from typing import Any

from integration.models import OutgoingMessage
from integration.services import NewMessage, queue_messages, send_due

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
BATCH = "mailing:17"

_numbers = itertools.count(1)


def queue(*recipients: str, now: dt.datetime = NOON, **fields: Any) -> OutgoingMessage:
    """Queue a message to each recipient, in one go; return the row of the last one."""
    known = {
        "purpose": "mailing.notice",
        "batch": BATCH,
        "subject": "Su carta llega el jueves",
        "text": "Buenos días",
    }
    messages = [
        NewMessage(key=f"{BATCH}:test:{next(_numbers)}", recipient=recipient, **(known | fields))
        for recipient in recipients
    ]
    queue_messages(messages=messages, now=now)
    return OutgoingMessage.objects.get(key=messages[-1].key)


def queued(row: OutgoingMessage) -> OutgoingMessage:
    """Return the row as it is now."""
    return OutgoingMessage.objects.get(pk=row.pk)


def send(now: dt.datetime = NOON, **options: Any) -> Any:
    """Send what is due, as a worker does."""
    return send_due(now=now, worker="tests", **options)
