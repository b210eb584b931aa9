"""How far a running mailing is, from its rows alone."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Q

from integration.models import OutgoingMessage
from integration.selectors import batch_counts
from mailing.models import Chunk, Mailing, PrintJob, Recipient

_MESSAGE: Final = OutgoingMessage.State
CHUNK_LOCK: Final = 7_302  # any number that no other advisory lock of ours uses
MERGES_AT_ONCE: Final = 2
_MERGED: Final = (Chunk.State.MERGED,)
OPEN_MESSAGES: Final = (_MESSAGE.QUEUED, _MESSAGE.CLAIMED, _MESSAGE.SENDING, _MESSAGE.TEMP_FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of letters and e-mails, and how long it will take.

    ``merged`` and ``printed`` count letters, ``pages_printed`` pages that printers have reported.
    ``per_second`` is the rate of what goes on now, merging before printing (letters); None where
    nothing is known yet. ``messages`` are the counts of ``integration.selectors.batch_counts``.
    """

    letters: int
    merged: int
    printed: int
    pages: int
    pages_printed: int
    sheets: int
    chunks: int
    failed_chunks: int
    emails: int
    emails_over: int
    messages: dict[str, int]
    per_second: float | None
    seconds_left: int | None

    @property
    def percent(self) -> int:
        """Return how much of letters and e-mails is over, in whole percent."""
        total = self.letters + self.emails
        return (self.printed + self.emails_over) * 100 // total if total else 100


def batch_of(mailing: Mailing) -> str:
    """Return the name under which e-mails and print jobs of the mailing are kept together."""
    return f"mailing:{mailing.pk}"


def message_key(mailing: Mailing, recipient: Recipient) -> str:
    """Return the key of a recipient's e-mail: the same whenever it is written."""
    return f"{batch_of(mailing)}:recipient:{recipient.pk}"


def mailing_of_batch(batch: str) -> int | None:
    """Return the id of the mailing of which this is the batch, None where it is none of ours."""
    kind, _colon, pk = batch.partition(":")
    return int(pk) if kind == "mailing" and pk.isdecimal() else None


def has_open_messages(batch: str) -> bool:
    """Say whether some e-mail of the batch is still to be sent."""
    return OutgoingMessage.objects.filter(batch=batch, state__in=OPEN_MESSAGES).exists()


def mailings_under_way() -> list[int]:
    """Return the ids of the mailings that are running."""
    running = Mailing.objects.filter(state=Mailing.State.RUNNING)
    return list(running.order_by("started_at").values_list("pk", flat=True))


def prints_to_conclude() -> list[int]:
    """Return the print jobs that are over, and whose part of a mailing was not told so."""
    parts = Chunk.objects.filter(
        Q(print_job__state=PrintJob.State.PRINTED)
        | Q(print_job__state=PrintJob.State.CANCELLED, mailing__state=Mailing.State.CANCELLED),
        state=Chunk.State.MERGED,
    )
    return [pk for pk in parts.values_list("print_job", flat=True) if pk is not None]


def mergers_missing(mailing_id: int) -> int:
    """Return how many more workers should merge parts of the mailing: up to MERGES_AT_ONCE."""
    chunks = Chunk.objects.filter(mailing=mailing_id)
    waiting = list(
        chunks.filter(state__in=[Chunk.State.WAITING, Chunk.State.MERGING]).values_list(
            "pk", flat=True
        )
    )
    to_hand_over = chunks.filter(state=Chunk.State.MERGED, print_job=None).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s "
            "AND objid::bigint = ANY(%s) AND granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
            [CHUNK_LOCK, waiting],
        )
        (busy,) = cursor.fetchone()
    free = len(waiting) - int(busy)
    return max(min(MERGES_AT_ONCE - int(busy), free), int(to_hand_over and not busy))


def progress(mailing: Mailing, *, now: dt.datetime) -> Progress:
    """Return how far the mailing is; four queries."""
    chunks = list(mailing.chunks.exclude(state=Chunk.State.CANCELLED))
    jobs = list(PrintJob.objects.filter(pk__in=[chunk.print_job_id for chunk in chunks]))
    final = (Chunk.State.PRINTED,) if mailing.printer_id else (*_MERGED, Chunk.State.PRINTED)
    emails = mailing.recipients.filter(notice_reason="").count()
    messages = batch_counts(batch_of(mailing))
    still_open = sum(messages[state] for state in OPEN_MESSAGES)
    rate, left = _pace(mailing, chunks, jobs, now)
    return Progress(
        letters=sum(chunk.letters for chunk in chunks),
        merged=sum(chunk.done for chunk in chunks),
        printed=sum(chunk.letters for chunk in chunks if chunk.state in final),
        pages=sum(chunk.pages for chunk in chunks),
        pages_printed=sum(job.pages_done for job in jobs),
        sheets=sum(chunk.sheets for chunk in chunks),
        chunks=len(chunks),
        failed_chunks=sum(chunk.state == Chunk.State.FAILED for chunk in chunks),
        emails=emails,
        emails_over=messages["total"] - still_open,
        messages=messages,
        per_second=rate,
        seconds_left=left,
    )


def is_over(mailing: Mailing) -> bool:
    """Say whether nothing more is to come: no part to print, no e-mail to write or to send."""
    final = [Chunk.State.PRINTED, Chunk.State.CANCELLED]
    if mailing.printer_id is None:
        final.append(Chunk.State.MERGED)
    if mailing.chunks.exclude(state__in=final).exists():
        return False
    if mailing.recipients.filter(notice_reason="", message="").exists():
        return False
    return not has_open_messages(batch_of(mailing))


def _pace(
    mailing: Mailing, chunks: list[Chunk], jobs: list[PrintJob], now: dt.datetime
) -> tuple[float | None, int | None]:
    """Return letters a second of what goes on, and the seconds until all is printed."""
    merging, printing = _merge_rate(chunks, now), _print_rate(jobs, now)
    letters = sum(chunk.letters for chunk in chunks)
    merged = sum(chunk.done for chunk in chunks)
    in_documents = sum(chunk.letters for chunk in chunks if chunk.pages)
    each = sum(chunk.pages for chunk in chunks) / in_documents if in_documents else 1
    to_merge = letters - merged
    to_print = letters * each - sum(job.pages_done for job in jobs) if mailing.printer_id else 0
    times = [
        left / rate for left, rate in ((to_merge, merging), (to_print, printing)) if left and rate
    ]
    rate = merging if to_merge else (printing and printing / each)
    return rate, math.ceil(max(times)) if times else None


def _merge_rate(chunks: list[Chunk], now: dt.datetime) -> float | None:
    """Return letters a second: those of one worker times the parts that are being merged."""
    spent, merged, at_once = dt.timedelta(), 0, 0
    for chunk in chunks:
        if not chunk.claimed_at or (not chunk.merged_at and chunk.state != Chunk.State.MERGING):
            continue
        spent += (chunk.merged_at or now) - chunk.claimed_at
        merged += chunk.done
        at_once += chunk.state == Chunk.State.MERGING
    return merged / spent.total_seconds() * max(at_once, 1) if merged and spent else None


def _print_rate(jobs: list[PrintJob], now: dt.datetime) -> float | None:
    """Return pages a second, of jobs that printers have taken."""
    spent, pages = dt.timedelta(), 0
    for job in jobs:
        if job.submitted_at:
            spent += (job.finished_at or now) - job.submitted_at
            pages += job.pages_done
    return pages / spent.total_seconds() if pages and spent else None
