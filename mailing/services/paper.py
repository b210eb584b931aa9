"""Hand parts of a mailing to the printer, hold them back, take them back."""

import datetime as dt

from customers.services import Who
from mailing.models import PrintJob


def hold_prints(*, batch: str) -> None:
    """Begin no more print jobs of the batch."""
    PrintJob.objects.filter(batch=batch, state=PrintJob.State.QUEUED).update(held=True)


def release_prints(*, batch: str) -> None:
    """Let the print jobs of the batch go on."""
    PrintJob.objects.filter(batch=batch, held=True).update(held=False)


def cancel_prints(*, batch: str, actor: Who, now: dt.datetime) -> None:
    """Cancel what is not printed yet."""
