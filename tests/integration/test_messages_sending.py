"""Outgoing e-mail on a real mail server: what comes of every answer."""

import datetime as dt

import pytest
from django.db import transaction

from integration import selectors, tasks
from integration.models import Event, OutgoingMessage, Suppression
from integration.services import (
    Attachment,
    cancel_messages,
    hold_batch,
    messages_sending,
    release_batch,
    suppress,
    take_up_abandoned,
)
from integration.signals import message_bounced, message_state_changed
from tests.mail.messages import BATCH, NOON, queue, queued, send

pytestmark = pytest.mark.django_db
# Emptying all tables takes a while: only where others must see what was committed.
others_look_on = pytest.mark.django_db(transaction=True)
MINUTE = dt.timedelta(minutes=1)


def test_a_message_is_sent_and_known_to_be(smtp_server, heard):
    row = queue("ana@example.es", customer_number="C-000001")
    report = send()
    assert (report.sent, report.more) == (1, False)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_code) == ("sent", 1, 250)
    assert NOON <= row.sent_at < NOON + MINUTE
    assert row.claimed_by.startswith("tests#")
    assert row.lease_until is None
    (received,) = smtp_server.received
    assert received.recipient == "ana@example.es"
    assert received.message_id == row.message_id
    assert heard == [(row.key, "sent")]
    event = Event.objects.get(type="message.sent")
    assert (event.customer_number, event.subject_id) == ("C-000001", row.key)
    assert event.data == {"purpose": "mailing.notice", "batch": BATCH}


def test_how_a_message_looks_on_the_wire(smtp_server, settings):
    settings.DEFAULT_FROM_EMAIL = "BPI <portal@bpi.example>"
    queue(
        "ana@españa.example",
        recipient_name="Ana Núñez, S.L.",
        sender_name="Conferencias Ibéricas",
        reply_to="reservas@bpi.example",
        subject="Su carta llegará el jueves 26 de noviembre con las nuevas condiciones de 2027",
        text="Buenos días:\n.y un punto\n" + "ñ" * 2000,
        html="<p>Buenos días</p>",
        language="es",
        headers={"X-Mailing": "17"},
        unsubscribe_url="https://portal.bpi.example/preferences/" + "a" * 120,
        attachments=[
            Attachment("condiciones añadidas.pdf", "application/pdf", b"%PDF\r\n.\r\n\x00\xff"),
            Attachment("cita.ics", "text/calendar; method=REQUEST; charset=utf-8", b"BEGIN:V\r\n"),
        ],
    )
    assert send().sent == 1
    (received,) = smtp_server.received
    lines = received.content.split(b"\r\n")
    assert max(map(len, lines)) < 998
    assert received.content.isascii()
    message = received.message
    assert message["From"] == "Conferencias Ibéricas <portal@bpi.example>"
    assert message["To"].addresses[0].display_name == "Ana Núñez, S.L."
    assert message["To"].addresses[0].addr_spec == "ana@xn--espaa-rta.example"
    assert message["Reply-To"] == "reservas@bpi.example"
    assert message["Subject"].strip().startswith("Su carta llegará el jueves 26")
    assert message["Date"].datetime.replace(second=0) == NOON
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "es"
    assert message["X-Mailing"] == "17"
    url = b"<https://portal.bpi.example/preferences/" + b"a" * 120 + b">"
    assert any(line.endswith(url) for line in lines)  # in one piece: mail programs read no other
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = message.get_body(["plain"]).get_content().replace("\r\n", "\n")
    assert text.startswith("Buenos días:\n.y un punto\nñññ")
    assert message.get_body(["html"]).get_content().strip() == "<p>Buenos días</p>"
    pdf, calendar = message.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == (
        "condiciones añadidas.pdf",
        "application/pdf",
    )
    assert pdf.get_content() == b"%PDF\r\n.\r\n\x00\xff"
    assert calendar["Content-Type"].params["method"] == "REQUEST"
    assert calendar.get_payload(decode=True) == b"BEGIN:V\r\n"


