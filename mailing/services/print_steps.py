"""One step of a printer's queue: hand over the next job, or see how far the present one is.

A step is short and may be taken by any worker at any time. Two never step at once (an advisory
lock of the database, gone with its process), a printer never has two jobs of ours (a constraint),
and before a job is handed over its row says so. So whoever comes after a worker that was killed
knows that the printer may have the job, and looks for it there by name.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from mailing.models import Printer, PrintJob
from mailing.printers import words
from mailing.printers.base import (
    Capabilities,
    Condition,
    Delivery,
    JobSeen,
    JobState,
    JobUnknownError,
    Order,
    PrinterAdapter,
    PrinterError,
    PrinterRefusedError,
    PrinterSilentError,
    PrinterState,
    Remedy,
)
from mailing.printers.reasons import Reason

from .printers import adapter_for, note_condition, note_look, note_silence, options_of
from .printing import change_print, document_path, finish_print

_LOCKS: Final = 7_301_010  # our advisory locks of printers; the second number is the printer's
_EARLY: Final = dt.timedelta(milliseconds=200)
_AT_ONCE: Final = 20  # jobs that one step may finish, before others have their turn
_SOON: Final = 0.5
_WHILE_PRINTING: Final = 1.0
_WHILE_STOPPED: Final = 2.0
_BEGINNING: Final = dt.timedelta(seconds=5)
_REFUSED: Final = {Remedy.TIME: 2.0, Remedy.PRINTER: 15.0}
_SILENT_LEAST, _SILENT_MOST = 2.0, 30.0
# A job that the printer does not list is given up after so long: it may be slow to list it.
_MISSING: Final = dt.timedelta(seconds=5)
# How long nothing may move before a warning counts as the reason for it.
_STALLED: Final = dt.timedelta(seconds=3)
_ENDS: Final = {
    JobState.COMPLETED: PrintJob.State.PRINTED,
    JobState.CANCELED: PrintJob.State.CANCELLED,
    JobState.ABORTED: PrintJob.State.FAILED,
}


def advance_printer(*, printer_id: int, now: dt.datetime) -> float | None:
    """Take one step of a printer's queue; return in how many seconds the next is due.

    None when nothing is to be done, when somebody else is at it, or when the next step is not due
    yet: whoever set the time has seen to it.
    """
    with _lock(printer_id) as is_ours:
        if not is_ours:
            return None
        printer = Printer.objects.get(pk=printer_id)
        if printer.step_due_at and printer.step_due_at > now + _EARLY:
            return None
        delay = _step(_Visit(printer, adapter_for(printer), now))
        due = None if delay is None else now + dt.timedelta(seconds=delay)
        Printer.objects.filter(pk=printer_id).update(step_due_at=due)
    # What was put in while we held the lock found the door closed: nobody else looks after it.
    if delay is None and _has_work(printer_id):
        return 0.0
    return delay


def name_at_printer(job: PrintJob) -> str:
    """Return the job's name at the printer, another one each time that it is handed over.

    It begins with a mark made of key, attempt and SECRET_KEY: no job of another portal at the same
    printer has it, and it survives printers that cut names off.
    """
    mark = salted_hmac("mailing.print", f"{job.key}.{job.attempts}", algorithm="sha256")
    return f"BPI {mark.hexdigest()[:12]} {job.title}"


@dataclass(frozen=True, slots=True)
class _Visit:
    printer: Printer
    adapter: PrinterAdapter
    now: dt.datetime


@contextmanager
def _lock(printer_id: int) -> Iterator[bool]:
    """Answer whether nobody else steps this printer meanwhile; never wait."""
    numbers = [_LOCKS, printer_id]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", numbers)
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", numbers)


def _has_work(printer_id: int) -> bool:
    jobs = PrintJob.objects.filter(printer_id=printer_id)
    if jobs.filter(state__in=PrintJob.AT_PRINTER).exists():
        return True
    waiting = jobs.filter(state=PrintJob.State.QUEUED, held=False, printer__active=True)
    return waiting.exists()


def _step(visit: _Visit) -> float | None:
    """Finish and begin jobs until one takes its time; return the seconds until the next look."""
    for _turn in range(_AT_ONCE):
        jobs = PrintJob.objects.filter(printer=visit.printer)
        present = jobs.filter(state__in=PrintJob.AT_PRINTER).first()
        if present is not None:
            delay = _follow(visit, present)
        elif not visit.printer.active:
            return None
        else:
            queued = jobs.filter(state=PrintJob.State.QUEUED, held=False)
            following = queued.order_by("pk").first()
            if following is None:
                _rest(visit)
                return None
            delay = _hand_over(visit, following)
        if delay is not None:
            return delay
    return 0.0


def _rest(visit: _Visit) -> None:
    """Leave an empty queue with the printer's state of now, not of its last page."""
    if visit.printer.condition in (Printer.Condition.PROCESSING, Printer.Condition.STOPPED):
        with suppress(PrinterError):
            note_condition(visit.printer, visit.adapter.condition(), now=visit.now)


