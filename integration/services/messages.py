"""Put outgoing e-mail into the queue, pause it, take it back. A key is queued once, for ever."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from itertools import islice

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from integration.models import BatchHold, MessageAttachment, MessageFile, OutgoingMessage
from integration.signals import messages_queued

from .events import record_event
from .suppressions import Who

State = OutgoingMessage.State

# What a worker has not begun to hand over can still be taken back.
NOT_BEGUN = (State.QUEUED, State.TEMP_FAILED, State.CLAIMED)

_ROWS_AT_ONCE = 500
_LONGEST_SUBJECT = 300
_LONGEST_ADDRESS = 254
_PURPOSE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_OURS = {  # headers that the message itself, or the sending, writes
    *("from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id"),
    *("return-path", "mime-version", "content-type", "content-transfer-encoding"),
    *("list-unsubscribe", "list-unsubscribe-post", "auto-submitted"),
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to go with a message; the same content is stored once for all messages."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A finished e-mail: the department has written the text in the recipient's language.

    ``key`` must be the same whenever the same e-mail is asked for ("mailing:17:recipient:342").
    ``purpose`` is dotted words, registered by ``selectors.register_purpose``. With
    ``unsubscribe_url`` it is mass mail: it carries List-Unsubscribe (RFC 8058), respects who has
    unsubscribed, and lets other e-mail go first. ``not_before`` (aware) is now by default.
    """

    key: str
    purpose: str
    recipient: str
    subject: str
    text: str
    html: str = ""
    recipient_name: str = ""
    batch: str = ""
    customer_number: str = ""
    language: str = ""
    sender_name: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    unsubscribe_url: str = ""
    not_before: dt.datetime | None = None
    attachments: Sequence[Attachment] = ()


def queue_message(*, message: NewMessage, now: dt.datetime) -> OutgoingMessage:
    """Queue one message and return its row, the one that is there if the key is known.

    Raises:
        ValueError: see ``queue_messages``.
    """
    queue_messages(messages=[message], now=now)
    return OutgoingMessage.objects.get(key=message.key)


@transaction.atomic
def queue_messages(*, messages: Iterable[NewMessage], now: dt.datetime) -> int:
    """Queue many messages; return how many are new. A key that is known changes nothing.

    They go out after the commit, ``not_before`` permitting. A recipient that is no e-mail address
    is kept as failed, so that nobody is missing from a report.

    Raises:
        ValueError: a purpose, a header, a subject is written in a way that no e-mail can have.
    """
    new = sum(_insert(chunk, now) for chunk in _in_chunks(messages))
    if new:
        messages_queued.send(sender=OutgoingMessage, count=new)
    return new


@transaction.atomic
def cancel_messages(
    *, batch: str = "", keys: Sequence[str] = (), actor: Who, now: dt.datetime
) -> int:
    """Take back the messages of a batch, or of keys, that no worker has begun; return how many.

    What is being sent at this moment is sent. Safe to repeat.

    Raises:
        ValueError: neither a batch nor keys are named.
    """
    if not batch and not keys:
        msg = "name a batch or keys"
        raise ValueError(msg)
    rows = OutgoingMessage.objects.filter(state__in=NOT_BEGUN)
    rows = rows.filter(batch=batch) if batch else rows.filter(key__in=keys)
    count = rows.update(state=State.CANCELLED, lease_until=None)
    if count:
        subject = ("batch", batch) if batch else ("message", keys[0])
        record_event(
            type="messages.cancelled", actor=actor, subject=subject, data={"count": count}, now=now
        )
    return count


@transaction.atomic
def hold_batch(*, batch: str, actor: Who, now: dt.datetime) -> None:
    """Pause a batch: nothing of it is begun any more, neither old nor new. Safe to repeat."""
    _row, created = BatchHold.objects.get_or_create(batch=batch, defaults={"since": now})
    if created:
        record_event(type="messages.held", actor=actor, subject=("batch", batch), now=now)


@transaction.atomic
def release_batch(*, batch: str, actor: Who, now: dt.datetime) -> None:
    """Let a paused batch go on where it was. Safe to repeat."""
    deleted, _by_model = BatchHold.objects.filter(batch=batch).delete()
    if deleted:
        record_event(type="messages.released", actor=actor, subject=("batch", batch), now=now)
        messages_queued.send(
            sender=OutgoingMessage,
            count=OutgoingMessage.objects.filter(batch=batch, state__in=NOT_BEGUN).count(),
        )


