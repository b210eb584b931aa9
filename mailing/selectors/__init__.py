"""Questions about mailings, their recipients, how far they are and what came of them."""

from .approval import approval_hash, has_worked_on, mailing_settings
from .audience import check_audience, chosen_customers, unknown_numbers
from .copies import changed_since_frozen
from .mailings import mailing_for, mailings_visible_to
from .progress import Progress, batch_of, is_over, progress
from .recipients import (
    BOTH,
    EMAIL_ONLY,
    EXCLUDED,
    LETTER_ONLY,
    LISTS,
    Lists,
    list_counts,
    preview_audience,
    reason_counts,
    recipients_of,
)
from .schedule import arrival_days, notices_at, posting_day

__all__ = [
    "BOTH",
    "EMAIL_ONLY",
    "EXCLUDED",
    "LETTER_ONLY",
    "LISTS",
    "Lists",
    "Progress",
    "approval_hash",
    "arrival_days",
    "batch_of",
    "changed_since_frozen",
    "check_audience",
    "chosen_customers",
    "has_worked_on",
    "is_over",
    "list_counts",
    "mailing_for",
    "mailing_settings",
    "mailings_visible_to",
    "notices_at",
    "posting_day",
    "preview_audience",
    "progress",
    "reason_counts",
    "recipients_of",
    "unknown_numbers",
]
