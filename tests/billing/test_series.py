"""Numbers without a gap, whoever rolls back, and dates that never go back."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import Invoice, InvoiceSeries
from billing.selectors.series import series_report
from billing.services import credit_invoice, issue_invoice
from tests.billing.world import LATER, make_draft, make_issued, make_issuer_once
from tests.factories.billing import NOW
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db

CONNECTIONS = 8
EACH = 2


@pytest.mark.django_db(transaction=True)
def test_eight_connections_that_roll_back_every_other_time_leave_no_gap():
    make_issuer_once()
    drafts = [make_draft(make_customer()) for _ in range(CONNECTIONS * EACH)]
    ready = threading.Barrier(CONNECTIONS)
    errors = []

    def work(mine, place):
        try:
            ready.wait(20)
            for turn, draft in enumerate(mine):
                for is_unlucky in (True, False) if (turn + place) % 2 else (False,):
                    issue_and_credit(draft, is_unlucky=is_unlucky, place=place)
        except Exception as error:  # noqa: BLE001 (told by the main thread)
            errors.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=work, args=(drafts[place::CONNECTIONS], place))
        for place in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    report = {one.name: one for one in series_report()}
    assert {name: (one.count, one.first, one.last) for name, one in report.items()} == {
        "F-2026": (16, 1, 16),
        "R-2026": (16, 1, 16),
    }
    assert all(one.is_well for one in report.values())
    assert set(InvoiceSeries.objects.values_list("next_number", flat=True)) == {17}


def issue_and_credit(draft, *, is_unlucky, place):
    """Issue a draft and credit it, days apart for each connection; give both up if unlucky."""
    now = NOW + dt.timedelta(days=place % 3)
    with transaction.atomic():
        issued = issue_invoice(invoice=draft, actor="tests", now=now)
        credit_invoice(invoice=issued, reason="x", actor="tests", now=now)
        transaction.set_rollback(is_unlucky)


FORGED = """
    INSERT INTO billing_invoice (number, kind, state, customer_id, period, currency, language, net,
        vat, total, issued_on, issued_by, due_on, snapshot, reason, version, created_at, updated_at)
    SELECT %(number)s, kind, state, customer_id, '2020-01', currency, language, 0, 0, 0, %(day)s,
        '', due_on, '{}', '', 1, created_at, updated_at FROM billing_invoice LIMIT 1
"""


def test_what_is_wrong_is_named():
    make_issued()
    with connection.cursor() as cursor:
        for number in ("F-2026-00004", "X-2026-00001"):
            cursor.execute(FORGED, {"number": number, "day": "2026-11-20"})
    report = {one.name: one for one in series_report()}
    assert report["F-2026"].missing == ["F-2026-00002", "F-2026-00003"]
    assert report["F-2026"].back_in_time == ["F-2026-00004"]
    assert (report["X-2026"].kind, report["X-2026"].is_well) == ("", True)


def test_a_number_that_was_given_and_lost_is_a_gap():
    make_issued()
    InvoiceSeries.objects.update(next_number=4)
    (report,) = series_report()
    assert report.missing == ["F-2026-00002", "F-2026-00003"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_invoiceseries SET next_number = next_number - 1",
        "UPDATE billing_invoiceseries SET last_issued_on = last_issued_on - 1",
        "UPDATE billing_invoiceseries SET prefix = 'Z'",
        "DELETE FROM billing_invoiceseries",
    ],
)
def test_the_database_lets_no_series_go_back(statement):
    make_issued()
    with (
        pytest.raises(IntegrityError, match="has given numbers"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


REFUSED = [
    "DELETE FROM billing_invoice WHERE kind = 'credit_note'",
    "UPDATE billing_invoice SET reason = 'other' WHERE kind = 'credit_note'",
    "UPDATE billing_invoice SET rectifies_id = NULL WHERE kind = 'credit_note'",
    "DELETE FROM billing_invoiceline WHERE credits_id IS NOT NULL",
    "UPDATE billing_invoiceline SET net = 0 WHERE credits_id IS NOT NULL",
    "UPDATE billing_invoiceline SET credits_id = NULL WHERE credits_id IS NOT NULL",
    "DELETE FROM billing_invoicetax WHERE base < 0",
    "UPDATE billing_invoicetax SET base = 0 WHERE base < 0",
    "INSERT INTO billing_invoicetax (invoice_id, category, percent, base, amount, reason) "
    "SELECT id, 'x', 1, 1, 1, '' FROM billing_invoice WHERE kind = 'credit_note'",
    "INSERT INTO billing_invoiceline (invoice_id, kind, description, title, period, reference, "
    "net, vat_category, basis) SELECT id, 'credit', '', '', '', '', 1, 'x', '{}' "
    "FROM billing_invoice WHERE kind = 'credit_note'",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_to_change_a_credit_note(statement):
    credit_invoice(invoice=make_issued(), reason="x", actor="tests", now=LATER)
    with (
        pytest.raises(IntegrityError, match="refused"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    with pytest.raises(TypeError):
        Invoice.objects.get(kind="credit_note").delete()
