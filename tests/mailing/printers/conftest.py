"""Printers as rows, a queue that is stepped by hand, and a clock that the test turns."""

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings as live_settings
from django.utils import translation

from mailing.models import Printer, PrintJob
from mailing.services.print_steps import advance_printer
from mailing.services.printers import add_printer
from mailing.services.printing import enqueue_print
from tests.bridge.janus import wait_until
from tests.printer.printer import a_pdf

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    """Keep documents and what the folder prints to this test."""
    settings.STATE_DIR = tmp_path / "state"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRINTER_TIMEOUT_SECONDS = 5
    with translation.override("en"):
        yield


class Queue:
    """A printer's queue; time passes only when the test steps it."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer
        self.now = NOW
        self._serial = 0

    def put(self, pages: int = 3, *, key: str = "", **fields) -> PrintJob:
        """Put a document of so many pages into the queue."""
        self._serial += 1
        key = key or f"test:{self._serial}"
        path = Path(live_settings.MEDIA_ROOT) / f"{key.replace(':', '-')}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(a_pdf(pages))
        return enqueue_print(
            key=key,
            batch=fields.pop("batch", "test"),
            printer=self.printer,
            title=fields.pop("title", f"Letters {self._serial}"),
            document=path.name,
            pages=pages,
            requested_by=None,
            now=self.now,
            **fields,
        )

    def step(self, seconds: float = 1) -> float | None:
        """Let so many seconds pass, then take a step."""
        self.now += dt.timedelta(seconds=seconds)
        Printer.objects.filter(pk=self.printer.pk).update(step_due_at=None)
        return advance_printer(printer_id=self.printer.pk, now=self.now)

    def until(self, job: PrintJob, *states: str) -> PrintJob:
        """Step until the job is in one of these states."""

        def there() -> bool:
            self.step()
            job.refresh_from_db()
            return job.state in states

        wait_until(there, what=f"{job.key} being {' or '.join(states)} (it is {job.state})")
        return job

    def empty(self) -> None:
        """Step until nothing waits."""
        wait_until(lambda: self.step() is None, what="the end of the queue")


@pytest.fixture
def queue(printer, db) -> Queue:
    """The queue of the running printer."""
    row = add_printer(name="Office", uri=printer.uri, actor="tests", now=NOW)
    return Queue(row)


@pytest.fixture
def folder(db) -> Queue:
    """The queue of the printer that prints into a folder."""
    return Queue(Printer.objects.get(uri="folder:"))
