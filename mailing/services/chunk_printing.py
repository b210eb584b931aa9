"""Hand merged parts to the printer, hear what became of them, print some of them again."""

import datetime as dt
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services import Who
from customers.services.actors import user_of
from integration.services import SYSTEM, record_events
from mailing.documents.addressing import STOCKS
from mailing.models import Chunk, Mailing, PrintJob
from mailing.selectors.merged import is_duplex
from mailing.selectors.progress import batch_of
from toolkit.errors import DomainError

from .mailings import lock_mailing, record_mailing_event, save_mailing
from .printing import enqueue_print, reprint
from .running import finish_if_over, report_to_job

_HAS_LETTERS: Final = (
    Mailing.State.RUNNING,
    Mailing.State.PAUSED,
    Mailing.State.DONE,
    Mailing.State.CANCELLED,
)
_FINAL: Final = (Chunk.State.PRINTED, Chunk.State.CANCELLED)


class NothingToPrintError(DomainError):
    """There is nothing merged among these recipients, or no printer."""

    code = "nothing-to-print"
    title = gettext_lazy("Nothing to print")


def hand_to_printer(*, chunk: Chunk, mailing: Mailing, now: dt.datetime) -> None:
    """Put a merged part into the printer's queue, held back while the mailing is paused.

    Call it with the mailing locked. Where the printer is out of use the part waits for another.
    """
    if mailing.printer is None or not mailing.printer.active:
        return
    chunk.prints += 1
    chunk.print_job = enqueue_print(
        key=_key(mailing, chunk),
        batch=batch_of(mailing),
        printer=mailing.printer,
        title=_title(mailing, chunk),
        document=chunk.document,
        pages=chunk.pages,
        requested_by=None,
        actor=SYSTEM,
        now=now,
        options=print_options(mailing),
        held=mailing.state == Mailing.State.PAUSED,
    )
    chunk.save(update_fields=["prints", "print_job"])


def print_options(mailing: Mailing) -> dict[str, Any]:
    """Return what print jobs of the mailing want otherwise than the printer's settings say."""
    if mailing.output == Mailing.Output.LETTERS:
        return {"duplex": is_duplex(mailing)}
    media = STOCKS[mailing.output].media
    return {"duplex": False} | ({"media": media} if media else {})


@transaction.atomic
def hand_over(*, mailing_id: int, now: dt.datetime) -> int:
    """Hand over the parts that are merged and in no printer's queue; return how many."""
    mailing = lock_mailing(Mailing(pk=mailing_id))
    if mailing.state != Mailing.State.RUNNING or mailing.printer is None:
        return 0
    waiting = list(mailing.chunks.filter(state=Chunk.State.MERGED, print_job=None))
    for chunk in waiting:
        hand_to_printer(chunk=chunk, mailing=mailing, now=now)
    return len(waiting)


@transaction.atomic
def conclude_print(*, print_job_id: int, now: dt.datetime) -> None:
    """Write down at a part what became of its print job. Safe to repeat.

    Printed: each customer has it on the timeline. Otherwise the part waits for a person, saying
    why: the job can be tried again or decided upon, or what is missing printed from some letter on.
    """
    found = Chunk.objects.filter(print_job=print_job_id).select_related("mailing").first()
    if found is None:
        return  # a proof, a reprint, or nothing of ours
    mailing = lock_mailing(found.mailing)
    chunk = (
        mailing.chunks.select_for_update(of=("self",)).select_related("print_job").get(pk=found.pk)
    )
    job = chunk.print_job
    if job is None or chunk.state != Chunk.State.MERGED:
        return
    match job.state:
        case PrintJob.State.PRINTED:
            _mark_printed(chunk, mailing, now)
        case PrintJob.State.CANCELLED if mailing.state == Mailing.State.CANCELLED:
            chunk.state = Chunk.State.CANCELLED
            chunk.save(update_fields=["state"])


@transaction.atomic
def mark_printed(*, chunk: Chunk, actor: Who, now: dt.datetime) -> Chunk:
    """Take a merged part as printed: somebody has seen it, or printed the downloaded file.

    Raises:
        NothingToPrintError: it is not merged, or printed already.
        MailingStateError: the mailing is not under way.
    """
    mailing = lock_mailing(chunk.mailing, Mailing.State.RUNNING, Mailing.State.PAUSED)
    locked = mailing.chunks.select_for_update(of=("self",)).get(pk=chunk.pk)
    if locked.state != Chunk.State.MERGED:
        raise NothingToPrintError(_("This part is not merged, or it is printed."))
    data = {"part": locked.number}
    record_mailing_event(mailing, "part_marked", actor=actor, now=now, data=data)
    _mark_printed(locked, mailing, now)
    return locked


