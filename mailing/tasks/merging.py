"""Workers at the parts of mailings: one part at a time, and a sweep that makes it sure."""

import datetime as dt
from typing import Final

from celery import shared_task
from django.utils import timezone

from mailing.selectors.progress import mailings_under_way, mergers_missing, prints_to_conclude
from mailing.services import chunk_printing, merging, running

from .notices import write_notices

# So long one mailing keeps a worker before whatever else waits has its turn.
_TURN: Final = dt.timedelta(seconds=20)


@shared_task(name="mailing.tasks.merge_next")
def merge_next(mailing_id: int) -> None:
    """Merge parts of a mailing for a while, and come again for the others."""
    chunk_printing.hand_over(mailing_id=mailing_id, now=timezone.now())
    begun = timezone.now()
    while merging.merge_next(mailing_id=mailing_id, clock=timezone.now):
        if timezone.now() - begun > _TURN:
            merge_next.delay(mailing_id)
            return


@shared_task(name="mailing.tasks.conclude_print_job")
def conclude_print_job(print_job_id: int) -> None:
    """Tell a part of a mailing what became of its print job."""
    chunk_printing.conclude_print(print_job_id=print_job_id, now=timezone.now())


@shared_task(name="mailing.tasks.finish_mailing")
def finish_mailing(mailing_id: int) -> None:
    """Mark a mailing as done if it is."""
    running.finish_if_over(mailing_id=mailing_id, now=timezone.now())


@shared_task(name="mailing.tasks.look_after_mailings")
def look_after_mailings() -> None:
    """Go on wherever a step was lost with its worker or its broker, and say how far it is."""
    for print_job_id in prints_to_conclude():
        conclude_print_job.delay(print_job_id)
    for mailing_id in mailings_under_way():
        for _ in range(mergers_missing(mailing_id)):
            merge_next.delay(mailing_id)
        write_notices.delay(mailing_id)
        running.report_to_job(mailing_id=mailing_id, now=timezone.now())
        running.finish_if_over(mailing_id=mailing_id, now=timezone.now())
