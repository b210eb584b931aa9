"""Outgoing e-mail: queued once, held, released, taken back; attachments stored once."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import transaction

from integration import selectors
from integration.models import Event, MessageFile, OutgoingMessage
from integration.services import (
    Attachment,
    NewMessage,
    cancel_messages,
    hold_batch,
    queue_message,
    queue_messages,
    release_batch,
)
from integration.signals import messages_queued

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=1)
PDF = Attachment("factura.pdf", "application/pdf", b"%PDF-1.7 one")
NOTICE = NewMessage(
    key="mailing:17:recipient:1",
    purpose="mailing.notice",
    batch="mailing:17",
    recipient="Ana@Example.ES",
    recipient_name="Ana Ruiz",
    customer_number="C-000001",
    subject="Su carta llega el jueves",
    text="Buenos días",
    language="es",
)

pytestmark = pytest.mark.django_db


def notices(count):
    return [
        replace(NOTICE, key=f"mailing:17:recipient:{n}", recipient=f"n{n}@example.es")
        for n in range(1, count + 1)
    ]


def test_a_message_waits_as_it_was_written():
    row = queue_message(message=NOTICE, now=NOON)
    assert (row.state, row.attempts, row.bulk) == ("queued", 0, False)
    assert (row.recipient, row.domain) == ("Ana@Example.ES", "example.es")
    assert (row.not_before, row.next_attempt_at, row.created_at) == (NOON, NOON, NOON)
    assert row.message_id.startswith("<")
    assert row.message_id.endswith("@bpi.example>")


def test_the_same_key_again_changes_nothing():
    first = queue_message(message=replace(NOTICE, attachments=[PDF]), now=NOON)
    again = replace(NOTICE, subject="Other", attachments=[PDF, PDF])
    second = queue_message(message=again, now=LATER)
    assert (second.pk, second.subject, second.created_at) == (first.pk, NOTICE.subject, NOON)
    assert second.attachments.count() == 1


def test_many_are_queued_in_one_go_and_each_once():
    assert queue_messages(messages=iter(notices(3)), now=NOON) == 3
    assert queue_messages(messages=[*notices(4), *notices(4)], now=LATER) == 1
    assert [row.recipient for row in selectors.messages_of_batch("mailing:17")] == [
        "n1@example.es",
        "n2@example.es",
        "n3@example.es",
        "n4@example.es",
    ]
    assert selectors.batch_counts("mailing:17")["queued"] == 4


def test_a_thousand_take_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        assert queue_messages(messages=notices(1000), now=NOON) == 1000


def test_what_a_thousand_carry_is_stored_once():
    carried = [replace(one, attachments=[PDF]) for one in notices(20)]
    queue_messages(messages=carried, now=NOON)
    queue_message(
        message=replace(
            NOTICE,
            key="x.other",
            attachments=[Attachment("copia.pdf", "application/pdf", bytes(PDF.content))],
        ),
        now=NOON,
    )
    (file,) = MessageFile.objects.all()
    assert (bytes(file.content), file.size) == (PDF.content, 12)
    assert file.attachments.count() == 21
    assert OutgoingMessage.objects.get(key="x.other").attachments.get().name == "copia.pdf"


def test_an_address_that_is_none_is_kept_as_failed():
    long = "a" * 300 + "@example.es"
    for number, wrong in enumerate(["nobody", "a b@example.es", long]):
        row = queue_message(message=replace(NOTICE, key=f"k{number}", recipient=wrong), now=NOON)
        assert (row.state, row.answer) == ("perm_failed", "Esto no es una dirección de correo.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "Mailing"},
        {"subject": " "},
        {"subject": "Hello\r\nBcc: everybody@example.es"},
        {"subject": "x" * 301},
        {"recipient_name": "Ana\nBcc: x@example.es"},
        {"headers": {"X-Mailing": "17\r\nBcc: x@example.es"}},
        {"headers": {"X Mailing": "17"}},
        {"headers": {"bcc": "x@example.es"}},
        {"unsubscribe_url": "https://portal.example/\nBcc: x@example.es"},
    ],
)
def test_what_no_message_can_have_is_refused(wrong):
    with pytest.raises(ValueError, match="message mailing:17:recipient:1"):
        queue_messages(messages=[*notices(3)[1:], replace(NOTICE, **wrong)], now=NOON)
    assert not OutgoingMessage.objects.exists()


def test_a_batch_is_taken_back_but_for_what_has_begun():
    queue_messages(messages=notices(3), now=NOON)
    OutgoingMessage.objects.filter(recipient="n1@example.es").update(
        state="sending", claimed_by="w", lease_until=LATER
    )
    OutgoingMessage.objects.filter(recipient="n2@example.es").update(
        state="claimed", claimed_by="w", lease_until=LATER
    )
    assert cancel_messages(batch="mailing:17", actor="tests", now=NOON) == 2
    assert cancel_messages(batch="mailing:17", actor="tests", now=NOON) == 0
    counts = selectors.batch_counts("mailing:17")
    assert (counts["cancelled"], counts["sending"], counts["total"]) == (2, 1, 3)
    event = Event.objects.get(type="messages.cancelled")
    assert (event.subject_id, event.data) == ("mailing:17", {"count": 2})


def test_single_messages_are_taken_back_by_key():
    queue_messages(messages=notices(2), now=NOON)
    assert cancel_messages(keys=["mailing:17:recipient:2"], actor="tests", now=NOON) == 1
    assert selectors.message("mailing:17:recipient:1").state == "queued"
    with pytest.raises(ValueError, match="name a batch"):
        cancel_messages(actor="tests", now=NOON)


def test_a_pause_and_its_end_are_recorded_once():
    for _twice in range(2):
        hold_batch(batch="mailing:17", actor="tests", now=NOON)
    assert selectors.is_held("mailing:17")
    for _twice in range(2):
        release_batch(batch="mailing:17", actor="tests", now=LATER)
    assert not selectors.is_held("mailing:17")
    assert list(Event.objects.order_by("pk").values_list("type", flat=True)) == [
        "messages.held",
        "messages.released",
    ]


def test_what_is_queued_is_announced_in_its_transaction():
    heard = []

    def listen(count, **_kwargs):
        heard.append((count, transaction.get_connection().in_atomic_block))

    messages_queued.connect(listen)
    try:
        queue_messages(messages=notices(3), now=NOON)
        queue_messages(messages=notices(3), now=NOON)
    finally:
        messages_queued.disconnect(listen)
    assert heard == [(3, True)]
