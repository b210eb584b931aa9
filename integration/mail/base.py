"""What every way out for e-mail offers, in plain values.

A way is one module with a class that fulfils ``Transport``; ``settings.MAIL_TRANSPORT`` names it by
its dotted path.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class ServerUnreachableError(Exception):
    """Nobody answers, or refuses to talk with us at all. Nothing was handed over."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a message. ``media_type`` may have parameters."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What is written on a message and in it."""

    message_id: str
    moment: dt.datetime
    recipient: str
    subject: str
    text: str
    recipient_name: str = ""
    sender_name: str = ""
    reply_to: str = ""
    language: str = ""
    html: str = ""
    unsubscribe_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[File] = ()


class Outcome(StrEnum):
    """What came of handing a message over."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"  # not now: try again later
    PERMANENT = "permanent"
    UNKNOWN = "unknown"  # the text was on its way when the connection broke


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer. ``code`` is that of SMTP, None where nothing was said."""

    outcome: Outcome
    text: str
    code: int | None = None
    address_is_unknown: bool = False


class Transport(Protocol):
    """A way out; used by one worker at a time, for many messages."""

    def connect(self) -> None:
        """Be ready to hand over.

        Raises:
            ServerUnreachableError: nobody takes anything at present.
        """
        ...

    def send(self, *, sender: str, recipient: str, content: bytes) -> Answer:
        """Hand one message over; ``sender`` is where reports go (the envelope).

        Raises:
            ServerUnreachableError: the connection was lost before the text was begun, and could
                not be opened again. Nothing was handed over.
        """
        ...

    def close(self) -> None:
        """Say goodbye. Never fails."""
        ...
