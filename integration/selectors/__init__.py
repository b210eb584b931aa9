"""Questions about what happened, long work, answers given, and outgoing e-mail."""

from .events import events, events_about, events_of_customer, events_visible_to
from .jobs import answer_given, get_job_for, job, jobs_visible_to
from .message_words import MESSAGE_WORDS
from .messages import (
    batch_counts,
    get_message_for,
    is_held,
    message,
    messages_of_batch,
    messages_visible_to,
    standing_against,
    state_counts,
    suppressed_emails,
)
from .purposes import purpose_choices, purpose_label, purposes_told_to, register_purpose
from .suppressions import suppressions_visible_to
from .written import written_message

__all__ = [
    "MESSAGE_WORDS",
    "answer_given",
    "batch_counts",
    "events",
    "events_about",
    "events_of_customer",
    "events_visible_to",
    "get_job_for",
    "get_message_for",
    "is_held",
    "job",
    "jobs_visible_to",
    "message",
    "messages_of_batch",
    "messages_visible_to",
    "purpose_choices",
    "purpose_label",
    "purposes_told_to",
    "register_purpose",
    "standing_against",
    "state_counts",
    "suppressed_emails",
    "suppressions_visible_to",
    "written_message",
]
