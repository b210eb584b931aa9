"""How far a running mailing is, from its rows alone."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from integration.models import OutgoingMessage
from integration.selectors import batch_counts
from mailing.models import Chunk, Mailing, PrintJob

_MESSAGE: Final = OutgoingMessage.State
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


def progress(mailing: Mailing, *, now: dt.datetime) -> Progress:
    """Return how far the mailing is; four queries."""
    chunks = mailing.chunks.aggregate(
        letters=Coalesce(Sum("letters"), 0),
        merged=Coalesce(Sum("done"), 0),
        printed=Coalesce(Sum("letters", filter=Q(state=Chunk.State.PRINTED)), 0),
        pages=Coalesce(Sum("pages"), 0),
        sheets=Coalesce(Sum("sheets"), 0),
        chunks=Count("pk"),
        failed_chunks=Count("pk", filter=Q(state=Chunk.State.FAILED)),
    )
    jobs = PrintJob.objects.filter(chunk_jobs(mailing)).aggregate(
        pages_printed=Coalesce(Sum("pages_done"), 0)
    )
    emails = mailing.recipients.filter(notice_reason="").count()
    messages = batch_counts(batch_of(mailing))
    still_open = sum(messages[state] for state in OPEN_MESSAGES)
    if mailing.printer_id is None:
        chunks["printed"] = chunks["merged"]
    rate, left = _pace(mailing, chunks, jobs["pages_printed"], now)
    return Progress(
        **chunks,
        **jobs,
        emails=emails,
        emails_over=messages["total"] - still_open,
        messages=messages,
        per_second=rate,
        seconds_left=left,
    )


def chunk_jobs(mailing: Mailing) -> Q:
    """Return which print jobs are those of the mailing's parts, reprints left out."""
    return Q(pk__in=mailing.chunks.exclude(print_job=None).values("print_job"))


def is_over(mailing: Mailing) -> bool:
    """Say whether nothing more is to come: no part to print, no e-mail to write or to send."""
    final = [Chunk.State.PRINTED, Chunk.State.CANCELLED]
    if mailing.printer_id is None:
        final.append(Chunk.State.MERGED)
    if mailing.chunks.exclude(state__in=final).exists():
        return False
    if mailing.recipients.filter(notice_reason="", message="").exists():
        return False
    return not OutgoingMessage.objects.filter(
        batch=batch_of(mailing), state__in=OPEN_MESSAGES
    ).exists()


def _pace(
    mailing: Mailing, chunks: dict[str, int], pages_printed: int, now: dt.datetime
) -> tuple[float | None, int | None]:
    """Return letters a second of what goes on, and the seconds until all is printed."""
    merging = _merge_rate(mailing, now)
    printing = _print_rate(mailing, now)
    per_letter = chunks["pages"] / chunks["merged"] if chunks["merged"] else 1
    to_merge = chunks["letters"] - chunks["merged"]
    to_print = chunks["letters"] * per_letter - pages_printed if mailing.printer_id else 0
    times = [
        left / rate for left, rate in ((to_merge, merging), (to_print, printing)) if left and rate
    ]
    rate = merging if to_merge else (printing / per_letter if printing else None)
    return rate, round(max(times)) if times else None


def _merge_rate(mailing: Mailing, now: dt.datetime) -> float | None:
    """Return letters a second: those of one worker times the parts that are being merged."""
    spent, merged, at_once = dt.timedelta(), 0, 0
    rows = mailing.chunks.exclude(claimed_at=None)
    for chunk in rows:
        if not chunk.claimed_at or (not chunk.merged_at and chunk.state != Chunk.State.MERGING):
            continue
        spent += (chunk.merged_at or now) - chunk.claimed_at
        merged += chunk.done
        at_once += chunk.state == Chunk.State.MERGING
    return merged / spent.total_seconds() * max(at_once, 1) if merged and spent else None


def _print_rate(mailing: Mailing, now: dt.datetime) -> float | None:
    """Return pages a second, of jobs that printers have taken."""
    spent, pages = dt.timedelta(), 0
    for job in PrintJob.objects.filter(chunk_jobs(mailing)):
        if job.submitted_at:
            spent += (job.finished_at or now) - job.submitted_at
            pages += job.pages_done
    return pages / spent.total_seconds() if pages and spent else None
