"""A message as it is written on the wire, for sending and for looking at it."""

import datetime as dt
from functools import lru_cache

from integration.mail.base import File, Mail
from integration.mail.mime import build
from integration.models import MessageFile, OutgoingMessage


def written_message(message: OutgoingMessage, moment: dt.datetime) -> bytes:
    """Return the bytes of the message, dated ``moment``."""
    return build(
        Mail(
            message_id=message.message_id,
            moment=moment,
            recipient=message.recipient,
            recipient_name=message.recipient_name,
            sender_name=message.sender_name,
            reply_to=message.reply_to,
            language=message.language,
            subject=message.subject,
            text=message.text,
            html=message.html,
            unsubscribe_url=message.unsubscribe_url,
            headers=message.headers,
            files=[
                File(file.name, file.media_type, _content(file.file_id))
                for file in message.attachments.all()
            ],
        )
    )


@lru_cache(maxsize=8)
def _content(sha256: str) -> bytes:
    """Return what thousands of messages may share; it never changes."""
    return bytes(MessageFile.objects.get(pk=sha256).content)