def test_reports_come_to_an_address_of_each_message(smtp_server, settings):
    settings.BOUNCE_ADDRESS = "rebotes@correo.bpi.example"
    queue("ana@example.es")
    queue("bea@example.es")
    send()
    senders = {one.sender for one in smtp_server.received}
    assert len(senders) == 2
    for sender in senders:
        local, _at, domain = sender.partition("@")
        assert domain == "correo.bpi.example"
        assert local.startswith("rebotes+")
        assert len(local) <= 64


def test_without_https_there_is_no_one_click(smtp_server):
    queue("ana@example.es", unsubscribe_url="http://127.0.0.1:8000/p/1")
    send()
    message = smtp_server.received[0].message
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8000/p/1>"
    assert message["List-Unsubscribe-Post"] is None


def test_one_connection_for_many(smtp_server):
    for number in range(20):
        queue(f"n{number}@example.es")
    assert send().sent == 20
    assert smtp_server.connections == 1


def test_not_before_its_time_and_mass_mail_last(smtp_server):
    queue("late@example.es", not_before=NOON + MINUTE)
    queue("mass@example.es", unsubscribe_url="https://portal.example/u")
    queue("one@example.es")
    send()
    assert [one.recipient for one in smtp_server.received] == ["one@example.es", "mass@example.es"]
    send(NOON + MINUTE)
    assert smtp_server.received[-1].recipient == "late@example.es"


def test_a_text_that_cannot_be_written_stops_no_other(smtp_server, caplog):
    row, other = queue("ana@example.es"), queue("bea@example.es")
    OutgoingMessage.objects.filter(pk=row.pk).update(subject="a\r\nBcc: everybody@example.es")
    send()
    assert (queued(row).state, queued(other).state) == ("perm_failed", "sent")
    assert "can't be written" in caplog.text


# --- held, taken back, suppressed ---------------------------------------------------------------


@others_look_on
def test_what_happens_while_others_are_sent_counts_at_once(smtp_server):
    """Unsubscribed, taken back, paused: after the claim, and before its own turn."""
    queue("first@example.es")
    gone = queue("gone@example.es", unsubscribe_url="https://portal.example/u")
    back = queue("back@example.es", unsubscribe_url="https://portal.example/u", batch="x:1")
    held = queue("held@example.es", unsubscribe_url="https://portal.example/u", batch="x:2")
    stays = queue("stays@example.es", unsubscribe_url="https://portal.example/u")

    def meanwhile(_received):
        smtp_server.before_answer = None
        assert queued(held).state == "claimed"
        suppress(email="GONE@example.es", reason="unsubscribed", actor="tests", now=NOON)
        cancel_messages(batch="x:1", actor="tests", now=NOON)
        hold_batch(batch="x:2", actor="tests", now=NOON)

    smtp_server.before_answer = in_own_thread(meanwhile)
    assert send().states == {"sent": 2, "suppressed": 1, "": 2, "uncertain": 0}
    states = [queued(row).state for row in (gone, back, held, stays)]
    assert states == ["suppressed", "cancelled", "queued", "sent"]
    assert [one.recipient for one in smtp_server.received] == [
        "first@example.es",
        "stays@example.es",
    ]
    release_batch(batch="x:2", actor="tests", now=NOON)
    assert send().sent == 1


def in_own_thread(action):
    """The server calls from a thread of its own, whose connection must not stay open."""

    def act(received):
        try:
            action(received)
        finally:
            transaction.get_connection().close()

    return act


def test_who_has_unsubscribed_still_gets_his_invoice(smtp_server):
    suppress(email="ana@example.es", reason="unsubscribed", actor="tests", now=NOON)
    notice = queue("ana@example.es", unsubscribe_url="https://portal.example/u")
    invoice = queue("Ana@example.es", purpose="billing.invoice")
    send()
    assert (queued(notice).state, queued(invoice).state) == ("suppressed", "sent")
    assert queued(notice).answer == "El destinatario se ha dado de baja."


