"""Builders of print jobs, at the printer that needs no machine."""

import datetime as dt

from mailing.models import Printer, PrintJob
from mailing.services.printing import enqueue_print, finish_print, keep_document


def make_print_jobs(now: dt.datetime) -> list[PrintJob]:
    """Leave a job that somebody has to decide about, one that failed, one that waits."""
    printer = Printer.objects.get(uri="folder:")
    document = keep_document(key="world", content=b"%PDF-1.4\n")
    jobs = [
        enqueue_print(
            key=f"world:{place}",
            batch="world",
            printer=printer,
            title=f"Cartas {place}",
            document=document,
            pages=2,
            requested_by=None,
            now=now,
        )
        for place in range(3)
    ]
    finish_print(jobs[0], PrintJob.State.UNCERTAIN, now=now, reasons=["bpi-forgotten"])
    finish_print(jobs[1], PrintJob.State.FAILED, now=now, reasons=["aborted-by-system"])
    return jobs