@transaction.atomic
def print_again(
    *, mailing: Mailing, first: int, last: int, actor: Who, now: dt.datetime
) -> list[PrintJob]:
    """Print the letters of recipients ``first`` to ``last`` (their positions) once more.

    One job for each part that they are in. Where the job of a part has failed and these letters are
    all that it has not printed, the new one stands for it: once it is printed, so is the part. So
    one goes on after a jam.

    Raises:
        NothingToPrintError: none of them is merged, or the mailing has no printer in use.
        MailingStateError: the mailing never ran.
    """
    locked = lock_mailing(mailing, *_HAS_LETTERS)
    if locked.printer is None or not locked.printer.active:
        raise NothingToPrintError(_("Choose a printer that is in use."))
    wanted = locked.recipients.filter(position__range=(first, last)).exclude(first_page=None)
    parts = wanted.order_by("chunk__number").values("chunk_id", "chunk__number")
    ranges = list(parts.annotate(start=Min("first_page"), end=Max("last_page")))
    if not ranges:
        raise NothingToPrintError(_("None of these letters is merged."))
    jobs = [
        _print_pages(locked, row["chunk_id"], (row["start"], row["end"]), user_of(actor), now)
        for row in ranges
    ]
    data = {"first": first, "last": last, "jobs": len(jobs)}
    record_mailing_event(locked, "reprinted", actor=actor, now=now, data=data)
    return jobs


def _print_pages(
    mailing: Mailing, chunk_id: int, pages: tuple[int, int], user: User | None, now: dt.datetime
) -> PrintJob:
    assert mailing.printer is not None  # noqa: S101 (looked at by the caller)
    first, last = pages
    chunk = mailing.chunks.select_for_update(of=("self",)).get(pk=chunk_id)
    chunk.prints += 1
    is_rest = _is_rest(chunk, first, last)
    if is_duplex(mailing) and (last - first) % 2 == 0:
        last = min(last + 1, chunk.pages)  # the empty back of the last sheet
    job = reprint(
        key=_key(mailing, chunk),
        batch=batch_of(mailing),
        printer=mailing.printer,
        title=_title(mailing, chunk),
        document=chunk.document,
        first_page=first,
        last_page=last,
        requested_by=user,
        now=now,
        options=print_options(mailing),
    )
    if is_rest:
        chunk.print_job = job
    chunk.save(update_fields=["prints", "print_job"])
    return job


def _is_rest(chunk: Chunk, first: int, last: int) -> bool:
    """Say whether these pages are all that the ended print job of a part has not printed."""
    before = chunk.print_job
    if chunk.state != Chunk.State.MERGED or (before and before.state in PrintJob.OPEN):
        return False
    done = before.pages_done if before else 0
    end = chunk.recipients.aggregate(last=Max("last_page"))["last"]
    return first <= done + 1 and last == end


def _mark_printed(chunk: Chunk, mailing: Mailing, now: dt.datetime) -> None:
    chunk.state, chunk.printed_at = Chunk.State.PRINTED, now
    chunk.save(update_fields=["state", "printed_at"])
    record_events(
        type="letter.printed",
        customers=chunk.recipients.exclude(first_page=None)
        .order_by("position")
        .values_list("customer_number", flat=True),
        actor=SYSTEM,
        subject=("mailing", mailing.number),
        data={"part": chunk.number},
        now=now,
    )
    if not mailing.chunks.exclude(state__in=_FINAL).exists():
        mailing.printed_at = now
        save_mailing(mailing, "printed_at")
        record_mailing_event(mailing, "printed", actor=SYSTEM, now=now)
    report_to_job(mailing_id=mailing.pk, now=now)
    finish_if_over(mailing_id=mailing.pk, now=now)


def _key(mailing: Mailing, chunk: Chunk) -> str:
    return f"{batch_of(mailing)}:chunk:{chunk.number}:{chunk.prints}"


def _title(mailing: Mailing, chunk: Chunk) -> str:
    return f"{mailing.number} {chunk.number} {mailing.name}"
