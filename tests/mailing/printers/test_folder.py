"""The queue itself, on the printer that needs no machine: the folder var/printed/."""

import datetime as dt
import os
import threading
from pathlib import Path

import pikepdf
import pytest
from django.conf import settings as live
from django.db import IntegrityError, connections, transaction
from django.utils import translation

from integration.models import Event
from mailing.models import Printer, PrintJob
from mailing.printers.folder import FolderPrinter
from mailing.selectors.printing import (
    jobs_of,
    printers_left_alone,
    printers_to_ask,
    why_not_printed,
)
from mailing.services import print_steps
from mailing.services.print_steps import advance_printer, name_at_printer
from mailing.services.printers import ensure_default_printer, print_test_page
from mailing.services.printing import (
    NoSuchPagesError,
    PrinterDisabledError,
    PrintJobStateError,
    cancel_print,
    cancel_prints,
    document_path,
    forget_documents,
    hold_prints,
    move_prints,
    release_prints,
    reprint,
    retry_print,
)
from mailing.signals import print_job_finished, print_jobs_wait, print_progress

from .conftest import NOW

pytestmark = pytest.mark.django_db


def printed() -> list[str]:
    """Return what lies in the folder."""
    return sorted(path.name for path in (live.STATE_DIR / "printed").glob("*"))


