"""Workers killed with -9 while they send: nothing is lost, nothing is sent twice by itself."""

import datetime as dt
import threading
from contextlib import ExitStack

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integration import selectors
from integration.models import Event, OutgoingMessage
from integration.services import (
    MessageStateError,
    confirm_message,
    messages_sending,
    resend_message,
    send_due,
)
from tests.bridge.janus import wait_until
from tests.flows.stage import statement_held, waiting_for_locks
from tests.mail.messages import BATCH, queue, queued
from tests.mail.workers import MailWorker

pytestmark = pytest.mark.django_db(transaction=True)
LATER = dt.timedelta(hours=1)
MESSAGES, KILLS = 200, 6


@pytest.fixture
def workers():
    """Start workers by name; none outlives the test."""
    with ExitStack() as exits:

        def start(name):
            worker = MailWorker(name).start()
            exits.callback(worker.close)
            return worker

        yield start


def test_killed_after_the_server_took_it_and_before_that_was_written_down(smtp_server, workers):
    now = timezone.now()
    row, other = queue("ana@example.es", now=now), queue("bea@example.es", now=now)
    taken, go_on = threading.Event(), threading.Event()

    def stand_still(_received):
        smtp_server.before_answer = None
        taken.set()
        go_on.wait(10)

    smtp_server.before_answer = stand_still
    worker = workers("one")
    assert taken.wait(10)
    # The message was marked as being sent in a transaction that is over; the next one must wait.
    with statement_held("LOCK TABLE integration_outgoingmessage IN SHARE MODE"):
        go_on.set()
        wait_until(lambda: waiting_for_locks() == 1, what="a worker with the server's 250")
        worker.kill()
    assert len(smtp_server.to("ana@example.es")) == 1
    assert (queued(row).state, queued(other).state) == ("sending", "claimed")

    for hours in range(1, 4):
        send_due(now=now + hours * LATER, worker="two")
    assert (queued(row).state, queued(other).state) == ("uncertain", "sent")
    assert len(smtp_server.to("ana@example.es")) == 1
    assert Event.objects.get(type="message.uncertain").subject_id == row.key
    assert selectors.batch_counts(BATCH)["uncertain"] == 1

    # A person sends it again, and the recipient's mail program can tell that it is the same.
    ana = User.objects.create(username="ana")
    resend_message(message=row, actor=ana, now=now)
    assert send_due(now=now + LATER, worker="two").sent == 1
    assert queued(row).state == "sent"
    assert {one.message_id for one in smtp_server.to("ana@example.es")} == {row.message_id}
    assert len(smtp_server.to("ana@example.es")) == 2
    with pytest.raises(MessageStateError):
        confirm_message(message=row, actor=ana, now=now)


def test_two_workers_killed_again_and_again(smtp_server, workers, settings, monkeypatch):
    monkeypatch.setattr(messages_sending, "AT_ONCE", 10)  # so many are out of reach for a while
    settings.EMAIL_SENDERS = KILLS + 2  # the dead count until their leases are over
    settings.EMAIL_DOMAIN_RATE = 0
    queue(*(f"n{number}@example.es" for number in range(MESSAGES)), now=timezone.now())
    at_work = [workers("one"), workers("two")]
    for number in range(KILLS):
        goal = len(smtp_server.received) + 15
        wait_until(lambda goal=goal: len(smtp_server.received) >= goal, what="some progress")
        at_work.pop(0).kill()
        at_work.append(workers(f"after {number}"))
    for worker in at_work:
        worker.kill()

    settings.EMAIL_SENDERS = 2
    assert not set(smtp_server.copies().values()) - {1}
    for hours in (1, 2):
        send_due(now=timezone.now() + hours * LATER, worker="last")
    counts = selectors.batch_counts(BATCH)
    assert counts["sent"] + counts["uncertain"] == MESSAGES
    assert counts["uncertain"] <= KILLS + 2
    copies = smtp_server.copies()
    assert set(copies.values()) == {1}
    states = dict(OutgoingMessage.objects.values_list("message_id", "state"))
    assert {states[message_id] for message_id in copies} <= {"sent", "uncertain"}
    assert {one for one, state in states.items() if state == "sent"} <= set(copies)


def test_two_workers_at_once_keep_to_the_limit_of_a_domain(smtp_server, workers, settings):
    settings.EMAIL_DOMAIN_RATE = 30
    queue(*(f"n{number}@example.es" for number in range(50)), now=timezone.now())
    queue(*(f"n{number}@other.example" for number in range(10)), now=timezone.now())
    workers("one")
    workers("two")
    wait_until(lambda: len(smtp_server.received) >= 40, what="all that may be sent")
    wait_until(lambda: not OutgoingMessage.objects.filter(state="claimed").exists())
    domains = [one.recipient.partition("@")[2] for one in smtp_server.received]
    assert (domains.count("example.es"), domains.count("other.example")) == (30, 10)
