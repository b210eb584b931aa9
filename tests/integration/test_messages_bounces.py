"""Reports of failed delivery: read as servers write them, believed only with our token."""

import datetime as dt
import io
import mailbox
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from integration import tasks
from integration.mail.verp import bounce_address
from integration.models import Event, OutgoingMessage, Suppression
from integration.services import lift_suppressions, messages_bounces, receive_report
from integration.signals import message_bounced
from tests.mail.messages import NOON, queue, queued
from tests.mail.reports import complaint, report

pytestmark = pytest.mark.django_db
LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture
def row():
    """A message that a server has taken."""
    row = queue("Ana@Example.es", customer_number="C-000001")
    OutgoingMessage.objects.filter(pk=row.pk).update(state="sent", sent_at=NOON)
    return queued(row)


@pytest.fixture
def heard():
    news = []

    def bounce(sender, signal, **news_of):
        news.append(SimpleNamespace(**news_of))

    message_bounced.connect(bounce)
    yield news
    message_bounced.disconnect(bounce)


def address_of(row):
    return bounce_address(pk=row.pk, key=row.key)


def receive(row, **fields):
    return receive_report(content=report(to=address_of(row), **fields), now=LATER)


def test_an_address_that_does_not_exist(row, heard):
    assert receive(row, status="5.1.1", diagnostic="smtp; 550 5.1.1 <ana>: unknown user") == "hard"
    row.refresh_from_db()
    assert (row.state, row.bounce, row.bounce_code) == ("sent", "hard", "5.1.1")
    assert row.bounced_at == LATER
    assert "unknown user" in row.bounce_answer
    suppression = Suppression.objects.get()
    assert (suppression.email, suppression.reason) == ("ana@example.es", "hard_bounce")
    assert suppression.customer_number == ""  # whoever has it: it does not exist
    (news,) = heard
    assert (news.key, news.email, news.kind, news.code) == (
        row.key,
        "Ana@Example.es",
        "hard",
        "5.1.1",
    )
    assert (news.customer_number, news.purpose, news.moment) == (
        "C-000001",
        "mailing.notice",
        LATER,
    )
    event = Event.objects.get(type="message.bounced")
    assert event.customer_number == "C-000001"
    assert "example" not in str(event.data)


def test_the_same_report_again_changes_nothing(row, heard):
    for _twice in range(2):
        assert receive(row, status="5.1.1") == "hard"
    assert Suppression.objects.count() == Event.objects.filter(type="message.bounced").count() == 1
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "kind"),
    [
        ("failed", "5.1.1", "", "hard"),
        ("failed", "5.1.2", "smtp; no such domain", "hard"),
        ("failed", "5.1.10", "smtp; 556 5.1.10 null MX", "hard"),
        ("failed", "5.2.1", "smtp; 550 5.2.1 disabled", "hard"),
        ("Failed", "5.4.4", "X-Postfix; Host or domain name not found", "hard"),
        ("failed", "5.0.0", "smtp; 550-5.1.1 The account does not exist", "hard"),
        ("failed", "5.0.0", "smtp; 550 no mailbox here by that name", "hard"),
        ("failed", "", "smtp; 553 sorry, no mailbox", "hard"),
        ("failed", "5.2.2", "smtp; 552 5.2.2 mailbox full", "soft"),
        ("failed", "5.7.1", "smtp; 550 5.7.1 blocked", "soft"),
        ("failed", "5.0.0", "smtp; 554 rejected", "soft"),
        ("failed", "4.4.7", "smtp; delivery time expired", "soft"),
        ("delayed", "4.4.1", "smtp; connection timed out", "delayed"),
        ("delivered", "2.0.0", "smtp; 250 ok", "delivered"),
        ("relayed", "2.0.0", "", "delivered"),
        ("dancing", "5.1.1", "", "no_report"),
    ],
)
def test_what_servers_say(row, action, status, diagnostic, kind):
    assert receive(row, action=action, status=status, diagnostic=diagnostic) == kind
    assert queued(row).bounce == (kind if kind in {"hard", "soft"} else "")
    assert Suppression.objects.exists() == (kind == "hard")


def test_the_gravest_counts(row):
    receive(row, status="5.2.2", diagnostic="smtp; 552 full")
    assert (queued(row).bounce, queued(row).bounce_code) == ("soft", "5.2.2")
    receive(row, status="5.1.1")
    assert queued(row).bounce == "hard"
    receive(row, status="5.2.2")
    assert (queued(row).bounce, queued(row).bounce_code) == ("hard", "5.1.1")


@pytest.mark.parametrize("style", ["postfix", "exchange", "crlf"])
@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_however_it_is_written_and_wherever_the_token_stands(row, style, header):
    content = report(to=address_of(row), status="5.1.1", style=style, header=header)
    assert receive_report(content=content, now=LATER) == "hard"


def test_the_mail_server_may_say_to_whom_it_came(row):
    content = report(to="somebody@bpi.example", status="5.1.1")
    upper = address_of(row).upper()
    assert receive_report(content=content, recipient=upper, now=LATER) == "hard"


