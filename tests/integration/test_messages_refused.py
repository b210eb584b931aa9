"""Outgoing e-mail that a real mail server refuses, or whose fate it does not tell."""

import datetime as dt

import pytest

from integration.models import Event, Suppression
from integration.services.messages_sending import PAUSES
from tests.mail.messages import NOON, queue, queued, send

pytestmark = pytest.mark.django_db
# Emptying all tables takes a while: only where others must see what was committed.
others_look_on = pytest.mark.django_db(transaction=True)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
def test_a_refusal_for_now_is_tried_again_later(smtp_server, at, heard):
    smtp_server.refuse("451 4.7.1 Greylisted, come back later", at=at, times=1)
    row, other = queue("ana@example.es"), queue("bea@example.es")
    assert send().states == {"temp_failed": 1, "sent": 1, "uncertain": 0}
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_code) == ("temp_failed", 1, 451)
    assert row.last_answer == "4.7.1 Greylisted, come back later"
    assert MINUTE <= row.next_attempt_at - NOON < 2 * MINUTE
    assert smtp_server.to("bea@example.es")  # on the same connection
    assert smtp_server.connections == 1
    send(NOON + MINUTE / 2)
    assert queued(row).state == "temp_failed"
    send(NOON + 2 * MINUTE)
    assert (queued(row).state, queued(row).attempts) == ("sent", 2)
    assert heard == [(row.key, "temp_failed"), (other.key, "sent"), (row.key, "sent")]


def test_at_last_it_is_given_up(smtp_server):
    smtp_server.refuse("450 4.2.1 Busy")
    row, now = queue("ana@example.es"), NOON
    for number, pause in enumerate(PAUSES, start=1):
        send(now)
        assert (queued(row).state, queued(row).attempts) == ("temp_failed", number)
        now += pause + MINUTE / 2
    send(now)
    assert (queued(row).state, queued(row).attempts) == ("perm_failed", len(PAUSES) + 1)
    assert not Suppression.objects.exists()
    send(now + dt.timedelta(days=9))
    assert queued(row).attempts == len(PAUSES) + 1


def test_an_address_that_does_not_exist_is_written_to_no_more(smtp_server, heard):
    smtp_server.refuse("550 5.1.1 No such user here", to="nadie@")
    row = queue("Nadie@Example.es", customer_number="C-000001")
    send()
    row.refresh_from_db()
    assert (row.state, row.last_code, row.bounce) == ("perm_failed", 550, "hard")
    suppression = Suppression.objects.get()
    assert (suppression.email, suppression.reason) == ("nadie@example.es", "hard_bounce")
    assert suppression.message_key == row.key
    assert heard == [
        (row.key, "perm_failed"),
        (row.key, "Nadie@Example.es", "hard", "5.1.1"),
    ]
    again = queue("nadie@example.es")
    send()
    assert (queued(again).state, queued(again).attempts) == ("suppressed", 0)
    assert queued(again).answer == "La dirección no existe."
    assert not smtp_server.received


@pytest.mark.parametrize(
    ("answer", "at"),
    [
        ("550 5.7.1 Message refused by policy", "rcpt"),
        ("552 5.2.2 Mailbox full", "rcpt"),
        ("554 5.6.0 Spam", "data"),
        ("550 No such user", "data"),  # at this step it is about the text
        ("552 5.3.4 Message too big", "mail"),
    ],
)
def test_other_refusals_say_nothing_of_the_address(smtp_server, answer, at):
    smtp_server.refuse(answer, at=at)
    row = queue("ana@example.es")
    send()
    assert (queued(row).state, queued(row).bounce) == ("perm_failed", "")
    assert not Suppression.objects.exists()


def test_a_server_that_wants_a_login_first_fails_no_message(smtp_server):
    smtp_server.refuse("530 5.7.0 Authentication required", at="mail")
    row = queue("ana@example.es")
    send()
    assert queued(row).state == "temp_failed"


def test_a_server_that_is_down_costs_no_attempt(smtp_server):
    row = queue("ana@example.es")
    smtp_server.stop()
    report = send()
    assert (report.sent, report.more) == (0, False)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 0)
    assert "refused" in row.last_answer
    assert row.next_attempt_at > NOON
    smtp_server.start()
    assert send(NOON + 2 * MINUTE).sent == 1


def test_a_connection_lost_before_the_text_is_harmless(smtp_server):
    first, row = queue("ana@example.es"), queue("bea@example.es")
    smtp_server.hang_up(to="bea@", at="rcpt")
    assert send().sent == 2  # over a second connection
    assert smtp_server.connections == 2
    assert (queued(row).attempts, queued(first).attempts) == (1, 1)


def test_a_server_that_hangs_up_at_once_is_tried_later(smtp_server):
    row = queue("ana@example.es")
    smtp_server.hang_up(at="mail")
    send()
    assert (queued(row).state, queued(row).attempts) == ("temp_failed", 1)
    assert not smtp_server.received


@pytest.mark.parametrize("taken", [True, False])
def test_a_connection_lost_after_the_text_leaves_it_uncertain(smtp_server, taken, heard):
    row = queue("ana@example.es")
    other = queue("bea@example.es")
    smtp_server.hang_up(to="ana@", keeps=taken)
    assert send().states == {"uncertain": 1, "sent": 1}
    assert (queued(row).state, queued(other).state) == ("uncertain", "sent")
    for hours in (1, 100):
        send(NOON + dt.timedelta(hours=hours))
    assert queued(row).state == "uncertain"
    assert len(smtp_server.to("ana@example.es")) == int(taken)
    assert Event.objects.get(type="message.uncertain").subject_id == row.key
    assert heard == [(row.key, "uncertain"), (other.key, "sent")]


def test_a_server_too_slow_to_answer_leaves_it_uncertain(smtp_server, settings):
    settings.EMAIL_TIMEOUT = 0.2
    smtp_server.be_slow(0.5, to="ana@")
    row = queue("ana@example.es")
    send()
    assert (queued(row).state, queued(row).last_code) == ("uncertain", None)


def test_what_was_answered_before_the_connection_broke_is_sent(smtp_server):
    row, other = queue("ana@example.es"), queue("bea@example.es")
    smtp_server.hang_up_after_250(to="ana@")
    send()
    assert (queued(row).state, queued(other).state) == ("sent", "sent")
    assert set(smtp_server.copies().values()) == {1}
