"""Merged parts at the printer: what becomes of them, and printing some of them again."""

import datetime as dt

import pytest

from customers.selectors import timeline
from integration.models import Event
from mailing.models import Printer, PrintJob
from mailing.selectors import progress, report, report_rows, report_table
from mailing.selectors.progress import prints_to_conclude
from mailing.services import (
    NothingToPrintError,
    cancel,
    change_mailing,
    conclude_print,
    hand_over,
    mark_printed,
    pause,
    print_again,
    print_proof,
    resume,
)
from mailing.services.printing import document_path, finish_print
from tests.factories.customers import NOW, make_issuer
from tests.factories.mailing import make_approved
from tests.factories.users import make_user
from tests.mailing.papers import LATER, customers, merge_all, pages_of_text, started

pytestmark = [pytest.mark.django_db, pytest.mark.pango, pytest.mark.poppler]
PRINTED_AT = LATER + dt.timedelta(minutes=10)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def sender():
    make_issuer()
    return make_user("administrator")


@pytest.fixture
def printer():
    return Printer.objects.create(name="Bandeja", uri="folder:tests")


def end(job, state="printed", pages=None):
    """Let the printer have done with a job, and the mailing hear of it."""
    finish_print(
        job,
        PrintJob.State(state),
        now=PRINTED_AT,
        pages_done=job.pages if pages is None else pages,
    )
    conclude_print(print_job_id=job.pk, now=PRINTED_AT)


def words_of(job):
    return pages_of_text(document_path(job.document).read_bytes())


class TestHandingOver:
    def test_each_part_is_handed_over_once_under_its_key(self, sender, printer):
        customers(3)
        mailing = started(sender, printer=printer, chunk_size=2)
        merge_all(mailing)
        hand_over(mailing_id=mailing.pk, now=LATER)
        jobs = PrintJob.objects.order_by("pk").values_list("key", "batch", "pages", "options")
        batch = f"mailing:{mailing.pk}"
        assert list(jobs) == [
            (f"{batch}:chunk:1:1", batch, 2, {"duplex": False}),
            (f"{batch}:chunk:2:1", batch, 1, {"duplex": False}),
        ]
        assert mailing.state == "running"

    def test_envelopes_want_their_own_paper(self, sender, printer):
        customers(1)
        mailing = started(sender, printer=printer, output="envelopes_dl")
        merge_all(mailing)
        assert PrintJob.objects.get().options == {"duplex": False, "media": "iso_dl_110x220mm"}

    def test_a_pause_holds_them_back(self, sender, printer):
        customers(1)
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        pause(mailing=mailing, actor=sender, now=LATER)
        assert PrintJob.objects.get().held
        resume(mailing=mailing, actor=sender, now=LATER)
        assert not PrintJob.objects.get().held

    def test_another_printer_takes_what_waits(self, sender, printer):
        customers(1)
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        other = Printer.objects.create(name="Otra", uri="folder:otra")
        change_mailing(mailing=mailing, printer=other, actor=sender, now=LATER)
        assert PrintJob.objects.get().printer == other

    def test_a_part_waits_for_a_printer_that_is_in_use(self, sender, printer):
        customers(1)
        mailing = started(sender, printer=printer)
        Printer.objects.filter(pk=printer.pk).update(active=False)
        merge_all(mailing)
        assert mailing.chunks.get().state == "merged"
        assert not PrintJob.objects.exists()
        other = Printer.objects.create(name="Otra", uri="folder:otra")
        change_mailing(mailing=mailing, printer=other, actor=sender, now=LATER)
        assert hand_over(mailing_id=mailing.pk, now=LATER) == 1
        assert PrintJob.objects.get().printer == other


class TestPrinted:
    def test_each_customer_has_it_on_the_timeline_and_the_mailing_is_done(self, sender, printer):
        one, two = customers(2)
        mailing = started(sender, printer=printer, chunk_size=1)
        merge_all(mailing)
        first, second = PrintJob.objects.order_by("pk")
        end(first)
        mailing.refresh_from_db()
        assert (mailing.state, mailing.printed_at) == ("running", None)
        assert mailing.chunks.get(number=1).state == "printed"
        end(second)
        end(second)
        mailing.refresh_from_db()
        assert (mailing.state, mailing.printed_at) == ("done", PRINTED_AT)
        for customer in (one, two):
            told = [moment.event.type for moment in timeline(customer, user=sender)]
            assert told.count("letter.printed") == 1
        assert Event.objects.filter(type="mailing.printed").count() == 1
        assert mailing.job.state == "done"

    def test_a_lost_message_is_found_by_the_sweep(self, sender, printer):
        customers(1)
        merge_all(started(sender, printer=printer))
        job = PrintJob.objects.get()
        assert prints_to_conclude() == []
        finish_print(job, PrintJob.State.PRINTED, now=PRINTED_AT)
        assert prints_to_conclude() == [job.pk]
        conclude_print(print_job_id=job.pk, now=PRINTED_AT)
        assert prints_to_conclude() == []

    @pytest.mark.parametrize("state", ["failed", "cancelled", "uncertain"])
    def test_otherwise_the_part_waits_for_a_person(self, sender, printer, state):
        customers(1)
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        end(PrintJob.objects.get(), state)
        chunk = mailing.chunks.get()
        assert (chunk.state, chunk.printed_at) == ("merged", None)
        assert not Event.objects.filter(type="letter.printed").exists()
        mark_printed(chunk=chunk, actor=sender, now=PRINTED_AT)
        mailing.refresh_from_db()
        assert (mailing.chunks.get().state, mailing.state) == ("printed", "done")

    def test_cancelling_a_mailing_takes_its_jobs_back(self, sender, printer):
        customers(1)
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        cancel(mailing=mailing, actor=sender, now=LATER)
        job = PrintJob.objects.get()
        conclude_print(print_job_id=job.pk, now=LATER)
        assert (job.state, mailing.chunks.get().state) == ("cancelled", "cancelled")


