"""Merge the parts of a mailing into PDFs, one part at a time, and hand them to the printer.

The chunk is the queue. Who merges one holds an advisory lock of the database: it ends with the
process, so that a part whose worker was killed is free at once. The document is written beside
its place and moved there, and everything else is told in one transaction: a part is merged whole
or not at all, and merging it again writes the same bytes.
"""

import datetime as dt
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Channel
from customers.selectors import opted_out
from customers.services import Who
from integration.services import SYSTEM
from mailing.models import Chunk, Mailing, Recipient
from mailing.selectors.copies import changed_among
from mailing.selectors.field_values import occasion
from mailing.selectors.leaves import Leaf, leaves_of
from mailing.selectors.merged import chunk_path, document_of, is_duplex
from mailing.selectors.progress import CHUNK_LOCK
from mailing.signals import mailing_has_work
from toolkit.errors import DomainError
from toolkit.pdf import Letter, PageRange, write_letters

from .chunk_printing import hand_to_printer
from .mailings import lock_mailing, record_mailing_event
from .running import finish_if_over, report_to_job

logger = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]

_TELL_EVERY: Final = dt.timedelta(seconds=1)
_MERGEABLE: Final = (Chunk.State.WAITING, Chunk.State.MERGING)
_AT_ONCE: Final = 500
# A part whose workers die again and again kills them itself: a person has to look at it.
_ATTEMPTS: Final = 6


class ChunkStateError(DomainError):
    """The part is in a state in which this cannot be done."""

    code = "chunk-state"
    title = gettext_lazy("Not possible in this state")


class _StoppedError(Exception):
    """Somebody cancelled the mailing while a part was being merged."""


def merge_next(*, mailing_id: int, clock: Clock) -> bool:
    """Merge one part that nobody else is merging; return whether there was one.

    A part that can't be merged is marked as failed, with the reason, and the others go on.
    """
    waiting = Chunk.objects.filter(
        mailing=mailing_id, mailing__state=Mailing.State.RUNNING, state__in=_MERGEABLE
    )
    for chunk_id in waiting.order_by("number").values_list("pk", flat=True):
        with _alone(chunk_id) as alone:
            if alone and _merge(chunk_id, clock):
                return True
    return False


@transaction.atomic
def retry_chunk(*, chunk: Chunk, actor: Who, now: dt.datetime) -> Chunk:
    """Merge a part again that could not be merged.

    Raises:
        ChunkStateError: it has not failed.
        MailingStateError: the mailing is not under way.
    """
    mailing = lock_mailing(chunk.mailing, Mailing.State.RUNNING, Mailing.State.PAUSED)
    changed = mailing.chunks.filter(pk=chunk.pk, state=Chunk.State.FAILED).update(
        state=Chunk.State.WAITING, reason="", done=0, claimed_at=None, attempts=0
    )
    if not changed:
        raise ChunkStateError(_("Only a part that failed can be tried again."))
    data = {"part": chunk.number}
    record_mailing_event(mailing, "part_retried", actor=actor, now=now, data=data)
    mailing_has_work.send(sender=Mailing, mailing_id=mailing.pk)
    chunk.refresh_from_db()
    return chunk