# --- handing over -----------------------------------------------------------------------------
def _hand_over(visit: _Visit, job: PrintJob) -> float | None:
    """Give a job to the printer; None when it is there, or out of the queue."""
    try:
        can = _accepted(visit, job)
    except PrinterRefusedError as error:
        return _refused(visit, job, error)
    except PrinterSilentError as error:
        change_print(job, reasons=[error.reason])
        return _silent(visit, error)
    if not _claim(visit, job):
        return None
    try:
        seen = visit.adapter.submit(_order(visit, job), can)
    except PrinterRefusedError as error:
        return _refused(visit, job, error)
    except PrinterSilentError as error:
        return _unanswered(visit, job, error)
    return _taken(visit, job, seen)


def _accepted(visit: _Visit, job: PrintJob) -> Capabilities:
    """Ask the printer whether it would take the job, and keep what it says of itself."""
    look = visit.adapter.check(_order(visit, job))
    note_look(visit.printer, look, now=visit.now)
    return look.capabilities


def _claim(visit: _Visit, job: PrintJob) -> bool:
    """Write, before the wire, that the printer may have the job from now on."""
    still = PrintJob.objects.filter(pk=job.pk, state=PrintJob.State.QUEUED, held=False)
    claimed = still.update(
        state=PrintJob.State.SUBMITTING,
        attempts=F("attempts") + 1,
        submitted_at=visit.now,
        progressed_at=visit.now,
        missed_at=None,
        cancel_requested_at=None,
        printer_job_id=None,
        pages_done=0,
        reasons=[],
    )
    job.refresh_from_db()
    return bool(claimed)


def _order(visit: _Visit, job: PrintJob) -> Order:
    options = options_of(visit.printer, **job.options)
    return Order(name_at_printer(job), document_path(job.document), options)


def _refused(visit: _Visit, job: PrintJob, error: PrinterRefusedError) -> float | None:
    """Let the job wait for what it needs; a document that is never taken fails."""
    with suppress(PrinterError):
        note_condition(visit.printer, visit.adapter.condition(), now=visit.now)
    if error.remedy is Remedy.DOCUMENT:
        finish_print(job, PrintJob.State.FAILED, now=visit.now, reasons=[error.reason])
        return None
    change_print(job, state=PrintJob.State.QUEUED, reasons=[error.reason])
    return _REFUSED[error.remedy]


def _unanswered(visit: _Visit, job: PrintJob, error: PrinterSilentError) -> float:
    """Let the job wait again when nothing of it was sent; else look for it at the printer."""
    if error.delivered is Delivery.NOTHING:
        change_print(job, state=PrintJob.State.QUEUED, reasons=[error.reason])
    else:
        is_part = error.delivered is Delivery.PART
        change_print(job, reasons=[Reason.CUT_OFF if is_part else Reason.UNANSWERED])
    return _silent(visit, error)


def _silent(visit: _Visit, error: PrinterSilentError) -> float:
    """Keep that the printer does not answer, and ask less often the longer it does not."""
    note_silence(visit.printer, error.reason, now=visit.now)
    since = visit.printer.silent_since or visit.now
    quarter = (visit.now - since).total_seconds() / 4
    return min(max(quarter, _SILENT_LEAST), _SILENT_MOST)


# --- following --------------------------------------------------------------------------------
def _follow(visit: _Visit, job: PrintJob) -> float | None:
    """See how far the job at the printer is; None when it is over, or has been found."""
    try:
        if job.state == PrintJob.State.SUBMITTING:
            seen = visit.adapter.find(name_at_printer(job))
        else:
            seen = _told(visit, job)
        condition = visit.adapter.condition()
    except PrinterSilentError as error:
        reasons = job.reasons if job.state == PrintJob.State.SUBMITTING else [error.reason]
        change_print(job, missed_at=None, reasons=reasons)
        return _silent(visit, error)
    except PrinterRefusedError as error:
        change_print(job, reasons=[error.reason])
        return _REFUSED[Remedy.PRINTER]
    note_condition(visit.printer, condition, now=visit.now)
    if seen is None:
        return _missed(visit, job)
    if job.state == PrintJob.State.SUBMITTING:
        return _taken(visit, job, seen)
    return _seen(visit, job, seen, condition)


