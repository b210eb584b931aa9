"""Workers at the printers' queues: one short step at a time, and a sweep that makes it sure."""

import datetime as dt
from typing import Final

from celery import shared_task
from django.utils import timezone

from mailing.models import Printer
from mailing.selectors.printing import printers_left_alone, printers_to_ask
from mailing.services.print_steps import advance_printer
from mailing.services.printers import refresh_printer
from mailing.services.printing import forget_documents

# How long documents stay that only printing needs.
_KEPT: Final = dt.timedelta(days=30)


@shared_task(name="mailing.tasks.print_next")
def print_next(printer_id: int) -> None:
    """Take one step of a printer's queue, and come again when the next is due."""
    delay = advance_printer(printer_id=printer_id, now=timezone.now())
    if delay is not None:
        print_next.apply_async((printer_id,), countdown=delay)


@shared_task(name="mailing.tasks.look_after_printers")
def look_after_printers() -> None:
    """Go on wherever a step was lost with its worker; ask printers that nobody asked lately."""
    now = timezone.now()
    for printer_id in printers_left_alone(now=now):
        print_next.delay(printer_id)
    for printer in Printer.objects.filter(pk__in=printers_to_ask(now=now)):
        refresh_printer(printer=printer, now=now)
    forget_documents(before=now - _KEPT)
