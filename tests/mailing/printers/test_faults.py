"""A real printer in all its moods: nothing is lost or printed twice, and people are told why."""

import pytest

from mailing.models import Printer, PrintJob
from mailing.printers.base import Options, Order
from mailing.printers.ipp import IppPrinter
from mailing.selectors.printing import why_not_printed
from mailing.services.print_steps import name_at_printer
from mailing.services.printers import PrinterUnusableError, add_printer, change_printer
from mailing.services.printing import (
    PrintJobStateError,
    cancel_print,
    decide_print,
    retry_print,
)
from tests.bridge.janus import wait_until
from tests.printer.printer import RunningPrinter, a_pdf

from .conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.printer, pytest.mark.poppler]


def somebody_else_prints(printer: RunningPrinter, pages: int) -> int:
    """Hand a document over that is none of ours; return its number."""
    document = printer.folder / "other.pdf"
    document.write_bytes(a_pdf(pages))
    adapter = IppPrinter(printer.uri)
    order = Order("somebody else's", document, Options())
    return adapter.submit(order, adapter.look().capabilities).job_id


def test_jobs_are_printed_in_their_order_with_true_page_counts(queue, printer) -> None:
    printer.speed(200)
    jobs = [queue.put(pages) for pages in (40, 2, 7)]
    counts = set()

    def is_empty() -> bool:
        delay = queue.step()
        counts.add(PrintJob.objects.get(pk=jobs[0].pk).pages_done)
        return delay is None

    wait_until(is_empty, what="the end of the queue")
    ended = PrintJob.objects.order_by("finished_at", "pk")
    assert [(job.pk, job.state, job.pages_done, job.attempts) for job in ended] == [
        (jobs[0].pk, "printed", 40, 1),
        (jobs[1].pk, "printed", 2, 1),
        (jobs[2].pk, "printed", 7, 1),
    ]
    assert printer.pages() == {
        name_at_printer(job): pages for job, pages in zip(ended, (40, 2, 7), strict=True)
    }
    assert counts - {0, 40}, "nothing was seen of the way"
    queue.printer.refresh_from_db()
    assert queue.printer.condition == "idle", "and so it is left, whatever its last page said"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("run_out_of_paper", "Out of paper. Fill the tray."),
        ("jam", "Paper jam. Take the jammed paper out and close the printer."),
    ],
)
def test_it_stops_says_why_and_goes_on_by_itself(queue, printer, trouble, words) -> None:
    getattr(printer, trouble)(after=4)
    job, following = queue.put(10), queue.put(1)
    queue.until(job, "stopped")
    assert (job.pages_done, why_not_printed(job)) == (4, words)
    assert following.state == "queued"
    printer.fill()
    queue.empty()
    job.refresh_from_db()
    assert (job.state, job.pages_done, job.reasons) == ("printed", 10, [])
    assert printer.printed_twice() == []


def test_a_job_given_up_by_the_printer_is_printed_again_only_when_asked(queue, printer) -> None:
    printer.give_up(after=4)
    job = queue.until(queue.put(10), "failed")
    assert job.pages_done == 4
    assert why_not_printed(job).startswith("The printer gave the job up. See what was printed")
    printer.fill()
    assert queue.step() is None
    retry_print(job=job, actor="tests", now=queue.now)
    queue.until(job, "printed")
    assert (job.pages_done, job.attempts) == (10, 2)
    assert sorted(printer.pages().values()) == [4, 10]


def test_busy_with_somebody_elses_job(queue, printer) -> None:
    printer.run_out_of_paper(after=1)
    somebody_else_prints(printer, 2)
    job = queue.put(2)
    assert queue.step() == 2.0
    job.refresh_from_db()
    assert job.state == "queued"
    assert why_not_printed(job) == "Busy with another job. Printing goes on by itself then."
    printer.fill()
    queue.until(job, "printed")
    assert printer.pages()[name_at_printer(job)] == 2


def test_switched_off_and_on_again(queue, printer) -> None:
    printer.switch_off()
    job = queue.put(2)
    assert queue.step() == 2.0
    assert queue.step(60) == 15.0, "the longer it is silent, the less often it is asked"
    job.refresh_from_db()
    queue.printer.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    assert why_not_printed(job).startswith("Nothing answers at the address: switched off")
    assert queue.printer.condition == "unreachable"
    printer.switch_on()
    queue.until(job, "printed")
    queue.printer.refresh_from_db()
    assert (queue.printer.condition, queue.printer.silent_since) == ("idle", None)


