"""Two people or workers at the same moment: nothing is paid, used or sent twice."""

import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import CreditEntry, Payment, Reminder, ReminderStep
from billing.selectors.customer_credit import credit_of
from billing.services import assign_transaction, import_bank_file, use_credit
from billing.services.reminders import send_reminders
from integration.models import OutgoingMessage
from toolkit.errors import DomainError

from .conftest import AT, balances, make_invoices, told
from .files import Entry, norma43

pytestmark = pytest.mark.django_db(transaction=True)
WHO = {"actor": "ana", "now": AT}
D = Decimal
AT_ONCE = 4


def at_once(work):
    """Do ``work`` on several connections at the same moment; return how many were refused."""
    ready = threading.Barrier(AT_ONCE)
    refused = []

    def run():
        try:
            ready.wait(10)
            work()
        except DomainError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return len(refused)


def test_everything_happens_once(transactional_db):
    words = dict.fromkeys(("subject_es", "subject_en", "text_es", "text_en"), "{invoices}")
    ReminderStep.objects.get_or_create(level=1, defaults={"days": 3, **words})
    first, second = make_invoices("100", "200", email="pagos@cafe.example")

    content = norma43(Entry("22.10", "uno"), Entry("22.10", "uno"))
    assert at_once(lambda: import_bank_file(name="a", content=content, **WHO)) == 0
    (one, _other) = told(*(Entry("30.00", "dos"),) * 2)

    def match():
        parts = {first.pk: D("12.10")}
        assign_transaction(transaction=one, parts=parts, credit_to=first.customer, **WHO)

    assert at_once(match) == AT_ONCE - 1
    assert balances() == [0, D("24.20")]
    assert at_once(lambda: use_credit(invoice=second, amount=D("10.00"), **WHO)) == AT_ONCE - 1
    assert (credit_of(first.customer, "EUR"), balances()[1]) == (D("7.90"), D("14.20"))
    assert at_once(lambda: send_reminders(**WHO)) == 0
    assert (OutgoingMessage.objects.count(), Reminder.objects.count()) == (1, 1)

    for rows in (Payment.objects.all(), CreditEntry.objects.all()):
        deleted = rows.filter(pk=rows.last().pk)._raw_delete
        for change in (lambda rows=rows: rows.update(amount=1), lambda do=deleted: do("default")):
            with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
                change()
