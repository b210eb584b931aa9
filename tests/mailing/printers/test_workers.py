"""Workers as processes of their own, killed at the worst moments, at a real printer."""

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings as live

from mailing.models import PrintJob
from mailing.services.print_steps import name_at_printer
from mailing.services.printing import decide_print
from mailing.tasks import look_after_printers, print_next
from tests.bridge.janus import wait_until
from tests.bridge.link import ROOT, database_url
from tests.flows.worker import WorkerProcess, forget_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.printer, pytest.mark.poppler]


def die(when: str, printer_id: int) -> None:
    """Let a worker be killed before or after the document reached the printer."""
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-m", "tests.mailing.printers.dying", when, str(printer_id)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "SECRET_KEY": live.SECRET_KEY,
            "BPI_STATE_DIR": str(live.MEDIA_ROOT.parent),
        },
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def test_killed_after_the_hand_over_is_found_again(queue, printer) -> None:
    job = queue.put(3)
    die("after", queue.printer.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("submitting", 1)
    queue.until(job, "printed")
    assert printer.pages() == {name_at_printer(job): 3}


def test_killed_before_the_hand_over_is_for_a_person_to_decide(queue, printer) -> None:
    job = queue.put(3)
    die("before", queue.printer.pk)
    queue.until(job, "uncertain")
    assert printer.pages() == {}, "and yet nobody here can know"
    assert queue.step() is None, "it is not printed again by itself"
    decide_print(job=job, printed=False, actor="tests", now=queue.now)
    queue.until(job, "printed")
    assert printer.pages() == {name_at_printer(job): 3}


@pytest.fixture
def worker(tmp_path):
    forget_tasks()
    process = WorkerProcess(tmp_path)
    yield process.start()
    process.close()
    forget_tasks()


def test_two_workers_and_a_kill(queue, printer, worker) -> None:
    printer.speed(100)
    jobs = [queue.put(60) for _ in range(3)]
    for _ in range(6):  # as many as were announced, and more: they find one another at it
        print_next.delay(queue.printer.pk)
    wait_until(lambda: len(printer.pages()) == 2, seconds=30, what="the second job")
    worker.kill()
    worker.start()
    look_after_printers.delay()

    def is_done() -> bool:
        return PrintJob.objects.filter(state=PrintJob.State.PRINTED).count() == len(jobs)

    wait_until(is_done, seconds=40, what="all being printed")
    assert printer.printed_twice() == []
    rows = PrintJob.objects.order_by("pk")
    assert [(job.attempts, job.pages_done) for job in rows] == [(1, 60)] * 3
    assert printer.pages() == {name_at_printer(job): 60 for job in rows}
