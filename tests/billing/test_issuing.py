"""Issuing: gapless numbers, copies of all that is shown, and that nothing changes afterwards."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import (
    BillingPeriod,
    Invoice,
    InvoiceLine,
    InvoiceSeries,
    InvoiceTax,
    Logo,
)
from billing.services import (
    InvoiceNotDraftError,
    IssueDateRefusedError,
    IssuerMissingError,
    NothingToIssueError,
    VatRateMissingError,
    charge_conference,
    issue_invoice,
)
from customers.models import Customer
from integration.models import Event
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_vat_rate,
)
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db


def make_draft(customer=None, **contract):
    customer = customer or make_customer()
    make_contract(customer, **contract)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    return charge_conference(conference_id=conference.pk, now=NOW).invoice


def issue(invoice, **fields):
    return issue_invoice(invoice=invoice, actor="tests", now=fields.pop("now", NOW), **fields)


def test_an_issued_invoice_copies_what_it_shows():
    make_vat_rate()
    issuer = make_issuer(terms_es="Pago a 30 días.", logo=b"logo", logo_type="image/png")
    draft = make_draft(payment_days=15)
    invoice = issue(draft)
    invoice.refresh_from_db()
    assert (invoice.number, invoice.state) == ("F-2026-00001", "issued")
    assert (invoice.issued_on, invoice.due_on) == (dt.date(2026, 11, 24), dt.date(2026, 12, 9))
    assert (invoice.issued_at, invoice.issued_by) == (NOW, "tests")
    assert (invoice.net, invoice.vat, invoice.total) == (
        Decimal("0.60"),
        Decimal("0.13"),
        Decimal("0.73"),
    )
    shown = invoice.snapshot
    assert shown["issuer"]["legal_name"] == issuer.legal_name
    assert shown["issuer"]["iban"] == "ES9121000418450200051332"
    assert shown["issuer"]["terms"] == "Pago a 30 días."
    assert bytes(Logo.objects.get(digest=shown["issuer"]["logo"]).content) == b"logo"
    assert shown["customer"]["number"] == invoice.customer.number
    assert shown["customer"]["addresses"]["billing"]["city"] == "Bilbao"
    assert shown["contract"]["number"] == invoice.contract.number
    assert shown["contract"]["payment_days"] == 15
    assert BillingPeriod.objects.get().closed_at == NOW
    event = Event.objects.get(type="invoice.issued")
    assert (event.subject_id, event.actor) == ("F-2026-00001", "tests")

    Customer.objects.update(legal_name="Otra, S.A.")
    invoice.refresh_from_db()
    assert invoice.snapshot == shown


def test_refused_without_issuer():
    make_vat_rate()
    draft = make_draft()
    with pytest.raises(IssuerMissingError):
        issue(draft)
    assert Invoice.objects.get().state == "draft"
    assert not InvoiceSeries.objects.exists()
    assert BillingPeriod.objects.get().closed_at is None
    assert not Event.objects.filter(type="invoice.issued").exists()


def test_refused_without_vat_rate_until_there_is_one():
    make_issuer()
    draft = make_draft(vat_category="reverse_charge")
    with pytest.raises(VatRateMissingError, match="2026-11-30"):
        issue(draft)
    assert not InvoiceSeries.objects.exists()
    make_vat_rate("reverse_charge", "0", reason_es="Inversión del sujeto pasivo")
    invoice = issue(draft)
    assert (invoice.vat, invoice.total) == (Decimal(0), Decimal("0.60"))
    assert InvoiceTax.objects.get().reason == "Inversión del sujeto pasivo"
    assert InvoiceLine.objects.get().vat_percent == 0


def test_refused_twice():
    make_vat_rate()
    make_issuer()
    draft = make_draft()
    issue(draft)
    with pytest.raises(InvoiceNotDraftError, match="F-2026-00001"):
        issue(draft)
    assert InvoiceSeries.objects.get().next_number == 2
    assert Event.objects.filter(type="invoice.issued").count() == 1


def test_refused_without_lines():
    make_vat_rate()
    make_issuer()
    draft = make_draft(billing="per_conference")
    correct(draft.conference, ("10 10:00", "10 10:00"))
    charge_conference(conference_id=draft.conference_id, now=NOW)
    assert not InvoiceLine.objects.exists()
    with pytest.raises(NothingToIssueError):
        issue(draft)
    assert not InvoiceSeries.objects.exists()


def test_numbers_follow_one_another_and_dates_never_go_back():
    make_vat_rate()
    make_issuer()
    drafts = [make_draft() for _ in range(5)]
    assert issue(drafts[0]).number == "F-2026-00001"
    with pytest.raises(IssueDateRefusedError):
        issue(drafts[1], issued_on=dt.date(2026, 11, 23))
    with pytest.raises(IssueDateRefusedError):
        issue(drafts[1], issued_on=dt.date(2026, 11, 25))
    assert InvoiceSeries.objects.get().next_number == 2
    earlier = issue(drafts[1], now=NOW - dt.timedelta(days=3))
    assert (earlier.number, earlier.issued_on) == ("F-2026-00002", dt.date(2026, 11, 24))
    # 23:30 UTC of 31 December is the new year in Madrid.
    new_year = issue(drafts[2], now=dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC))
    assert (new_year.number, new_year.issued_on) == ("F-2027-00001", dt.date(2027, 1, 1))
    # A clock that goes back does not date an invoice before the last one.
    back = issue(drafts[3])
    assert (back.number, back.issued_on) == ("F-2027-00002", dt.date(2027, 1, 1))


def test_a_prepared_series_is_used_and_inherited():
    make_vat_rate()
    make_issuer()
    InvoiceSeries.objects.create(kind="invoice", year=2026, prefix="BPI", next_number=120)
    assert issue(make_draft()).number == "BPI-2026-00120"
    later = dt.datetime(2027, 2, 1, tzinfo=dt.UTC)
    assert issue(make_draft(), now=later).number == "BPI-2027-00001"


def test_issuing_brings_the_draft_up_to_date_first():
    make_issuer()
    draft = make_draft()
    make_vat_rate(percent="10")
    Customer.objects.update(language="en")
    invoice = issue(draft)
    assert (invoice.vat, invoice.language) == (Decimal("0.06"), "en")
    assert InvoiceLine.objects.get().description == "Calls to the toll number"


def test_after_the_issue_late_calls_go_on_the_next_month():
    make_vat_rate()
    make_issuer()
    issue(make_draft())
    late = make_conference(Customer.objects.get(), ("9 10:00", "9 10:10"))
    charged = charge_conference(conference_id=late.pk, now=NOW)
    assert (charged.period, charged.invoice.period) == ("2026-11", "2026-12")
    line = charged.invoice.lines.get()
    assert "noviembre de 2026" in line.description
    # The next one after that, too, when that month is closed as well.
    issue(charged.invoice)
    later = make_conference(Customer.objects.get(), ("8 10:00", "8 10:10"))
    charged = charge_conference(conference_id=later.pk, now=NOW)
    assert charged.invoice.period == "2027-01"


def test_automatic_issue_follows_the_charge():
    make_vat_rate()
    make_issuer()
    invoice = make_draft(billing="per_conference", issue="automatic")
    invoice.refresh_from_db()
    assert invoice.number == "F-2026-00001"


def test_automatic_issue_waits_for_issuer_rate_and_review():
    make_vat_rate()
    agreed = {"billing": "per_conference", "issue": "automatic"}
    waiting = make_draft(**agreed)
    assert waiting.state == "draft"
    make_issuer()
    customer = make_customer()
    make_contract(customer, **agreed)
    unclear = make_conference(customer, ("10 10:00", "10 10:10"), ("10 10:00", "10 10:10", "voip"))
    charged = charge_conference(conference_id=unclear.pk, now=NOW)
    assert (charged.problem, charged.invoice.state) == ("unpriced_legs", "draft")
    # The same conference again issues what had to wait.
    charge_conference(conference_id=waiting.conference_id, now=NOW)
    waiting.refresh_from_db()
    assert waiting.number == "F-2026-00001"


REFUSED = {
    "UPDATE billing_invoice SET total = 0": "is issued: UPDATE refused",
    "UPDATE billing_invoice SET state = 'draft', number = NULL": "is issued: UPDATE refused",
    "DELETE FROM billing_invoice": "is issued: DELETE refused",
    "UPDATE billing_invoiceline SET net = 0": "UPDATE in billing_invoiceline refused",
    "DELETE FROM billing_invoiceline": "DELETE in billing_invoiceline refused",
    "UPDATE billing_invoicetax SET amount = 0": "UPDATE in billing_invoicetax refused",
    "DELETE FROM billing_invoicetax": "DELETE in billing_invoicetax refused",
    "UPDATE billing_chargeline SET net = 0": "insert-only: UPDATE",
    "DELETE FROM billing_chargeline": "insert-only: DELETE",
    "UPDATE billing_ratedleg SET amount = 0": "insert-only: UPDATE",
    "DELETE FROM billing_ratedleg": "insert-only: DELETE",
    "INSERT INTO billing_invoicetax (invoice_id, category, percent, base, amount, reason) "
    "SELECT id, 'x', 1, 1, 1, '' FROM billing_invoice": "INSERT in billing_invoicetax refused",
    "INSERT INTO billing_invoiceline (invoice_id, kind, description, title, period, reference, "
    "net, vat_category) SELECT id, 'setup', '', '', '', '', 1, 'x' FROM billing_invoice": (
        "INSERT in billing_invoiceline refused"
    ),
}


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_to_change_what_is_issued(statement):
    make_vat_rate()
    make_issuer()
    issue(make_draft())
    with (
        pytest.raises(IntegrityError, match=REFUSED[statement]),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_no_line_moves_into_an_issued_invoice():
    make_vat_rate()
    make_issuer()
    issued = issue(make_draft())
    other = make_draft()
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        other.lines.update(invoice=issued)
    with pytest.raises(TypeError):
        other.delete()
    assert issued.lines.count() == other.lines.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_get_numbers_without_a_gap():
    make_vat_rate()
    make_issuer()
    drafts = [make_draft() for _ in range(20)]
    ready = threading.Barrier(len(drafts))
    numbers, errors = [], []

    def work(draft):
        try:
            ready.wait(20)
            numbers.append(issue(draft).number)
        except Exception as error:  # noqa: BLE001 (told by the main thread)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sorted(numbers) == [f"F-2026-{serial:05d}" for serial in range(1, 21)]
    assert InvoiceSeries.objects.get().next_number == 21


@pytest.mark.django_db(transaction=True)
def test_the_same_draft_issued_at_once_is_issued_once():
    make_vat_rate()
    make_issuer()
    draft = make_draft()
    ready = threading.Barrier(4)
    outcomes = []

    def work():
        try:
            ready.wait(20)
            outcomes.append(issue(Invoice.objects.get(pk=draft.pk)).number)
        except InvoiceNotDraftError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["F-2026-00001", "refused", "refused", "refused"]
    assert Event.objects.filter(type="invoice.issued").count() == 1
