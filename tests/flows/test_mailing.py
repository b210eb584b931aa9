"""Letters to a printer and notices to the very same customers, whatever happens on the way."""

import datetime as dt
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from django.test import Client

from customers.selectors import timeline
from customers.services import change_customer
from integration.models import OutgoingMessage
from mailing.models import Chunk, Mailing
from mailing.selectors import letter_pdf, report
from mailing.services import pause, resume
from tests.bridge.janus import wait_until
from tests.flows.post import PATIENCE, PostOffice, now
from tests.flows.stage import statement_held, waiting_for_locks
from tests.mailing.papers import pages_of_text

pytestmark = [pytest.mark.printer, pytest.mark.pango, pytest.mark.poppler]
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def post(transactional_db, tmp_path_factory):
    """Open the post office once for all stories; each brings customers of its own."""
    with ExitStack() as exits:
        yield PostOffice(tmp_path_factory.mktemp("post"), exits)


def pages_printed(post: PostOffice, mailing: Mailing) -> int:
    return sum(count for name, count in post.printer.pages().items() if mailing.number in name)


def letters_to(post: PostOffice, mailing: Mailing) -> set[str]:
    """Return to whom the mail server was given notices of the mailing; nobody had two."""
    emails = set(mailing.recipients.values_list("email", flat=True))
    received = [one.recipient for one in post.mail.received if one.recipient in emails]
    assert len(received) == len(set(received))
    return set(received)


def test_five_hundred_customers_from_go_to_the_last_sheet(post):
    customers = post.customers(500)
    mailing = post.approved(customers)
    began = time.monotonic()
    post.go(mailing)
    post.wait_until_done(mailing)
    assert time.monotonic() - began < PATIENCE
    assert pages_printed(post, mailing) == 500
    assert post.printer.printed_twice() == []
    assert len(letters_to(post, mailing)) == 500
    found = report(mailing)
    assert (found.letters_printed, found.sheets, found.sent) == (500, 500, 500)
    assert (found.people, found.minutes is not None) == ([post.sender.username], True)
    last = mailing.recipients.get(position=500)
    assert "28499" in pages_of_text(letter_pdf(last))[0]
    told = {moment.event.type for moment in timeline(last.customer, user=post.sender)}
    assert {"letter.printed", "message.sent"} <= told


def test_out_of_paper_in_the_middle(post):
    mailing = post.approved(post.customers(40), chunk_size=20, notice=None)
    post.printer.speed(200)
    post.printer.run_out_of_paper(after=7)
    post.go(mailing)

    def has_stopped(_mailing):
        return mailing.chunks.filter(print_job__state="stopped").exists()

    post.wait(mailing, has_stopped, "the printer without paper")
    assert 0 < pages_printed(post, mailing) < 40
    assert mailing.state == Mailing.State.RUNNING
    post.printer.fill()
    post.wait_until_done(mailing)
    assert pages_printed(post, mailing) == 40
    assert post.printer.printed_twice() == []


def test_the_worker_is_killed_twice(post):
    mailing = post.approved(post.customers(24), chunk_size=6, notice=None)
    post.go(mailing)
    # Once with a document written and its pages not yet noted, then wherever it happens to be.
    with statement_held("LOCK TABLE mailing_recipient IN SHARE MODE"):
        folder = post.media / "mailings" / mailing.number
        wait_until(
            lambda: waiting_for_locks() > 0 and any(folder.glob(".part-*")),
            seconds=PATIENCE,
            what="workers with documents that nobody knows of",
        )
        post.worker.kill()
    assert mailing.chunks.filter(state=Chunk.State.MERGING).exists()
    post.worker.start()
    wait_until(
        lambda: mailing.chunks.exclude(document="").exists(),
        seconds=PATIENCE,
        what="the first part",
    )
    post.worker.kill()
    post.worker.start()
    post.sweep()
    post.wait(mailing, post.has_seen_the_tray, "the mailing being done")
    assert pages_printed(post, mailing) == 24
    assert post.printer.printed_twice() == []
    assert list(mailing.chunks.values_list("letters", flat=True)) == [6, 6, 6, 6]


def test_unsubscribed_between_approval_and_notice_and_an_address_corrected_too_late(post):
    gone, moved, other = post.customers(3)
    tomorrow = now().date() + DAY
    mailing = post.approved([gone, moved, other], mail_on=tomorrow, notice_time=dt.time(23))
    change_customer(
        customer=moved,
        expected_version=moved.version,
        addresses=[
            {
                "kind": "postal",
                "line1": "Calle Nueva 7",
                "postcode": "28999",
                "city": "Madrid",
                "country": "ES",
            }
        ],
        actor=post.sender,
        now=now(),
    )
    post.go(mailing)
    post.wait(
        mailing,
        lambda one: OutgoingMessage.objects.filter(batch=f"mailing:{one.pk}").count() == 3,
        "the notices",
    )
    message = OutgoingMessage.objects.get(customer_number=gone.number)
    one_click = urlsplit(message.unsubscribe_url).path
    answer = Client().post(one_click, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200

    pause(mailing=mailing, actor=post.sender, now=now())
    OutgoingMessage.objects.filter(batch=f"mailing:{mailing.pk}").update(next_attempt_at=now())
    resume(mailing=mailing, actor=post.sender, now=now())
    post.wait_until_done(mailing)
    emails = {moved.contacts.get().email, other.contacts.get().email}
    assert letters_to(post, mailing) == emails
    found = report(mailing)
    assert (found.letters_printed, found.sent, found.opted_out, found.outdated) == (3, 2, 1, 1)
    (page,) = pages_of_text(letter_pdf(mailing.recipients.get(customer=moved)))
    assert "28001" in page, "the address that was approved"
