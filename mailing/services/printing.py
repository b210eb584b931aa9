"""The queue of what is to be printed: put in, hold back, take out, decide, print again.

The row is the queue: ``print_steps`` takes one after the other to its printer. Whoever changes
something for a printer's queue sends ``print_jobs_wait``.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services.actors import Who
from integration.services import SYSTEM, record_event
from mailing.models import Printer, PrintJob
from mailing.printers.reasons import Reason
from mailing.signals import print_job_finished, print_jobs_wait, print_progress
from toolkit.errors import DomainError
from toolkit.pdf import pages_of

FOLDER: Final = "printing"
_OPTIONS: Final = frozenset({"media", "tray", "duplex", "color"})
_TITLE_LENGTH: Final = 120
_AGAIN: Final = (PrintJob.State.FAILED, PrintJob.State.CANCELLED)
_CANCELLABLE: Final = (PrintJob.State.QUEUED, *PrintJob.AT_PRINTER)


class PrinterDisabledError(DomainError):
    """The printer is out of use."""

    code = "printer-disabled"
    title = gettext_lazy("The printer is not in use")

    def __init__(self, printer: Printer) -> None:
        super().__init__(_("The printer %(name)s is not in use.") % {"name": printer.name})


class PrintJobStateError(DomainError):
    """The job is in a state in which this cannot be done; ``state`` says in which."""

    code = "print-job-state"
    title = gettext_lazy("Not possible in this state")

    def __init__(self, job: PrintJob) -> None:
        super().__init__(
            _("This can't be done while the print job is “%(state)s”.")
            % {"state": job.get_state_display()},
            state=job.state,
        )


class NoSuchPagesError(DomainError):
    """The document has no such pages."""

    code = "no-such-pages"
    title = gettext_lazy("No such pages")
    status = 400


@transaction.atomic
def enqueue_print(
    *,
    key: str,
    batch: str,
    printer: Printer,
    title: str,
    document: str,
    pages: int,
    requested_by: User | None,
    now: dt.datetime,
    actor: Who = SYSTEM,
    options: Mapping[str, Any] | None = None,
    held: bool = False,
) -> PrintJob:
    """Put a document into a printer's queue. The same key again answers the row that is there.

    ``key`` says what is printed, and ``batch`` what can be held back and cancelled together.
    ``document`` is the path of a PDF below MEDIA_ROOT, ``pages`` counts its sides. ``options`` are
    what differs from the printer's settings: media, tray, duplex, color. With ``held`` it waits
    for ``release_prints``. People read the ``title``, also at the printer.

    Raises:
        PrinterDisabledError: the printer is out of use.
        ValueError: an option that there is none of.
    """
    if unknown := set(options or {}) - _OPTIONS:
        msg = f"print options that there are none of: {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    known = PrintJob.objects.filter(key=key).first()
    if known is not None:
        return known
    if not printer.active:
        raise PrinterDisabledError(printer)
    job, created = PrintJob.objects.get_or_create(
        key=key,
        defaults={
            "batch": batch,
            "printer": printer,
            "title": title[:_TITLE_LENGTH],
            "document": document,
            "pages": pages,
            "options": dict(options or {}),
            "held": held,
            "requested_by": requested_by,
            "created_at": now,
        },
    )
    if created:
        _record("requested", job, requested_by or actor, now, {"pages": pages})
        print_jobs_wait.send(sender=Printer, printer_id=printer.pk)
    return job


def reprint(
    *,
    key: str,
    batch: str,
    printer: Printer,
    title: str,
    document: str,
    first_page: int,
    last_page: int,
    requested_by: User | None,
    now: dt.datetime,
    options: Mapping[str, Any] | None = None,
) -> PrintJob:
    """Print some pages of a document again, counted from 1, as a job of their own.

    Idempotent by its own ``key``, which is not the one that the document was printed under.

    Raises:
        NoSuchPagesError: the document has no such pages.
        PrinterDisabledError: the printer is out of use.
    """
    known = PrintJob.objects.filter(key=key).first()
    if known is not None:
        return known
    try:
        content = pages_of(document_path(document), first_page, last_page)
    except ValueError as error:
        raise NoSuchPagesError(_("The document has no such pages.")) from error
    return enqueue_print(
        key=key,
        batch=batch,
        printer=printer,
        title=title,
        document=keep_document(key=key, content=content),
        pages=last_page - first_page + 1,
        requested_by=requested_by,
        now=now,
        options=options,
    )


@transaction.atomic
def cancel_print(*, job: PrintJob, actor: Who, now: dt.datetime) -> PrintJob:
    """Take a job out of the queue; one at the printer is cancelled there by the next step.

    Raises:
        PrintJobStateError: it is over, or nobody knows whether it is.
    """
    locked = _locked(job, *_CANCELLABLE)
    _record("cancelled", locked, actor, now, {})
    if locked.state == PrintJob.State.QUEUED:
        return finish_print(locked, PrintJob.State.CANCELLED, now=now)
    locked.cancel_requested_at = locked.cancel_requested_at or now
    locked.save(update_fields=["cancel_requested_at"])
    _wake(locked.printer_id)
    return locked


@transaction.atomic
def retry_print(*, job: PrintJob, actor: Who, now: dt.datetime) -> PrintJob:
    """Put a job that failed or was cancelled into the queue again, all of it.

    Raises:
        PrintJobStateError: it neither failed nor was cancelled.
    """
    locked = _locked(job, *_AGAIN)
    _record("retried", locked, actor, now, {})
    return _queue_again(locked)


@transaction.atomic
def decide_print(*, job: PrintJob, printed: bool, actor: Who, now: dt.datetime) -> PrintJob:
    """Say of a job that nobody is certain about what a person has seen in the output tray.

    ``printed`` counts it as printed whole; otherwise all of it is printed (again).

    Raises:
        PrintJobStateError: it is not uncertain (any more).
    """
    locked = _locked(job, PrintJob.State.UNCERTAIN)
    _record("decided", locked, actor, now, {"printed": printed})
    if not printed:
        return _queue_again(locked)
    return finish_print(
        locked,
        PrintJob.State.PRINTED,
        now=now,
        pages_done=locked.pages,
        reasons=[Reason.DECIDED.value],
    )


def hold_prints(*, batch: str) -> int:
    """Begin no more jobs of the batch; what lies at the printer is printed. Return how many."""
    return _waiting(batch).filter(held=False).update(held=True)


@transaction.atomic
def release_prints(*, batch: str) -> int:
    """Let the jobs of the batch be printed again; return how many."""
    held = _waiting(batch).filter(held=True)
    printers = set(held.values_list("printer_id", flat=True))
    released = held.update(held=False)
    for printer_id in printers:
        _wake(printer_id)
    return released


@transaction.atomic
def cancel_prints(*, batch: str, actor: Who, now: dt.datetime) -> int:
    """Cancel all that is not printed yet of the batch; return how many jobs that are."""
    jobs = PrintJob.objects.filter(batch=batch, state__in=_CANCELLABLE).order_by("pk")
    locked = list(jobs.select_for_update())
    for job in locked:
        cancel_print(job=job, actor=actor, now=now)
    return len(locked)


@transaction.atomic
def move_prints(*, batch: str, printer: Printer, actor: Who, now: dt.datetime) -> int:
    """Let another printer print what waits of the batch; return how many jobs that are.

    Raises:
        PrinterDisabledError: that printer is out of use.
    """
    if not printer.active:
        raise PrinterDisabledError(printer)
    jobs = _waiting(batch).exclude(printer=printer).order_by("pk").select_for_update()
    moved = list(jobs)
    for job in moved:
        job.printer, job.reasons = printer, []
        job.save(update_fields=["printer", "reasons"])
        _record("moved", job, actor, now, {"printer": printer.pk})
    if moved:
        _wake(printer.pk)
    return len(moved)


def finish_print(
    job: PrintJob, state: PrintJob.State, *, now: dt.datetime, **fields: Any
) -> PrintJob:
    """Write how a job ended and announce it, in one transaction.

    A job that meanwhile is in another state than ``job`` says stays as it is.
    """
    with transaction.atomic():
        fields |= {"state": state, "finished_at": now, "missed_at": None}
        if not change_print(job, **fields):
            return job
        _record("finished", job, SYSTEM, now, {"state": state.value, "pages": job.pages_done})
        print_job_finished.send(
            sender=PrintJob, print_job_id=job.pk, batch=job.batch, state=state.value
        )
    return job


def change_print(job: PrintJob, **fields: Any) -> bool:
    """Write fields of a job unless its state has changed meanwhile; return whether it was done.

    ``print_progress`` is sent in the same transaction.
    """
    with transaction.atomic():
        same = PrintJob.objects.filter(pk=job.pk, state=job.state)
        if not same.update(**fields):
            return False
        for name, value in fields.items():
            setattr(job, name, value)
        print_progress.send(sender=PrintJob, print_job_id=job.pk, batch=job.batch)
    return True


def keep_document(*, key: str, content: bytes) -> str:
    """Keep a PDF that only printing needs; return its path below MEDIA_ROOT.

    The same key is the same file; it appears whole or not at all.
    """
    name = f"{FOLDER}/{hashlib.sha256(key.encode()).hexdigest()[:32]}.pdf"
    target = Path(settings.MEDIA_ROOT) / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = target.with_suffix(f".{os.getpid()}.part")
    beside.write_bytes(content)
    beside.rename(target)
    return name


def document_path(document: str) -> Path:
    """Return where a document lies.

    Raises:
        ValueError: it would lie outside of MEDIA_ROOT.
    """
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / document).resolve()
    if not path.is_relative_to(root):
        msg = f"{document} lies outside of MEDIA_ROOT"
        raise ValueError(msg)
    return path


def forget_documents(*, before: dt.datetime) -> int:
    """Delete documents that only printing needed, of jobs that were over then; return how many."""
    over = PrintJob.objects.filter(
        document__startswith=f"{FOLDER}/", finished_at__lt=before
    ).exclude(state__in=[*PrintJob.OPEN, PrintJob.State.UNCERTAIN])
    paths = [document_path(name) for name in over.values_list("document", flat=True)]
    there = [path for path in paths if path.exists()]
    for path in there:
        path.unlink(missing_ok=True)
    return len(there)


def _waiting(batch: str) -> QuerySet[PrintJob]:
    return PrintJob.objects.filter(batch=batch, state=PrintJob.State.QUEUED)


def _locked(job: PrintJob, *states: PrintJob.State) -> PrintJob:
    """Return the row, locked.

    Raises:
        PrintJobStateError: it is in none of these states.
    """
    locked = PrintJob.objects.select_for_update().get(pk=job.pk)
    if locked.state not in states:
        raise PrintJobStateError(locked)
    return locked


def _queue_again(job: PrintJob) -> PrintJob:
    change_print(
        job,
        state=PrintJob.State.QUEUED,
        held=False,
        pages_done=0,
        sheets_done=None,
        reasons=[],
        printer_job_id=None,
        missed_at=None,
        cancel_requested_at=None,
        finished_at=None,
    )
    _wake(job.printer_id)
    return job


def _wake(printer_id: int) -> None:
    """Have the printer's queue looked at soon, even where it was to wait for its next turn."""
    Printer.objects.filter(pk=printer_id).update(step_due_at=None)
    print_jobs_wait.send(sender=Printer, printer_id=printer_id)


def _record(what: str, job: PrintJob, actor: Who, now: dt.datetime, data: dict[str, Any]) -> None:
    record_event(
        type=f"print.{what}", actor=actor, subject=("print_job", job.key), data=data, now=now
    )
