"""What mailing does when something is announced (docs/flows.md lists all)."""

from django.db import transaction
from django.dispatch import receiver

from mailing import tasks
from mailing.signals import print_jobs_wait


@receiver(print_jobs_wait, dispatch_uid="mailing.step_printer")
def step_printer(printer_id: int, **_: object) -> None:
    """Have a worker look after a printer's queue once the change is committed.

    A broker that is down must fail nobody: the sweep finds the queue.
    """
    transaction.on_commit(lambda: tasks.print_next.delay(printer_id), robust=True)