def test_a_forged_report_suppresses_nobody(row, heard):
    """Whoever has no token, or another's, can't have an address struck off the list."""
    address = address_of(row)
    other = queue("bea@example.es")
    local, _at, domain = address.partition("@")
    forged = [
        "bounce@bpi.example",
        "ana@example.es",
        f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{domain}",
        f"{local[:-1]}@{domain}",
        f"bounce+{row.pk:x}-{'0' * 32}@{domain}",
        address.replace(f"+{row.pk:x}-", f"+{other.pk:x}-"),
        f"bounce+fffffffffffffff-{'0' * 32}@{domain}",
    ]
    for to in forged:
        content = report(to=to, status="5.1.1", final_recipient="ana@example.es")
        assert receive_report(content=content, now=LATER) == "unknown_token"
    assert (queued(row).bounce, queued(other).bounce) == ("", "")
    assert not Suppression.objects.exists()
    assert heard == []


def test_a_genuine_token_speaks_of_its_own_address_only(row):
    """A recipient knows his own token; what else his report names is nobody's business."""
    queue("victim@example.es")
    receive(row, status="5.1.1", final_recipient="victim@example.es")
    assert Suppression.objects.get().email == "ana@example.es"


def test_a_token_inside_the_returned_text_is_none(row):
    content = report(to="bounce@bpi.example", status="5.1.1", returned=f"To: {address_of(row)}")
    assert receive_report(content=content, now=LATER) == "unknown_token"


def test_absence_notes_and_rubbish(row):
    note = f"To: {address_of(row)}\r\nAuto-Submitted: auto-replied\r\n\r\nI am away".encode()
    assert receive_report(content=note, now=LATER) == "no_report"
    for rubbish in (b"", b"\0\xff\xfe", b"To: =?x-nonsense?b?!!?=\n\n", b"\n" * 1000):
        assert receive_report(content=rubbish, now=LATER) == "unknown_token"
    broken = report(to=address_of(row), status="5.1.1").replace(b"Status:", b"St\xffatus:")
    assert receive_report(content=broken, now=LATER) in {"soft", "hard"}


def test_a_complaint_stops_all_to_the_address(row):
    content = complaint(original_mail_from=address_of(row))
    assert receive_report(content=content, now=LATER) == "complaint"
    suppression = Suppression.objects.get()
    assert (suppression.email, suppression.reason) == ("ana@example.es", "complaint")
    assert queued(row).bounce == ""


def test_a_report_proves_that_an_uncertain_message_was_taken(row):
    OutgoingMessage.objects.filter(pk=row.pk).update(state="uncertain", sent_at=None)
    receive(row, action="delayed", status="4.4.1")
    assert (queued(row).state, queued(row).sent_at) == ("sent", LATER)


def test_a_lifted_address_may_bounce_again(row):
    receive(row, status="5.1.1")
    lifted = lift_suppressions(email="ana@example.es", because="mended", actor="desk", now=LATER)
    assert lifted == 1
    again = queue("ana@example.es")
    receive(again, status="5.1.1")
    assert Suppression.objects.filter(lifted_at=None).count() == 1
    assert Suppression.objects.count() == 2


def test_a_receiver_that_fails_leaves_the_report_to_be_read_again(row):
    def fail(**_news):
        msg = "not now"
        raise RuntimeError(msg)

    message_bounced.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            receive(row, status="5.1.1")
    finally:
        message_bounced.disconnect(fail)
    assert queued(row).bounce == ""
    assert not Suppression.objects.exists()


# --- how they come in ---------------------------------------------------------------------------


def test_a_maildir_is_worked_off(row, tmp_path, settings, monkeypatch, caplog):
    box = mailbox.Maildir(tmp_path / "bounces")
    box.add(report(to=address_of(row), status="5.1.1"))
    box.add(report(to="bounce@bpi.example", status="5.1.1"))
    box.add(f"To: {address_of(row)}\n\nI am away".encode())
    settings.BOUNCE_MAILDIR = str(tmp_path / "bounces")
    assert tasks.read_bounces() == 3
    assert queued(row).bounce == "hard"
    assert len(box) == 0
    assert len(box.get_folder("Unread")) == 2
    assert tasks.read_bounces() == 0

    def fail(**_options):
        msg = "not now"
        raise DatabaseError(msg)

    box.add(b"To: x\n\n")
    monkeypatch.setattr(messages_bounces, "receive_report", fail)
    assert tasks.read_bounces() == 1
    assert len(box) == 1
    assert "could not be worked off" in caplog.text


def test_without_a_maildir_nothing_is_read(settings):
    settings.BOUNCE_MAILDIR = ""
    assert tasks.read_bounces() == 0


def test_the_command_reads_what_a_mail_server_pipes(row, monkeypatch, capsys):
    content = report(to="x@bpi.example", status="5.1.1")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    call_command("readbounces", recipient=address_of(row))
    assert capsys.readouterr().out == "hard\n"
    assert queued(row).bounce == "hard"


def test_the_command_asks_the_mail_server_to_come_back(monkeypatch):
    def fail(**_options):
        msg = "no database"
        raise DatabaseError(msg)

    path = "integration.management.commands.readbounces.receive_report"
    monkeypatch.setattr(path, fail)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(CommandError) as refusal:
        call_command("readbounces")
    assert refusal.value.returncode == 75


def test_the_command_reads_a_maildir(row, tmp_path, capsys):
    mailbox.Maildir(tmp_path / "b").add(report(to=address_of(row), status="5.2.2"))
    call_command("readbounces", maildir=tmp_path / "b")
    assert capsys.readouterr().out == "soft: 1\n"
    with pytest.raises(CommandError, match="no Maildir"):
        call_command("readbounces", maildir=tmp_path / "none")