def test_a_wish_of_one_customer_is_not_that_of_another_at_the_same_address(smtp_server):
    suppress(customer_number="C-1", reason="unsubscribed", actor="tests", now=NOON)
    suppress(
        customer_number="C-2", email="ana@example.es", reason="by_hand", actor="tests", now=NOON
    )
    unsubscribe = {"unsubscribe_url": "https://portal.example/u"}
    one = queue("ana@example.es", customer_number="C-1", **unsubscribe)
    two = queue("ana@example.es", customer_number="C-2", **unsubscribe)
    two_elsewhere = queue("bea@example.es", customer_number="C-2", **unsubscribe)
    three = queue("ana@example.es", customer_number="C-3", **unsubscribe)
    send()
    states = [queued(row).state for row in (one, two, two_elsewhere, three)]
    assert states == ["suppressed", "suppressed", "sent", "sent"]
    emails = ["Ana@example.es", "bea@example.es"]
    assert selectors.suppressed_emails(emails) == set()
    assert selectors.suppressed_emails(emails, customer_number="C-1") == set(emails)
    assert selectors.suppressed_emails(emails, customer_number="C-2") == {"Ana@example.es"}


# --- limits and leases --------------------------------------------------------------------------


def test_no_domain_gets_more_than_its_share(smtp_server, settings):
    settings.EMAIL_DOMAIN_RATE = 3
    settings.EMAIL_DOMAIN_RATES = {"gmail.example": 1}
    for number in range(5):
        queue(f"n{number}@gmail.example")
        queue(f"n{number}@other.example")
        queue(f"n{number}@Third.example")

    def by_domain():
        domains = [one.recipient.partition("@")[2].lower() for one in smtp_server.received]
        return [domains.count(f"{name}.example") for name in ("gmail", "other", "third")]

    send()
    send()
    assert by_domain() == [1, 3, 3]
    send(NOON + MINUTE / 2)
    assert by_domain() == [1, 3, 3]
    send(NOON + MINUTE + dt.timedelta(seconds=5))
    assert by_domain() == [2, 5, 5]
    settings.EMAIL_DOMAIN_RATES = {"gmail.example": 0}
    send(NOON + 3 * MINUTE)
    assert by_domain() == [5, 5, 5]


@others_look_on
def test_no_more_workers_send_at_once_than_the_settings_say(smtp_server, settings, monkeypatch):
    monkeypatch.setattr(messages_sending, "AT_ONCE", 5)
    settings.EMAIL_SENDERS = 1
    for number in range(6):
        queue(f"n{number}@example.es")
    report = []

    def meanwhile(_received):
        smtp_server.before_answer = None
        report.append(send())
        settings.EMAIL_SENDERS = 2
        report.append(send())

    smtp_server.before_answer = in_own_thread(meanwhile)
    assert send().sent == 5
    assert [one.sent for one in report] == [0, 1]
    assert set(smtp_server.copies().values()) == {1}


def test_a_claim_that_was_left_goes_back_and_what_was_being_sent_is_uncertain(smtp_server, heard):
    row, tried, sending, alive = (queue(f"n{number}@example.es") for number in range(4))
    rows = OutgoingMessage.objects
    gone = {"claimed_by": "gone#1", "claimed_at": NOON, "lease_until": NOON}
    rows.filter(pk=row.pk).update(state="claimed", **gone)
    rows.filter(pk=tried.pk).update(state="claimed", attempts=1, **gone)
    rows.filter(pk=sending.pk).update(state="sending", attempts=1, **gone)
    rows.filter(pk=alive.pk).update(
        state="sending", claimed_by="x#1", lease_until=NOON + 2 * MINUTE
    )
    assert take_up_abandoned(now=NOON) == (0, 0)
    assert take_up_abandoned(now=NOON + MINUTE) == (2, 1)
    assert take_up_abandoned(now=NOON + MINUTE) == (0, 0)
    states = [queued(one).state for one in (row, tried, sending, alive)]
    assert states == ["queued", "temp_failed", "uncertain", "sending"]
    assert queued(sending).answer == "No se volvió a saber del proceso."
    assert heard == [(sending.key, "uncertain")]