def states() -> list[str]:
    return list(PrintJob.objects.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def told():
    """Keep what was announced: the signal's name and its words."""
    heard: list[tuple[str, dict]] = []
    signals = {
        "wait": print_jobs_wait,
        "progress": print_progress,
        "finished": print_job_finished,
    }

    def listener(name):
        def hear(sender, signal, **words):
            heard.append((name, words))

        return hear

    ears = {name: listener(name) for name in signals}
    for name, signal in signals.items():
        signal.connect(ears[name])
    yield heard
    for name, signal in signals.items():
        signal.disconnect(ears[name])


def test_there_is_a_printer_from_the_start() -> None:
    printer = Printer.objects.get()
    assert (printer.name, printer.uri, printer.condition) == ("var/printed", "folder:", "idle")
    Printer.objects.update(name="Archive", active=False)
    ensure_default_printer()
    printer.refresh_from_db()
    assert (printer.name, printer.active) == ("Archive", False), "a person's choice stays"
    Printer.objects.all().delete()
    ensure_default_printer()
    assert Printer.objects.get().name == "var/printed"


def test_printed_once_byte_for_byte_and_announced(folder, told) -> None:
    job = folder.put(3, key="mailing:1:chunk:1", batch="mailing:1", title="Tarifas 2027/ñ")
    again = folder.put(3, key="mailing:1:chunk:1")
    assert again.pk == job.pk
    assert told == [("wait", {"printer_id": folder.printer.pk})]
    assert folder.step() is None
    job.refresh_from_db()
    assert (job.state, job.pages_done, job.attempts) == ("printed", 3, 1)
    assert job.finished_at == folder.now
    name = f"{name_at_printer(job)[:16]} Tarifas 2027/ñ".replace(" ", "-").replace("/", "-")
    assert printed() == [f"{name}.pdf"]
    paper = live.STATE_DIR / "printed" / printed()[0]
    assert paper.read_bytes() == document_path(job.document).read_bytes()
    assert told[-1] == (
        "finished",
        {"print_job_id": job.pk, "batch": "mailing:1", "state": "printed"},
    )
    assert list(Event.objects.order_by("pk").values_list("type", "subject_id", "data")) == [
        ("print.requested", "mailing:1:chunk:1", {"pages": 3}),
        ("print.finished", "mailing:1:chunk:1", {"state": "printed", "pages": 3}),
    ]


def test_a_job_without_its_document_fails_and_the_next_is_printed(folder) -> None:
    lost, following = folder.put(1), folder.put(1)
    document_path(lost.document).unlink()
    folder.empty()
    lost.refresh_from_db()
    assert states() == ["failed", "printed"]
    assert why_not_printed(lost) == "The document is no longer here."
    assert following.batch == "test"


def test_hold_and_release(folder) -> None:
    folder.put(1, batch="a")
    folder.put(1, batch="b")
    folder.put(1, batch="a", held=True)
    assert hold_prints(batch="a") == 1
    folder.empty()
    assert states() == ["queued", "printed", "queued"]
    assert printers_left_alone(now=folder.now) == []
    assert release_prints(batch="a") == 2
    assert printers_left_alone(now=folder.now) == [folder.printer.pk]
    folder.empty()
    assert states() == ["printed"] * 3


def test_cancel_and_retry(folder) -> None:
    first, second = folder.put(1, batch="a"), folder.put(1, batch="a")
    cancel_print(job=first, actor="tests", now=NOW)
    assert cancel_prints(batch="a", actor="tests", now=NOW) == 1
    folder.empty()
    assert (states(), printed()) == (["cancelled", "cancelled"], [])
    retry_print(job=second, actor="tests", now=NOW)
    with pytest.raises(PrintJobStateError):
        retry_print(job=second, actor="tests", now=NOW)
    folder.empty()
    assert states() == ["cancelled", "printed"]
    with pytest.raises(PrintJobStateError):
        cancel_print(job=second, actor="tests", now=NOW)


def test_a_printer_out_of_use_prints_nothing_and_takes_nothing(folder) -> None:
    job = folder.put(1)
    Printer.objects.filter(pk=folder.printer.pk).update(active=False)
    folder.printer.refresh_from_db()
    assert folder.step() is None
    assert states() == ["queued"]
    assert printers_left_alone(now=NOW) == []
    assert why_not_printed(job, folder.printer).startswith("Not in use.")
    with pytest.raises(PrinterDisabledError):
        folder.put(1)
    assert states() == ["queued"]


def test_what_waits_can_be_given_to_another_printer(folder) -> None:
    folder.put(1, batch="a")
    other = Printer.objects.create(name="Other", uri="ipp://other.invalid/ipp/print")
    job = PrintJob.objects.get()
    PrintJob.objects.update(printer=other, reasons=["bpi-refused"])
    assert move_prints(batch="a", printer=folder.printer, actor="tests", now=NOW) == 1
    job.refresh_from_db()
    assert (job.printer, job.reasons) == (folder.printer, [])
    folder.empty()
    assert states() == ["printed"]


def test_pages_printed_again_are_a_job_of_their_own(folder) -> None:
    chunk = folder.put(6)
    again = {
        "key": "mailing:1:chunk:1:2-4",
        "batch": "mailing:1",
        "printer": folder.printer,
        "title": "Pages 2 to 4",
        "document": chunk.document,
        "requested_by": None,
        "now": NOW,
    }
    job = reprint(first_page=2, last_page=4, **again)
    assert reprint(first_page=2, last_page=4, **again).pk == job.pk
    with pikepdf.open(document_path(job.document)) as pdf:
        assert (len(pdf.pages), job.pages) == (3, 3)
    with pytest.raises(NoSuchPagesError):
        reprint(first_page=5, last_page=7, **(again | {"key": "other"}))
    assert PrintJob.objects.count() == 2
    assert list(jobs_of("mailing:1")) == [job]


def test_documents_that_only_printing_needs_go_after_a_while(folder) -> None:
    chunk = folder.put(2)
    job = reprint(
        key="again",
        batch="test",
        printer=folder.printer,
        title="Again",
        document=chunk.document,
        first_page=1,
        last_page=1,
        requested_by=None,
        now=NOW,
    )
    assert forget_documents(before=NOW + dt.timedelta(days=1)) == 0, "it waits to be printed"
    folder.empty()
    assert forget_documents(before=NOW) == 0
    assert forget_documents(before=NOW + dt.timedelta(days=1)) == 1
    assert not document_path(job.document).exists()
    assert document_path(chunk.document).exists(), "the mailing's own stays"


def test_no_document_outside_of_its_folder() -> None:
    for path in ("../secret_key", "/etc/passwd", "printing/../../secret_key"):
        with pytest.raises(ValueError, match="outside"):
            document_path(path)


# --- killed, and two at once ----------------------------------------------------------------------
def test_killed_after_the_file_was_written(folder, monkeypatch) -> None:
    submit = FolderPrinter.submit

    def die_after(self, order, can):
        submit(self, order, can)
        raise KeyboardInterrupt

    job = folder.put(1)
    with monkeypatch.context() as patch:
        patch.setattr(FolderPrinter, "submit", die_after)
        with pytest.raises(KeyboardInterrupt):
            folder.step()
    assert (states(), len(printed())) == (["submitting"], 1)
    folder.empty()
    job.refresh_from_db()
    assert (states(), len(printed()), job.attempts) == (["printed"], 1, 1)


def test_killed_before_the_file_was_written(folder, monkeypatch) -> None:
    def die(self, document, target):
        target.with_suffix(f".{os.getpid()}.part").write_bytes(b"%PDF-")
        raise KeyboardInterrupt

    job = folder.put(1)
    with monkeypatch.context() as patch:
        patch.setattr(FolderPrinter, "_copy", die)
        with pytest.raises(KeyboardInterrupt):
            folder.step()
    folder.empty()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("printed", 2), "a folder remembers: it was not printed"
    assert len([name for name in printed() if name.endswith(".pdf")]) == 1


def test_the_folder_cannot_be_written_to(folder, monkeypatch) -> None:
    job = folder.put(1)
    place = live.STATE_DIR / "printed"
    place.parent.mkdir(parents=True)
    place.write_text("a file where the folder should be")
    assert folder.step() == 15.0
    job.refresh_from_db()
    assert (job.state, job.reasons) == ("queued", ["bpi-folder"])
    place.unlink()
    folder.empty()
    assert states() == ["printed"]


def test_the_database_refuses_a_second_job_at_a_printer(folder) -> None:
    folder.put(1)
    folder.put(1)
    with pytest.raises(IntegrityError, match="print_one_at_a_time"), transaction.atomic():
        PrintJob.objects.update(state=PrintJob.State.PRINTING)


def test_a_step_too_early_is_left_to_whoever_set_the_time(folder) -> None:
    folder.put(1)
    Printer.objects.update(step_due_at=NOW + dt.timedelta(seconds=1))
    assert advance_printer(printer_id=folder.printer.pk, now=NOW) is None
    assert states() == ["queued"]
    assert printers_left_alone(now=NOW + dt.timedelta(seconds=5)) == []
    assert printers_left_alone(now=NOW + dt.timedelta(seconds=12)) == [folder.printer.pk]


def test_printers_that_nobody_asked_lately() -> None:
    ensure_default_printer()
    printer = Printer.objects.get()
    Printer.objects.update(asked_at=NOW)
    assert printers_to_ask(now=NOW + dt.timedelta(minutes=4)) == []
    assert printers_to_ask(now=NOW + dt.timedelta(minutes=6)) == [printer.pk]
    Printer.objects.update(active=False)
    assert printers_to_ask(now=NOW + dt.timedelta(minutes=6)) == []


@pytest.mark.django_db(transaction=True)
def test_what_comes_in_while_a_step_is_taken_is_not_left_lying(folder, monkeypatch) -> None:
    """Somebody who finds the printer locked goes away: the one who holds it looks once more."""
    folder.put(1)
    step = print_steps._step

    def somebody_else() -> None:
        folder.put(1)
        answers.append(advance_printer(printer_id=folder.printer.pk, now=NOW))
        connections.close_all()

    def meanwhile(visit):
        delay = step(visit)
        thread = threading.Thread(target=somebody_else)
        thread.start()
        thread.join()
        return delay

    answers: list[float | None] = []
    with monkeypatch.context() as patch:
        patch.setattr(print_steps, "_step", meanwhile)
        assert advance_printer(printer_id=folder.printer.pk, now=NOW) == 0.0
    assert answers == [None]
    assert states() == ["printed", "queued"]


@pytest.mark.pango
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_test_page(folder, language) -> None:
    Printer.objects.update(media="na_letter_8.5x11in")
    folder.printer.refresh_from_db()
    with translation.override(language):
        job = print_test_page(printer=folder.printer, actor="tests", now=NOW)
        assert print_test_page(printer=folder.printer, actor="tests", now=NOW).pk == job.pk
    folder.empty()
    assert states() == ["printed"]
    paper = Path(live.STATE_DIR / "printed" / printed()[0])
    with pikepdf.open(paper) as pdf:
        assert len(pdf.pages) == 1
        assert [round(float(edge)) for edge in pdf.pages[0].mediabox[2:]] == [612, 792]
