"""What happened, long work with its progress, answers given once, and e-mail on its way out."""

from .events import Event, new_event_id
from .jobs import Job
from .keys import IdempotencyKey, MachineKey
from .messages import (
    BatchHold,
    Channel,
    MessageAttachment,
    MessageFile,
    OutgoingMessage,
    Suppression,
)

__all__ = [
    "BatchHold",
    "Channel",
    "Event",
    "IdempotencyKey",
    "Job",
    "MachineKey",
    "MessageAttachment",
    "MessageFile",
    "OutgoingMessage",
    "Suppression",
    "new_event_id",
]