def test_frozen_before_the_hand_over(queue, printer, settings) -> None:
    settings.PRINTER_TIMEOUT_SECONDS = 0.5
    printer.freeze()
    job = queue.put(2)
    queue.step()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0), "nothing was sent"
    assert why_not_printed(job) == "It does not answer. Look at the printer and its network."
    printer.thaw()
    queue.until(job, "printed")
    assert sum(printer.pages().values()) == 2


def test_frozen_while_it_takes_the_document(queue, printer, settings, monkeypatch) -> None:
    settings.PRINTER_TIMEOUT_SECONDS = 0.5
    submit = IppPrinter.submit

    def freeze_first(self, order, can):
        printer.freeze()
        return submit(self, order, can)

    monkeypatch.setattr(IppPrinter, "submit", freeze_first)
    job = queue.put(2)
    queue.step()
    job.refresh_from_db()
    assert job.state == "submitting", "the printer may have it"
    assert why_not_printed(job).startswith("Handed over, but the printer did not answer.")
    queue.step(60)
    printer.thaw()
    queue.until(job, "printed")
    assert job.attempts == 1
    assert sum(printer.pages().values()) == 2


def test_a_printer_that_takes_no_pdf(queue, printer, tmp_path) -> None:
    job = queue.put(2)
    printer.switch_off()
    printer.formats = "image/pwg-raster"
    printer.switch_on()
    assert queue.step() == 15.0
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    assert why_not_printed(job).startswith("It does not take PDF.")
    with pytest.raises(PrinterUnusableError, match="It does not take PDF"):
        add_printer(name="Other", uri=printer.uri, actor="tests", now=NOW)
    assert Printer.objects.count() == 2


def test_a_tray_that_is_gone_waits_for_a_person(queue, printer) -> None:
    Printer.objects.filter(pk=queue.printer.pk).update(tray="tray-9")
    job = queue.put(2)
    assert queue.step() == 15.0
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    assert why_not_printed(job).startswith("It has no such tray.")
    row = Printer.objects.get(pk=queue.printer.pk)
    change_printer(printer=row, expected_version=1, tray="main", actor="tests", now=queue.now)
    queue.until(job, "printed")


def test_cancelled_here(queue, printer) -> None:
    printer.run_out_of_paper(after=2)
    job, following = queue.put(5), queue.put(1)
    queue.until(job, "stopped")
    cancel_print(job=job, actor="tests", now=queue.now)
    queue.step()
    printer.fill()  # ippeveprinter lets its command end by itself
    queue.empty()
    job.refresh_from_db()
    following.refresh_from_db()
    assert (job.state, following.state) == ("cancelled", "printed")
    assert job.finished_at is not None


def test_cancelled_at_the_printer(queue, printer) -> None:
    printer.run_out_of_paper(after=2)
    job = queue.put(5)
    queue.until(job, "stopped")
    IppPrinter(printer.uri).cancel(job.printer_job_id)
    printer.fill()
    queue.until(job, "cancelled")
    assert why_not_printed(job) == "Cancelled by somebody."
    with pytest.raises(PrintJobStateError):
        cancel_print(job=job, actor="tests", now=queue.now)


def test_a_printer_that_forgot_its_job_leaves_it_to_a_person(queue, printer) -> None:
    printer.run_out_of_paper(after=3)
    job, following = queue.put(5), queue.put(1)
    queue.until(job, "stopped")
    printer.switch_off()
    printer.fill()
    printer.switch_on()
    # Its numbers begin anew: this one has inherited ours.
    assert somebody_else_prints(printer, 1) == job.printer_job_id
    queue.empty()
    job.refresh_from_db()
    following.refresh_from_db()
    assert (job.state, job.pages_done) == ("uncertain", 3)
    assert why_not_printed(job).startswith("Nobody knows whether it was printed")
    assert following.state == "printed", "the others do not wait for the person"
    decide_print(job=job, printed=False, actor="tests", now=queue.now)
    queue.until(job, "printed")
    assert (job.attempts, job.pages_done) == (2, 5)


def test_what_a_person_saw_in_the_tray_counts(queue, printer) -> None:
    printer.run_out_of_paper(after=3)
    job = queue.put(5)
    queue.until(job, "stopped")
    printer.switch_off()
    printer.fill()
    printer.switch_on()
    queue.until(job, "uncertain")
    decide_print(job=job, printed=True, actor="tests", now=queue.now)
    job.refresh_from_db()
    assert (job.state, job.pages_done, job.attempts) == ("printed", 5, 1)
    assert queue.step() is None
    with pytest.raises(PrintJobStateError):
        decide_print(job=job, printed=False, actor="tests", now=queue.now)
