"""What mailing does when something is announced (docs/flows.md lists all)."""

from django.db import transaction
from django.dispatch import receiver

from integration.signals import message_state_changed
from mailing import tasks
from mailing.selectors.progress import MERGES_AT_ONCE, has_open_messages, mailing_of_batch
from mailing.signals import mailing_has_work, print_job_finished, print_jobs_wait


@receiver(print_jobs_wait, dispatch_uid="mailing.step_printer")
def step_printer(printer_id: int, **_: object) -> None:
    """Have a worker look after a printer's queue once the change is committed.

    A broker that is down must fail nobody: the sweep finds the queue.
    """
    transaction.on_commit(lambda: tasks.print_next.delay(printer_id), robust=True)


@receiver(mailing_has_work, dispatch_uid="mailing.work_on_mailing")
def work_on_mailing(mailing_id: int, **_: object) -> None:
    """Have workers merge letters and write e-mails of a mailing once its start is committed."""

    def hand_over() -> None:
        # Letters first: after them comes the slow part, the printer.
        for _place in range(MERGES_AT_ONCE):
            tasks.merge_next.delay(mailing_id)
        tasks.write_notices.delay(mailing_id)

    transaction.on_commit(hand_over, robust=True)


@receiver(print_job_finished, dispatch_uid="mailing.conclude_print")
def conclude_print(print_job_id: int, batch: str, **_: object) -> None:
    """Tell a part of a mailing what became of its print job, in a transaction of its own.

    Whoever pauses or cancels locks the mailing before its print jobs: here it is the other way.
    """
    if mailing_of_batch(batch) is not None:
        transaction.on_commit(lambda: tasks.conclude_print_job.delay(print_job_id), robust=True)


@receiver(message_state_changed, dispatch_uid="mailing.finish_after_last_message")
def finish_after_last_message(batch: str, **_: object) -> None:
    """See whether a mailing is done when the last of its e-mails has its fate."""
    mailing_id = mailing_of_batch(batch)
    if mailing_id is not None and not has_open_messages(batch):
        transaction.on_commit(lambda: tasks.finish_mailing.delay(mailing_id), robust=True)