def message_id_of(key: str) -> str:
    """Return the Message-ID of a key, always the same: mail programs show doubles once."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def _in_chunks(messages: Iterable[NewMessage]) -> Iterator[list[NewMessage]]:
    source = iter(messages)
    while chunk := list(islice(source, _ROWS_AT_ONCE)):
        yield chunk


def _insert(chunk: list[NewMessage], now: dt.datetime) -> int:
    known = set(
        OutgoingMessage.objects.filter(key__in=[one.key for one in chunk]).values_list(
            "key", flat=True
        )
    )
    fresh = {one.key: one for one in reversed(chunk) if one.key not in known}
    # Another process may be queueing the same keys at this moment: whoever is first wins.
    OutgoingMessage.objects.bulk_create(
        [_row(one, now) for one in reversed(fresh.values())], ignore_conflicts=True
    )
    _attach([one for one in fresh.values() if one.attachments])
    return len(fresh)


def _row(message: NewMessage, now: dt.datetime) -> OutgoingMessage:
    _check(message)
    starts_at = message.not_before or now
    row = OutgoingMessage(
        key=message.key,
        purpose=message.purpose,
        batch=message.batch,
        bulk=bool(message.unsubscribe_url),
        customer_number=message.customer_number,
        recipient=message.recipient[:_LONGEST_ADDRESS],
        recipient_name=message.recipient_name,
        domain=message.recipient.rpartition("@")[2].lower(),
        sender_name=message.sender_name,
        reply_to=message.reply_to,
        language=message.language,
        subject=message.subject,
        text=message.text,
        html=message.html,
        headers=dict(message.headers),
        unsubscribe_url=message.unsubscribe_url,
        message_id=message_id_of(message.key),
        not_before=starts_at,
        next_attempt_at=starts_at,
        created_at=now,
    )
    if not _is_address(message.recipient):
        row.state, row.last_answer = State.PERM_FAILED, OutgoingMessage.Note.NO_ADDRESS
    return row


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= _LONGEST_ADDRESS


def _check(message: NewMessage) -> None:
    problems = [
        (not _PURPOSE.fullmatch(message.purpose), "the purpose must be dotted lower-case words"),
        (not 0 < len(message.subject.strip()) <= _LONGEST_SUBJECT, "the subject is blank or long"),
        (_is_broken(message.subject, message.recipient_name, message.sender_name), "line break"),
        (_is_broken(message.unsubscribe_url, *message.headers.values()), "line break in a header"),
        (not all(_HEADER.fullmatch(name) for name in message.headers), "name of a header"),
        (bool(_OURS & {name.lower() for name in message.headers}), "that header is not yours"),
    ]
    for is_wrong, what in problems:
        if is_wrong:
            msg = f"message {message.key}: {what}"
            raise ValueError(msg)


def _is_broken(*texts: str) -> bool:
    return any("\n" in text or "\r" in text for text in texts)


def _attach(messages: list[NewMessage]) -> None:
    if not messages:
        return
    pks = dict(
        OutgoingMessage.objects.filter(key__in=[one.key for one in messages]).values_list(
            "key", "pk"
        )
    )
    files: dict[int, MessageFile] = {}  # by identity: thousands may share one content
    for attachment in (file for message in messages for file in message.attachments):
        if id(attachment.content) not in files:
            files[id(attachment.content)] = _file(attachment.content)
    MessageFile.objects.bulk_create(
        {file.sha256: file for file in files.values()}.values(), ignore_conflicts=True
    )
    MessageAttachment.objects.bulk_create(
        [
            MessageAttachment(
                message_id=pks[message.key],
                position=position,
                name=file.name,
                media_type=file.media_type,
                file_id=files[id(file.content)].sha256,
            )
            for message in messages
            for position, file in enumerate(message.attachments)
        ],
        ignore_conflicts=True,
    )


def _file(content: bytes) -> MessageFile:
    digest = hashlib.sha256(content).hexdigest()
    return MessageFile(sha256=digest, content=content, size=len(content))
