"""Direct debits: mandates, a file that its schema accepts, money in, debits returned."""

import datetime as dt
from decimal import Decimal
from importlib.resources import files

import pytest
from lxml import etree

from billing.models import Collection, CollectionItem, Mandate
from billing.selectors.customer_credit import credit_of
from billing.selectors.matching import suggestions
from billing.services import assign_return, record_payment, reopen_transaction
from billing.services.disputes import open_dispute
from billing.services.mandates import (
    CollectionRefusedError,
    MandateRefusedError,
    assign_collection,
    cancel_collection,
    prepare_collection,
    revoke_mandate,
    sign_mandate,
)
from billing.services.matching import MatchRefusedError
from billing.services.reminders import (
    CreditorIdWrongError,
    save_receivables_settings,
    send_reminders,
)

from .conftest import AT, balances, make_invoices, told
from .files import Entry, camt053

pytestmark = pytest.mark.django_db
WHO = {"actor": "ana", "now": AT}
IBAN = "ES79 2100 0813 6101 2345 6789"
DAY = dt.date(2027, 1, 11)
D = Decimal
SPACE = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"}


def sign(customer, **fields):
    given = {"iban": IBAN, "holder": "Café Ortúzar & Cía", "signed_on": dt.date(2026, 10, 1)}
    return sign_mandate(customer=customer, **{**given, **fields}, **WHO)


@pytest.fixture
def signed(invoices):
    """A mandate for the customer of 12.10, 24.20 and 36.30 EUR; we may collect."""
    save_receivables_settings(days_between=7, creditor_id="ES11ZZZB12345674", **WHO)
    sign(invoices[0].customer)
    return invoices


def prepare(day=DAY, **fields):
    return prepare_collection(collect_on=day, scheme="CORE", **fields, **WHO)


def told_to_bank(collection):
    root = etree.fromstring(bytes(collection.content))
    schema = files("sepaxml") / "schemas" / "pain.008.001.08.xsd"
    etree.XMLSchema(etree.parse(str(schema))).assertValid(root)
    return root


def test_the_file_is_what_the_schema_wants(signed):
    collection = prepare()
    root = told_to_bank(collection)

    def texts(path):
        return root.xpath(f"//p:{path}/text()", namespaces=SPACE)

    assert texts("GrpHdr/p:MsgId") == ["DD-20270111-01"]
    assert texts("GrpHdr/p:CtrlSum") == ["72.60"]
    assert texts("ReqdColltnDt") == ["2027-01-11"] * 2
    assert texts("SeqTp") == ["FRST", "RCUR"]
    assert texts("InstdAmt") == ["12.10", "24.20", "36.30"]
    assert set(texts("MndtId")) == {f"{signed[0].customer.number}-1"}
    assert set(texts("Dbtr/p:Nm")) == {"Cafe Ortuzar & Cia"}
    assert texts("Ustrd") == [invoice.number for invoice in signed]
    assert (collection.total, collection.count) == (D("72.60"), 3)


def test_an_invoice_is_in_one_collection_and_not_reminded_of(signed):
    prepare(chosen=[signed[0].pk])
    second = prepare()
    assert [item.sequence for item in second.items.all()] == ["RCUR", "RCUR"]
    with pytest.raises(CollectionRefusedError):
        prepare()
    assert CollectionItem.objects.count() == 3
    assert send_reminders(actor="ana", now=AT) == 0


def test_a_cancelled_file_frees_its_invoices(signed):
    collection = prepare()
    for _again in range(2):
        cancel_collection(collection=collection, **WHO)
    anew = prepare()
    assert (anew.reference, anew.items.first().sequence) == ("DD-20270111-02", "FRST")


def test_money_in_and_one_debit_returned(signed):
    collection = prepare()
    (transfer,) = told(Entry("72.60", "REMESA", day="2027-01-11"), write=camt053)
    found = suggestions([transfer])[transfer.pk]
    assert (found.collection, found.is_sure) == (collection, True)
    assign_collection(transaction=transfer, collection=collection, **WHO)
    assert balances() == [0, 0, 0]
    with pytest.raises(CollectionRefusedError):
        cancel_collection(collection=collection, **WHO)
    item = collection.items.get(invoice=signed[1])
    entry = Entry("-24.20", "DEV", end_to_end=item.end_to_end_id, is_return=True, day="2027-01-13")
    (back,) = told(entry, write=camt053)
    found = suggestions([back])[back.pk]
    assert (found.returned.invoice, found.is_sure) == (signed[1], True)
    assign_return(transaction=back, payment=found.returned, **WHO)
    assert balances() == [0, D("24.20"), 0]
    again = prepare(day=dt.date(2027, 1, 20))
    assert [one.sequence for one in again.items.all()] == ["RCUR"]


def test_what_was_paid_meanwhile_is_kept_as_credit(signed):
    collection = prepare()
    record_payment(
        invoice=signed[0], amount=D("12.10"), paid_on=AT.date(), method="transfer", **WHO
    )
    (transfer,) = told(Entry("72.60"))
    assign_collection(transaction=transfer, collection=collection, **WHO)
    assert balances() == [0, 0, 0]
    assert credit_of(signed[0].customer, "EUR") == D("12.10")


def test_a_wrong_match_puts_the_debits_into_collection_again(signed):
    collection = prepare()
    first, second = told(Entry("72.60"), Entry("70.00"))
    with pytest.raises(MatchRefusedError):
        assign_collection(transaction=second, collection=collection, **WHO)
    assign_collection(transaction=first, collection=collection, **WHO)
    reopen_transaction(transaction=first, **WHO)
    collection.refresh_from_db()
    assert (collection.state, collection.items.filter(is_live=True).count()) == ("prepared", 3)
    assert balances() == [D("12.10"), D("24.20"), D("36.30")]


def test_what_is_disputed_or_not_due_or_without_mandate_is_not_debited(signed):
    make_invoices("100", legal_name="Sin mandato, S.L.")
    open_dispute(invoice=signed[2], reason="No estuve", **WHO)
    assert prepare().total == D("36.30")


@pytest.mark.parametrize("days", [0, -1])
def test_the_bank_needs_a_day(signed, days):
    with pytest.raises(CollectionRefusedError):
        prepare(day=AT.date() + dt.timedelta(days=days))
    assert not Collection.objects.exists()


def test_without_creditor_identifier_nothing_is_debited(invoices):
    sign(invoices[0].customer)
    with pytest.raises(CollectionRefusedError, match=r"creditor|acreedor"):
        prepare()
    with pytest.raises(CreditorIdWrongError):
        save_receivables_settings(days_between=7, creditor_id="ES50ZZZB12345674", **WHO)
    assert not CollectionItem.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"iban": "ES79 2100 0813 6101 2345 6780"},
        {"iban": ""},
        {"bic": "CAIX"},
        {"signed_on": dt.date(2027, 6, 1)},
        {"reference": "x" * 36},
    ],
)
def test_wrong_mandates_are_refused(invoices, fields):
    with pytest.raises(MandateRefusedError):
        sign(invoices[0].customer, **fields)
    assert not Mandate.objects.exists()


def test_one_mandate_is_in_force(invoices):
    customer = invoices[0].customer
    first, second = sign(customer), sign(customer)
    first.refresh_from_db()
    assert (first.revoked_by, second.reference) == ("ana", f"{customer.number}-2")
    revoke_mandate(mandate=second, **WHO)
    assert not Mandate.objects.filter(revoked_at=None).exists()