@contextmanager
def _alone(chunk_id: int) -> Iterator[bool]:
    """Answer whether nobody else merges the chunk, and keep others away while the block runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [CHUNK_LOCK, chunk_id])
        (alone,) = cursor.fetchone()
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [CHUNK_LOCK, chunk_id])


def _merge(chunk_id: int, clock: Clock) -> bool:
    chunk = _claim(chunk_id, clock())
    if chunk is None:
        return False
    target = chunk_path(chunk, chunk.mailing)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        recipients = list(
            chunk.recipients.select_related("customer")
            .filter(letter_reason="")
            .order_by("position")
        )
        pages = _write(chunk, recipients, beside, clock) if recipients else []
        _conclude(chunk, recipients, pages, beside, clock())
    except _StoppedError:
        logger.info("part %s of mailing %s was cancelled", chunk.number, chunk.mailing_id)
    except Exception:
        logger.exception("part %s of mailing %s failed", chunk.number, chunk.mailing_id)
        _fail(chunk, clock())
    finally:
        beside.unlink(missing_ok=True)
    report_to_job(mailing_id=chunk.mailing_id, now=clock())
    finish_if_over(mailing_id=chunk.mailing_id, now=clock())
    return True


@transaction.atomic
def _claim(chunk_id: int, now: dt.datetime) -> Chunk | None:
    """Mark the part as being merged; None where the mailing was paused, cancelled, or it is done.

    Who has meanwhile said not to want letters gets none; who was meanwhile corrected is noted.
    """
    chunk = Chunk.objects.select_related("mailing__letter__template", "mailing__printer").get(
        pk=chunk_id
    )
    mailing = lock_mailing(chunk.mailing)
    claimed = mailing.chunks.filter(pk=chunk_id, state__in=_MERGEABLE)
    if mailing.state != Mailing.State.RUNNING or not claimed.update(
        state=Chunk.State.MERGING, claimed_at=now, done=0, reason="", attempts=F("attempts") + 1
    ):
        return None
    if chunk.attempts >= _ATTEMPTS:
        _fail(chunk, now)
        return None
    _respect_wishes(chunk)
    touched = chunk.recipients.filter(customer__updated_at__gt=mailing.frozen_at)
    outdated = [old.pk for old, _new in changed_among(mailing, touched, now=now)]
    chunk.recipients.filter(pk__in=outdated).update(outdated=True)
    chunk.letters = chunk.recipients.filter(letter_reason="").count()
    chunk.save(update_fields=["letters"])
    return chunk


def _respect_wishes(chunk: Chunk) -> None:
    numbers = list(chunk.recipients.values_list("customer_number", flat=True))
    refused = opted_out(numbers=numbers, channel=Channel.LETTER)
    chunk.recipients.filter(customer_number__in=refused).update(
        letter_reason=Recipient.Reason.OPTED_OUT
    )


def _write(
    chunk: Chunk, recipients: list[Recipient], beside: Path, clock: Clock
) -> list[tuple[Leaf, PageRange]]:
    """Write the document; return each leaf with its pages."""
    beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mailing = chunk.mailing
    leaves: list[Leaf] = []

    def told() -> Iterator[Leaf]:
        done, next_time = 0, clock() + _TELL_EVERY
        for leaf in leaves_of(occasion(mailing, now=clock()), recipients):
            yield leaf
            done += len(leaf.recipients)
            if clock() >= next_time:
                _tell(chunk, done)
                next_time = clock() + _TELL_EVERY

    def letters() -> Iterator[Letter]:
        for leaf in told():
            leaves.append(leaf)
            yield leaf.letter

    with beside.open("wb") as out:
        ranges = write_letters(letters(), out, duplex=is_duplex(mailing))
        out.flush()
        os.fsync(out.fileno())
    return list(zip(leaves, ranges, strict=True))


def _tell(chunk: Chunk, done: int) -> None:
    """Let others see how far the part is, and stop where it is not wanted any more."""
    if not Chunk.objects.filter(pk=chunk.pk, state=Chunk.State.MERGING).update(done=done):
        raise _StoppedError


@transaction.atomic
def _conclude(
    chunk: Chunk,
    recipients: list[Recipient],
    pages: list[tuple[Leaf, PageRange]],
    beside: Path,
    now: dt.datetime,
) -> None:
    """Put the document in its place and tell everything about it, whole or not at all."""
    mailing = lock_mailing(chunk.mailing)
    row = mailing.chunks.select_for_update(of=("self",)).get(pk=chunk.pk)
    if row.state != Chunk.State.MERGING:
        raise _StoppedError
    row.letters = row.done = len(recipients)
    row.merged_at = now
    if not pages:  # everybody in it has meanwhile said not to want letters
        row.state = Chunk.State.CANCELLED
        row.save(update_fields=["state", "letters", "done", "merged_at"])
        return
    last = pages[-1][1]
    row.state, row.pages = Chunk.State.MERGED, last.last + last.padding
    row.sheets = -(-row.pages // 2) if is_duplex(mailing) else row.pages
    row.sha256, row.document = _digest(beside), document_of(row, mailing)
    _note_pages(pages)
    beside.replace(chunk_path(row, mailing))
    row.save(
        update_fields=[
            *("state", "letters", "done", "merged_at"),
            *("pages", "sheets", "sha256", "document"),
        ]
    )
    hand_to_printer(chunk=row, mailing=mailing, now=now)


def _note_pages(pages: list[tuple[Leaf, PageRange]]) -> None:
    recipients = []
    for leaf, where in pages:
        for recipient in leaf.recipients:
            recipient.first_page, recipient.last_page = where.first, where.last
            recipients.append(recipient)
    Recipient.objects.bulk_update(recipients, ["first_page", "last_page"], batch_size=_AT_ONCE)


@transaction.atomic
def _fail(chunk: Chunk, now: dt.datetime) -> None:
    mailing = lock_mailing(chunk.mailing)
    reason = _("The letters of this part could not be made: see the log.")
    if mailing.chunks.filter(pk=chunk.pk, state=Chunk.State.MERGING).update(
        state=Chunk.State.FAILED, reason=reason
    ):
        data = {"part": chunk.number}
        record_mailing_event(mailing, "part_failed", actor=SYSTEM, now=now, data=data)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
