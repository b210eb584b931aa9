"""Reminders: each step once, in order, held up by disputes; by e-mail and by letter."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Dispute, Reminder, ReminderStep
from billing.selectors.reminders import due_reminders
from billing.services import record_payment
from billing.services.disputes import DisputeRefusedError, close_dispute, open_dispute
from billing.services.reminders import (
    NoRemindersError,
    StepChangedMeanwhileError,
    list_for_letters,
    save_step,
    send_reminders,
)
from customers.models import CustomerList
from integration.models import Event, OutgoingMessage

from .conftest import make_invoices

pytestmark = pytest.mark.django_db
D = Decimal
DUE = dt.datetime(2026, 12, 24, 12, tzinfo=dt.UTC)


def late(days):
    return {"actor": "ana", "now": DUE + dt.timedelta(days=days)}


@pytest.fixture
def debtor(db):
    """12.10 and 24.20 EUR, due on 24 December."""
    return make_invoices("100", "200", email="pagos@cafe.example", language="en")


def test_one_email_tells_of_all_that_is_due_and_is_sent_once(debtor):
    assert send_reminders(**late(2)) == 0
    assert send_reminders(**late(3)) == 1
    assert send_reminders(**late(3)) == 0
    (message,) = OutgoingMessage.objects.all()
    assert message.key == f"reminder:{debtor[0].pk}:1"
    assert (message.recipient, message.subject) == ("pagos@cafe.example", "Payment reminder")
    for word in (debtor[0].number, debtor[1].number, "36.30", "24 Dec 2026"):
        assert word in message.text
    assert Reminder.objects.count() == 2
    assert Event.objects.filter(type="reminder.sent").count() == 2


def test_steps_follow_each_other_with_days_between(debtor):
    levels = [
        (days, Reminder.objects.order_by("-sent_at")[0].level)
        for days in range(80)
        if send_reminders(**late(days))
    ]
    assert levels == [(3, 1), (15, 2), (30, 3)]


def test_no_step_is_left_out_however_late(debtor):
    assert send_reminders(**late(100)) == 1
    assert send_reminders(**late(106)) == 0
    assert send_reminders(**late(107)) == 1
    assert sorted(Reminder.objects.values_list("level", flat=True)) == [1, 1, 2, 2]


def test_what_is_paid_is_not_reminded_of(debtor):
    for invoice, amount in zip(debtor, ("12.10", "24.20"), strict=True):
        record_payment(
            invoice=invoice,
            amount=D(amount),
            paid_on=DUE.date(),
            method="transfer",
            **late(1),
        )
    assert send_reminders(**late(50)) == 0
    assert not OutgoingMessage.objects.exists()


def test_a_dispute_holds_up_its_invoice_alone(debtor):
    dispute = open_dispute(invoice=debtor[0], reason="No estuve", **late(1))
    assert open_dispute(invoice=debtor[0], reason="Otra vez", **late(1)) == dispute
    assert Dispute.objects.count() == 1
    assert send_reminders(**late(3)) == 1
    (message,) = OutgoingMessage.objects.all()
    assert debtor[0].number not in message.text
    with pytest.raises(DisputeRefusedError):
        close_dispute(dispute=dispute, outcome=" ", **late(4))
    close_dispute(dispute=dispute, outcome="Aclarado", **late(4))
    assert send_reminders(**late(5)) == 1
    assert Reminder.objects.filter(invoice=debtor[0]).count() == 1
    with pytest.raises(DisputeRefusedError):
        open_dispute(invoice=debtor[0], reason="", **late(5))


def test_only_what_was_chosen_is_sent(debtor):
    (due,) = due_reminders(on=DUE.date() + dt.timedelta(days=3))
    assert due.total == D("36.30")
    assert send_reminders(chosen=["C-0:1:EUR"], **late(3)) == 0
    assert send_reminders(chosen=[due.value], **late(3)) == 1


def test_letters_are_put_on_a_list_once(debtor):
    (due,) = due_reminders(on=DUE.date() + dt.timedelta(days=3))
    saved = list_for_letters(chosen=[due.value], **late(3))
    assert (saved.origin, saved.numbers) == ("reminders", [debtor[0].customer.number])
    with pytest.raises(NoRemindersError):
        list_for_letters(chosen=[due.value], **late(3))
    assert CustomerList.objects.count() == 1
    assert send_reminders(**late(3)) == 0
    assert not OutgoingMessage.objects.exists()
    assert set(Reminder.objects.values_list("by_letter", "letters")) == {(True, saved.pk)}


def test_without_an_address_it_waits_for_a_letter(db):
    make_invoices("100", email="")
    (due,) = due_reminders(on=DUE.date() + dt.timedelta(days=3))
    assert due.to is None
    assert send_reminders(**late(3)) == 0
    assert not Reminder.objects.exists()


def test_at_night_only_automatic_steps_are_sent(debtor):
    assert send_reminders(automatic=True, **late(3)) == 0
    step = ReminderStep.objects.get(level=1)
    fields = {"automatic": True, "text_en": "Pay {total}, {customer}:\n\n{invoices}"}
    save_step(level=1, fields=fields, expected_version=step.version, **late(3))
    with pytest.raises(StepChangedMeanwhileError):
        save_step(level=1, fields=fields, expected_version=step.version, **late(3))
    assert send_reminders(automatic=True, **late(3)) == 1
    assert "Pay €36.30, Café Ortúzar" in OutgoingMessage.objects.get().text
    assert send_reminders(automatic=True, **late(40)) == 0