def _told(visit: _Visit, job: PrintJob) -> JobSeen | None:
    """Ask for the job, and for its end where a person wants that; None when it is forgotten."""
    job_id, name = job.printer_job_id or 0, name_at_printer(job)
    try:
        if job.cancel_requested_at:
            with suppress(PrinterRefusedError):
                visit.adapter.cancel(job_id)
        return visit.adapter.job(job_id, name)
    except JobUnknownError:
        return visit.adapter.find(name)


def _taken(visit: _Visit, job: PrintJob, seen: JobSeen) -> float | None:
    """Note that the printer has the job, under the number that it gave."""
    change_print(
        job,
        state=PrintJob.State.PRINTING,
        printer_job_id=seen.job_id,
        missed_at=None,
        reasons=[],
    )
    if not seen.state.is_over:
        return _SOON
    _over(visit, job, seen)
    return None


def _seen(visit: _Visit, job: PrintJob, seen: JobSeen, condition: Condition) -> float | None:
    """Write down how far the job is."""
    if seen.state.is_over:
        _over(visit, job, seen)
        return None
    pages = job.pages_done if seen.pages_done is None else min(seen.pages_done, job.pages)
    moved = pages != job.pages_done
    stalled = not moved and visit.now - (job.progressed_at or visit.now) >= _patience(job)
    reasons = [*seen.reasons, *condition.reasons]
    stopped = (
        seen.state is JobState.STOPPED
        or condition.state is PrinterState.STOPPED
        or words.holds_up(reasons, stalled=stalled)
    )
    fields: dict[str, Any] = {
        "state": PrintJob.State.STOPPED if stopped else PrintJob.State.PRINTING,
        "reasons": words.told(reasons),
        "pages_done": pages,
        "sheets_done": seen.sheets_done,
        "missed_at": None,
        "printer_job_id": seen.job_id,
    }
    if moved:
        fields["progressed_at"] = visit.now
    if any(getattr(job, name) != value for name, value in fields.items()):
        change_print(job, **fields)
    if stopped:
        return _WHILE_STOPPED
    young = visit.now - (job.submitted_at or visit.now) < _BEGINNING
    return _SOON if young else _WHILE_PRINTING


def _patience(job: PrintJob) -> dt.timedelta:
    """Return how long nothing may move: three pages of this printer, at least three seconds."""
    if not job.pages_done or not job.submitted_at or not job.progressed_at:
        return _STALLED
    per_page = (job.progressed_at - job.submitted_at) / job.pages_done
    return max(_STALLED, 3 * per_page)


def _over(visit: _Visit, job: PrintJob, seen: JobSeen) -> None:
    """Write how the job ended; a printer that counts nothing is believed to have printed all."""
    reasons = words.told(seen.reasons)
    pages = min(seen.pages_done or 0, job.pages)
    if seen.state is JobState.COMPLETED:
        if 0 < pages < job.pages:
            reasons.append(Reason.FEWER_PAGES)
        pages = pages or job.pages
    finish_print(
        job,
        _ENDS[seen.state],
        now=visit.now,
        pages_done=pages,
        sheets_done=seen.sheets_done,
        reasons=reasons,
        printer_job_id=seen.job_id,
    )


def _missed(visit: _Visit, job: PrintJob) -> float | None:
    """Judge a job that the printer does not know, once it has not known it for a while."""
    if visit.adapter.remembers:
        change_print(job, state=PrintJob.State.QUEUED, reasons=[])
        return None
    if job.missed_at is None:
        change_print(job, missed_at=visit.now)
        return _WHILE_STOPPED
    if visit.now - job.missed_at < _MISSING:
        return _WHILE_STOPPED
    if job.state == PrintJob.State.SUBMITTING and Reason.CUT_OFF in job.reasons:
        # The printer never had the whole document, and knows of no job: nothing was printed.
        change_print(job, state=PrintJob.State.QUEUED, missed_at=None)
    elif job.pages_done >= job.pages:
        finish_print(job, PrintJob.State.PRINTED, now=visit.now, reasons=[])
    else:
        finish_print(job, PrintJob.State.UNCERTAIN, now=visit.now, reasons=[Reason.FORGOTTEN])
    return None
