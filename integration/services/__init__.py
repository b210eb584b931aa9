"""What integration does: record events, keep jobs, remember answers, issue tokens, send e-mail."""

from .events import SYSTEM, Actor, machine, number_events, record_event, record_events
from .idempotency import forget_expired, lock_key, remember_answer
from .jobs import begin_job, fail_job, finish_job, report_progress, start_job
from .messages import (
    Attachment,
    NewMessage,
    cancel_messages,
    hold_batch,
    queue_message,
    queue_messages,
    release_batch,
)
from .messages_bounces import read_maildir, receive_report
from .messages_claims import take_up_abandoned
from .messages_people import (
    AGAIN,
    MessageStateError,
    MessageSuppressedError,
    confirm_message,
    resend_message,
)
from .messages_sending import SendReport, send_due
from .suppressions import lift_suppression, lift_suppressions, suppress
from .tokens import issue_machine_key, issue_token

__all__ = [
    "AGAIN",
    "SYSTEM",
    "Actor",
    "Attachment",
    "MessageStateError",
    "MessageSuppressedError",
    "NewMessage",
    "SendReport",
    "begin_job",
    "cancel_messages",
    "confirm_message",
    "fail_job",
    "finish_job",
    "forget_expired",
    "hold_batch",
    "issue_machine_key",
    "issue_token",
    "lift_suppression",
    "lift_suppressions",
    "lock_key",
    "machine",
    "number_events",
    "queue_message",
    "queue_messages",
    "read_maildir",
    "receive_report",
    "record_event",
    "record_events",
    "release_batch",
    "remember_answer",
    "report_progress",
    "resend_message",
    "send_due",
    "start_job",
    "suppress",
    "take_up_abandoned",
]