class TestAgain:
    def test_one_goes_on_after_a_jam_from_some_recipient(self, sender, printer):
        customers(3)
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        end(PrintJob.objects.get(), "failed", pages=1)
        (job,) = print_again(mailing=mailing, first=2, last=3, actor=sender, now=PRINTED_AT)
        assert job.key.endswith(":chunk:1:2")
        assert [("28001" in page, "28002" in page) for page in words_of(job)] == [
            (True, False),
            (False, True),
        ]
        end(job)
        mailing.refresh_from_db()
        assert (mailing.chunks.get().state, mailing.state) == ("printed", "done")

    @pytest.mark.parametrize(
        ("state", "done", "first"),
        [
            ("failed", 1, 3),  # the second letter would be missing
            ("queued", 0, 1),  # the job of the part itself is still to come
        ],
    )
    def test_a_part_is_printed_only_once_all_of_it_is(self, sender, printer, state, done, first):
        customers(3)
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        original = PrintJob.objects.get()
        PrintJob.objects.update(state=state, pages_done=done)
        (job,) = print_again(mailing=mailing, first=first, last=3, actor=sender, now=LATER)
        assert mailing.chunks.get().print_job == original
        end(job)
        assert mailing.chunks.get().state == "merged"

    def test_a_copy_of_some_letters_is_a_job_of_its_own(self, sender, printer):
        customers(4)
        mailing = started(sender, printer=printer, chunk_size=2)
        merge_all(mailing)
        for job in PrintJob.objects.order_by("pk"):
            end(job)
        jobs = print_again(mailing=mailing, first=2, last=3, actor=sender, now=PRINTED_AT)
        assert [len(words_of(job)) for job in jobs] == [1, 1]
        assert [job.requested_by for job in jobs] == [sender, sender]
        end(jobs[0], "failed")
        mailing.refresh_from_db()
        assert mailing.state == "done"
        assert report(mailing).letters_printed == 4

    def test_the_empty_back_goes_with_its_letter(self, sender, printer):
        customers(2)
        Printer.objects.update(duplex=True)
        printer.refresh_from_db()
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        (job,) = print_again(mailing=mailing, first=1, last=1, actor=sender, now=LATER)
        assert job.pages == 2

    def test_there_must_be_something_to_print(self, sender, printer):
        customers(1)
        mailing = started(sender, printer=printer)
        with pytest.raises(NothingToPrintError):
            print_again(mailing=mailing, first=1, last=1, actor=sender, now=LATER)
        assert not PrintJob.objects.exists()


class TestProof:
    def test_the_first_five_or_any_one_are_printed_before_the_approval(self, sender, printer):
        customers(7)
        mailing = make_approved(sender, printer=printer)
        job = print_proof(mailing=mailing, actor=sender, now=NOW)
        assert job.pages == len(words_of(job)) == 5
        one = print_proof(mailing=mailing, positions=[7], actor=sender, now=NOW)
        (page,) = words_of(one)
        assert "28006" in page
        assert not mailing.chunks.exists()
        assert mailing.recipients.exclude(first_page=None).count() == 0
        told = Event.objects.filter(type="mailing.proof_printed").order_by("id")
        assert [event.data["recipients"] for event in told] == [[1, 2, 3, 4, 5], [7]]

    def test_it_needs_a_printer_and_a_letter(self, sender, printer):
        customers(1)
        mailing = make_approved(sender)
        with pytest.raises(NothingToPrintError):
            print_proof(mailing=mailing, actor=sender, now=NOW)
        with pytest.raises(NothingToPrintError):
            print_proof(mailing=mailing, positions=[9], printer=printer, actor=sender, now=NOW)


class TestReport:
    def test_minutes_and_people_come_from_the_log(self, sender, printer):
        customers(2)
        colleague = make_user("administrator")
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        pause(mailing=mailing, actor=colleague, now=LATER)
        resume(mailing=mailing, actor=sender, now=LATER)
        end(PrintJob.objects.get())
        mailing.refresh_from_db()
        found = report(mailing)
        assert (found.letters, found.letters_printed, found.sheets, found.pages) == (2, 2, 2, 2)
        assert (found.minutes, found.people) == (
            15,
            sorted([sender.username, colleague.username]),
        )

    def test_recipient_by_recipient(self, sender, printer):
        one, two = customers(1) + customers(1, email="")
        mailing = started(sender, printer=printer, chunk_size=1)
        merge_all(mailing)
        end(PrintJob.objects.order_by("pk")[0])
        states = report_rows(mailing).values_list("letter_state", "notice_state")
        assert list(states) == [("printed", None), ("merged", None)]
        head, rows = report_table(mailing)
        numbers = [row[0] for row in rows]
        assert numbers == [one.number, two.number]
        assert all(len(row) == len(head) for row in report_table(mailing)[1])

    def test_progress_tells_rate_and_time_left(self, sender, printer):
        customers(4)
        mailing = started(sender, printer=printer, chunk_size=2)
        chunk = mailing.chunks.get(number=1)
        mailing.chunks.filter(pk=chunk.pk).update(
            state="merging", claimed_at=LATER, done=1, letters=2
        )
        found = progress(mailing, now=LATER + dt.timedelta(seconds=2))
        assert (found.letters, found.merged, found.printed, found.percent) == (4, 1, 0, 0)
        assert (found.per_second, found.seconds_left) == (0.5, 6)
