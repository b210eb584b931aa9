"""Questions about mailings, their recipients, how far they are and what came of them."""

from .approval import approval_hash, has_worked_on, mailing_settings
from .audience import check_audience, chosen_customers, unknown_numbers
from .copies import changed_since_frozen
from .estimates import Estimates, Postage, estimates
from .mailings import mailing_for, mailings_visible_to
from .merged import chunk_path, documents, letter_pdf, write_whole
from .progress import Progress, batch_of, is_over, progress
from .proofs import (
    email_preview,
    letters_pdf,
    message_of,
    notice_of,
    proof_recipients,
    recipient_for,
)
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
from .report import (
    LETTER_STATES,
    Report,
    letters_of,
    notice_table,
    report,
    report_rows,
    report_table,
)
from .schedule import arrival_days, notices_at, notices_wait_until, posting_day

__all__ = [
    "BOTH",
    "EMAIL_ONLY",
    "EXCLUDED",
    "LETTER_ONLY",
    "LETTER_STATES",
    "LISTS",
    "Estimates",
    "Lists",
    "Postage",
    "Progress",
    "Report",
    "approval_hash",
    "arrival_days",
    "batch_of",
    "changed_since_frozen",
    "check_audience",
    "chosen_customers",
    "chunk_path",
    "documents",
    "email_preview",
    "estimates",
    "has_worked_on",
    "is_over",
    "letter_pdf",
    "letters_of",
    "letters_pdf",
    "list_counts",
    "mailing_for",
    "mailing_settings",
    "mailings_visible_to",
    "message_of",
    "notice_of",
    "notice_table",
    "notices_at",
    "notices_wait_until",
    "posting_day",
    "preview_audience",
    "progress",
    "proof_recipients",
    "reason_counts",
    "recipient_for",
    "recipients_of",
    "report",
    "report_rows",
    "report_table",
    "unknown_numbers",
    "write_whole",
]