@others_look_on
def test_a_worker_that_was_only_slow_says_at_last_that_it_was_sent(smtp_server):
    row = queue("ana@example.es")

    def meanwhile(_received):
        assert take_up_abandoned(now=NOON + dt.timedelta(hours=1)) == (0, 1)

    smtp_server.before_answer = in_own_thread(meanwhile)
    assert send().sent == 1
    assert queued(row).state == "sent"


def test_a_receiver_that_fails_makes_nobody_forget_what_was_sent(smtp_server, caplog):
    def fail(**_kwargs):
        Event.objects.create(type="x", occurred_at=NOON, actor="x", actor_kind="nonsense")

    row = queue("ana@example.es")
    message_state_changed.connect(fail)
    try:
        send()
    finally:
        message_state_changed.disconnect(fail)
    assert queued(row).state == "sent"
    assert "nobody could be told" in caplog.text
    assert Event.objects.filter(type="message.sent").count() == 1


def test_a_receiver_that_fails_makes_nobody_forget_a_refusal(smtp_server, caplog):
    def fail(**_kwargs):
        msg = "not now"
        raise RuntimeError(msg)

    smtp_server.refuse("550 5.1.1 No such user here", to="nadie@")
    row, other = queue("nadie@example.es"), queue("bea@example.es")
    message_bounced.connect(fail)
    try:
        send()
    finally:
        message_bounced.disconnect(fail)
    assert (queued(row).state, queued(row).bounce, queued(other).state) == (
        "perm_failed",
        "",
        "sent",
    )
    assert "could not be noted as a bounce" in caplog.text
    again = queue("nadie@example.es")
    send()
    assert (queued(again).state, queued(again).bounce) == ("perm_failed", "hard")
    assert Suppression.objects.count() == 1


@others_look_on
def test_it_is_never_sent_inside_a_transaction(smtp_server):
    queue("ana@example.es")
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send()
    assert not smtp_server.received


# --- without a mail server, and by itself -------------------------------------------------------


def test_without_a_server_it_becomes_a_file(settings, tmp_path):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    row = queue("ana@example.es", subject="Año nuevo")
    send()
    (path,) = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    assert b"Message-ID: " + row.message_id.encode() in path.read_bytes()
    assert (queued(row).state, queued(row).last_answer) == ("sent", f"Written to {path.name}")


def test_a_folder_that_cannot_be_written_is_a_server_that_is_down(settings, tmp_path):
    (tmp_path / "mail").write_text("a file")
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail" / "sub")
    row = queue("ana@example.es")
    send()
    assert (queued(row).state, queued(row).attempts) == ("queued", 0)


@others_look_on
def test_what_is_committed_is_handed_to_as_many_workers_as_it_needs(monkeypatch):
    handed = []
    monkeypatch.setattr(tasks.send_messages, "delay", lambda: handed.append(1))
    with transaction.atomic():
        queue("ana@example.es")
        assert handed == []
    assert len(handed) == 1
    queue(*(f"n{number}@example.es" for number in range(60)))
    assert len(handed) == 3


def test_a_worker_goes_on_while_there_is_more(smtp_server, monkeypatch):
    handed = []
    queue("ana@example.es")
    queue("bea@example.es")
    monkeypatch.setattr(tasks.send_messages, "delay", lambda: handed.append(1))
    assert send(limit=1).more
    assert tasks.send_messages() == 1
    assert (len(smtp_server.received), handed) == (2, [])
