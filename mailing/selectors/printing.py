"""Questions about printers and their queues."""

import datetime as dt
from typing import Final

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from mailing.models import Printer, PrintJob
from mailing.printers import words
from mailing.printers.reasons import Reason

Reader = AbstractUser | AnonymousUser

# A step that is so late was lost with its worker.
_LOST: Final = dt.timedelta(seconds=10)
_ASK_EVERY: Final = dt.timedelta(minutes=5)
_OPEN: Final = [*PrintJob.OPEN, PrintJob.State.UNCERTAIN]


def printers_visible_to(user: Reader) -> QuerySet[Printer]:
    """Return the printers that ``user`` may see, with ``queue_length`` and ``to_decide``."""
    if not user.has_perm("mailing.view_printer"):
        return Printer.objects.none()
    return Printer.objects.annotate(
        queue_length=Count("jobs", filter=Q(jobs__state__in=PrintJob.OPEN)),
        to_decide=Count("jobs", filter=Q(jobs__state=PrintJob.State.UNCERTAIN)),
    ).order_by("-active", "name")


def printer_for(user: Reader, pk: int) -> Printer:
    """Return a printer that ``user`` may see.

    Raises:
        Printer.DoesNotExist: there is none, or not for this user.
    """
    return printers_visible_to(user).get(pk=pk)


def printers_in_use() -> QuerySet[Printer]:
    """Return the printers that a mailing may choose."""
    return Printer.objects.filter(active=True).order_by("name")


def print_job_for(user: Reader, pk: int) -> PrintJob:
    """Return a print job that ``user`` may see.

    Raises:
        PrintJob.DoesNotExist: there is none, or not for this user.
    """
    if not user.has_perm("mailing.view_printjob"):
        raise PrintJob.DoesNotExist
    return PrintJob.objects.select_related("printer").get(pk=pk)


def jobs_of(batch: str) -> QuerySet[PrintJob]:
    """Return the print jobs of a batch in the order in which they are printed."""
    return PrintJob.objects.filter(batch=batch).select_related("printer").order_by("pk")


def open_jobs(printer: Printer) -> QuerySet[PrintJob]:
    """Return what lies at the printer, waits for it, or has to be decided, in its order."""
    return PrintJob.objects.filter(printer=printer, state__in=_OPEN).order_by("pk")


def past_jobs(printer: Printer, *, limit: int) -> list[PrintJob]:
    """Return the newest jobs that are over."""
    over = PrintJob.objects.filter(printer=printer).exclude(state__in=_OPEN)
    return list(over.order_by("-finished_at", "-pk")[:limit])


def why_not_printed(job: PrintJob, printer: Printer | None = None) -> str:
    """Say in the active language why a job waits, stopped or ended as it did, and the cure.

    ``printer`` saves a query where it is at hand.
    """
    if job.state == PrintJob.State.QUEUED and not (printer or job.printer).active:
        return words.sentence([Reason.DISABLED])
    return words.sentence(job.reasons)


def state_in_words(printer: Printer) -> str:
    """Say in the active language what the printer complains of, and the cure."""
    return words.sentence(printer.reasons)


def printers_left_alone(*, now: dt.datetime) -> list[int]:
    """Return the printers whose queues have something to do and nobody at it."""
    work = Q(state__in=PrintJob.AT_PRINTER) | Q(
        state=PrintJob.State.QUEUED, held=False, printer__active=True
    )
    jobs = PrintJob.objects.filter(work, printer=OuterRef("pk"))
    late = Q(step_due_at=None) | Q(step_due_at__lt=now - _LOST)
    return list(Printer.objects.filter(late, Exists(jobs)).values_list("pk", flat=True))


def printers_to_ask(*, now: dt.datetime) -> list[int]:
    """Return the printers in use that nobody has asked for a while."""
    old = Q(asked_at=None) | Q(asked_at__lt=now - _ASK_EVERY)
    return list(Printer.objects.filter(old, active=True).values_list("pk", flat=True))
