"""Receivables on screen: upload, confirm, choose, take back; accounts, reminders, debits."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.models import BankTransaction, Collection, CreditLimit, Dispute, Mandate, Reminder
from billing.selectors.customer_credit import credit_of
from billing.views import bank, debits, receivables, reminders
from customers.models import CustomerList
from tests.billing.receivables.conftest import AT, balances, make_invoices, told
from tests.billing.receivables.files import Entry, norma43

pytestmark = pytest.mark.django_db
D = Decimal
LATE = dt.datetime(2027, 1, 20, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def invoices(monkeypatch):
    """12.10, 24.20 and 36.30 EUR; it is 20 January 2027, 27 days after they were due."""
    made = make_invoices("100", "200", "300", email="pagos@cafe.example")
    for view in (bank, receivables, reminders, debits):
        monkeypatch.setattr(view.timezone, "now", lambda: LATE)
    return made


def upload(client, content, name="n43.txt"):
    file = SimpleUploadedFile(name, content)
    return client.post("/billing/bank/upload/", {"file": file}, follow=True)


def test_a_file_is_uploaded_and_confirmed_with_one_click(billing, invoices):
    page = upload(billing, norma43(Entry("24.20", invoices[1].number))).content.decode()
    assert "One transaction of 1 is new." in page
    transaction = BankTransaction.objects.get()
    part = f"{invoices[1].pk}:24.200"
    assert f'name="part" value="{part}"' in page
    again = upload(billing, norma43(Entry("24.20", invoices[1].number)))
    assert again.status_code == 200
    assert BankTransaction.objects.count() == 1
    address = f"/billing/bank/{transaction.pk}/confirm/"
    assert "Matched." in billing.post(address, {"part": part}, follow=True).content.decode()
    assert balances() == [D("12.10"), D(0), D("36.30")]
    page = billing.post(address, {"part": part}, follow=True).content.decode()
    assert "Somebody dealt with this transaction already." in page
    assert balances() == [D("12.10"), D(0), D("36.30")]


@pytest.mark.parametrize(
    "forged", [{"part": "x"}, {"part": "1:NaN"}, {"returned": "9999"}, {"credit": "C-9"}]
)
def test_forged_suggestions_change_nothing(billing, forged):
    (transaction,) = told(Entry("24.20"))
    address = f"/billing/bank/{transaction.pk}/confirm/"
    assert billing.post(address, forged).status_code == 302
    transaction.refresh_from_db()
    assert transaction.state == "open"


def test_a_wrong_file_is_told_in_place(billing):
    page = upload(billing, norma43(Entry("1.00"))[:-90]).content.decode()
    assert "The file ends too early" in page
    assert not BankTransaction.objects.exists()


def test_invoices_are_chosen_by_hand_and_taken_back(billing, invoices):
    customer = invoices[0].customer
    (transaction,) = told(Entry("20.00", "sin datos"))
    address = f"/billing/bank/{transaction.pk}/"
    page = billing.get(address, {"q": "ortúzar"}).content.decode()
    assert all(f'name="part_{one.pk}"' in page for one in invoices)
    given = {f"part_{invoices[0].pk}": "12.10", "customer": ""}
    page = billing.post(f"{address}match/?q=ortúzar", given).content.decode()
    assert "Say whose credit the rest becomes." in page
    given["customer"] = customer.number
    assert billing.post(f"{address}match/?q=ortúzar", given).status_code == 302
    assert credit_of(customer, "EUR") == D("7.90")
    assert "Take back" in billing.get(address).content.decode()
    billing.post(f"{address}reopen/")
    assert credit_of(customer, "EUR") == 0
    page = billing.post(f"{address}set-aside/", {"reason": ""}, follow=True).content.decode()
    assert "Say why it is set aside." in page
    billing.post(f"{address}set-aside/", {"reason": "Seguro"})
    transaction.refresh_from_db()
    assert (transaction.state, transaction.note) == ("set_aside", "Seguro")


def test_ageing_and_its_export_say_the_same(billing, invoices, monkeypatch):
    monkeypatch.setattr(receivables, "today", LATE.date)
    page = billing.get("/billing/receivables/").content.decode()
    assert "Café Ortúzar" in page
    assert page.count("€72.60") >= 3
    assert "Café" not in billing.get("/billing/receivables/", {"late": "31"}).content.decode()
    assert "Café" in billing.get("/billing/receivables/", {"late": "1"}).content.decode()
    assert "Café" not in billing.get("/billing/receivables/", {"q": "nadie"}).content.decode()
    rows = b"".join(billing.get("/billing/receivables/export.csv")).decode().splitlines()
    assert rows[1].endswith("EUR,0.00,72.60,0.00,0.00,0.00,72.60,0.00,72.60")


def test_a_statement_is_a_page_a_pdf_and_a_table(billing, invoices):
    address = f"/billing/customers/{invoices[0].customer.number}/account/"
    page = billing.get(address, {"first": "2026-01-01", "last": "2026-12-31"}).content.decode()
    assert "Invoice F-2026-00001" in page
    assert "€72.60" in page
    asked = {"first": "2026-01-01", "last": "2026-12-31"}
    pdf = billing.get(f"{address}statement.pdf", asked)
    assert pdf.content.startswith(b"%PDF")
    table = b"".join(billing.get(f"{address}statement.csv", asked)).decode()
    assert table.splitlines()[-1].endswith("EUR,36.30,72.60")
    assert "Factura F-2026-00003" in table
    assert b"".join(billing.get(f"{address}statement.xlsx", asked)).startswith(b"PK")
    assert billing.get(f"{address}statement.doc", asked).status_code == 404


def test_credit_limit_refund_and_mandate_on_the_account(billing, invoices):
    customer = invoices[0].customer
    address = f"/billing/customers/{customer.number}/account/"
    billing.post(f"{address}limit/", {"amount": "10", "action": "block"})
    customer.refresh_from_db()
    assert (customer.credit_hold, CreditLimit.objects.get().amount) == ("block", D(10))
    given = {"amount": "5", "currency": "EUR", "on": "2027-01-20"}
    page = billing.post(f"{address}refund/", given, follow=True).content.decode()
    assert "The customer has not so much to his credit." in page
    mandate = {
        "iban": "ES7921000813610123456789",
        "holder": "Café",
        "signed_on": "2026-10-01",
        "scheme": "CORE",
    }
    wrong = billing.post(f"{address}mandate/", mandate | {"iban": "ES00"}, follow=True)
    assert "The IBAN or the BIC is wrong" in wrong.content.decode()
    billing.post(f"{address}mandate/", mandate)
    assert Mandate.objects.get().revoked_at is None
    billing.post(f"{address}mandate/revoke/")
    assert Mandate.objects.get().revoked_at is not None
    assert billing.post(f"{address}mandate/revoke/").status_code == 404


def test_reminders_are_looked_at_and_sent(billing, invoices, monkeypatch):
    monkeypatch.setattr(reminders, "today", LATE.date)
    number = invoices[0].customer.number
    billing.post(f"/billing/invoices/{invoices[2].pk}/dispute/", {"reason": "No estuve"})
    page = billing.get("/billing/reminders/").content.decode()
    assert f'value="{number}:1:EUR"' in page
    assert "No estuve" in page
    assert "€36.30" in page
    billing.post("/billing/reminders/send/", {"by": "email", "due": [f"{number}:1:EUR"]})
    assert Reminder.objects.count() == 2
    assert "Disputed" in billing.get(f"/billing/invoices/{invoices[2].pk}/").content.decode()
    close = {"reason": "Aclarado", "close": "1"}
    billing.post(f"/billing/invoices/{invoices[2].pk}/dispute/", close)
    assert Dispute.objects.get().outcome == "Aclarado"
    billing.post("/billing/reminders/send/", {"by": "letter", "due": [f"{number}:1:EUR"]})
    assert CustomerList.objects.get().numbers == [number]


def test_a_step_is_changed(billing):
    page = billing.get("/billing/reminders/steps/1/").content.decode()
    assert "{invoices}" in page
    given = {"days": "5", "expected_version": "1", "subject_es": "a", "subject_en": "b"}
    given |= {"text_es": "c", "text_en": "d"}
    assert billing.post("/billing/reminders/steps/1/", given).status_code == 302
    page = billing.post("/billing/reminders/steps/1/", given).content.decode()
    assert "Somebody else changed this step meanwhile." in page
    assert billing.get("/billing/reminders/steps/9/").status_code == 404


def test_direct_debits_are_prepared_downloaded_and_cancelled(billing, invoices):
    account = f"/billing/customers/{invoices[0].customer.number}/account/"
    mandate = {
        "iban": "ES7921000813610123456789",
        "holder": "Café",
        "signed_on": "2026-10-01",
        "scheme": "CORE",
    }
    billing.post(f"{account}mandate/", mandate)
    settings = {"days_between": "7", "creditor_id": "ES50ZZZB12345674"}
    page = billing.post("/billing/reminders/settings/", settings).content.decode()
    assert "The creditor identifier is wrong" in page
    settings["creditor_id"] = "ES11ZZZB12345674"
    billing.post("/billing/reminders/settings/", settings)
    day = {"collect_on": "2027-01-25", "scheme": "CORE"}
    page = billing.get("/billing/debits/new/", day).content.decode()
    assert all(one.number in page for one in invoices)
    chosen = [invoices[0].pk, invoices[1].pk]
    assert billing.post("/billing/debits/new/", day | {"invoice": chosen}).status_code == 302
    collection = Collection.objects.get()
    assert collection.total == D("36.30")
    file = billing.get(f"/billing/debits/{collection.pk}/file/").content
    assert b"DD-20270125-01" in file
    assert "In collection" in billing.get(f"/billing/invoices/{chosen[0]}/").content.decode()
    billing.post(f"/billing/debits/{collection.pk}/cancel/")
    assert "Cancelled" in billing.get("/billing/debits/").content.decode()


def test_auditors_look_and_change_nothing(as_role, invoices):
    (transaction,) = told(Entry("24.20", invoices[1].number))
    auditor = as_role("auditor")
    assert auditor.get("/billing/bank/").status_code == 200
    page = auditor.get(f"/billing/bank/{transaction.pk}/").content.decode()
    assert "Confirm" not in page
    part = {"part": f"{invoices[1].pk}:24.20"}
    assert auditor.post(f"/billing/bank/{transaction.pk}/confirm/", part).status_code == 403
    given = {f"part_{invoices[1].pk}": "24.20"}
    assert auditor.post(f"/billing/bank/{transaction.pk}/match/", given).status_code == 403
    transaction.refresh_from_db()
    assert transaction.state == "open"
    assert AT < LATE


def test_the_bank_page_asks_no_more_for_more(billing, invoices, django_assert_max_num_queries):
    told(*(Entry(f"{place}.00", f"{place}") for place in range(1, 30)))
    with django_assert_max_num_queries(22):
        billing.get("/billing/bank/")
