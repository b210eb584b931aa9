"""Files of banks: what is read, and that wrong ones are refused with the place."""

import datetime as dt
import io
import warnings
from decimal import Decimal

import pytest
from csb43.aeb43 import read_batch
from django.utils import translation

from billing.banks import BankFileError, read_file
from billing.banks.base import LARGEST_FILE, spanish_iban
from billing.banks.csv_file import _amount

from .files import ACCOUNT, Entry, camt053, csv, norma43

PAID = Entry("4.54", "FACTURA F-2026-00001", "CAFÉ ORTÚZAR SA", "F-2026-00001")
FEE = Entry("-1.20", "COMISION", "BANCO")


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def test_norma43_is_read():
    statement = read_file(norma43(PAID, FEE))
    first, second = statement.movements
    assert statement.format == "norma43"
    assert (first.account, first.booked_on, first.amount, first.currency) == (
        ACCOUNT,
        dt.date(2026, 11, 25),
        Decimal("4.54"),
        "EUR",
    )
    assert (first.reference, first.party) == ("F-2026-00001", "CAFÉ ORTÚZAR SA")
    assert first.text == "CAFÉ ORTÚZAR SA FACTURA F-2026-00001"
    assert (second.amount, second.is_return) == (Decimal("-1.20"), False)


def test_norma43_agrees_with_csb43():
    content = norma43(PAID, FEE, PAID)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (account,) = read_batch(io.BytesIO(content)).accounts
    ours = [(m.booked_on, m.amount, m.text.split()[0]) for m in read_file(content).movements]
    assert ours == [
        (t.transaction_date, t.amount, t.optional_items[0].item1.split()[0])
        for t in account.transactions
    ]


def test_equal_transactions_of_a_day_stay_apart():
    movements = read_file(norma43(PAID, PAID)).movements
    assert [movement.entry_id for movement in movements] == ["1", "2"]


@pytest.mark.parametrize("version", ["02", "08", "13"])
def test_camt053_is_read(version):
    entry = PAID._replace(iban="ES7921000813610123456789", end_to_end="E2E-1", name="BANK-1")
    statement = read_file(camt053(entry, FEE, version=version))
    first, second = statement.movements
    assert statement.format == "camt053"
    assert (first.account, first.amount, first.booked_on) == (
        ACCOUNT,
        Decimal("4.54"),
        dt.date(2026, 11, 25),
    )
    assert (first.party, first.party_iban) == ("CAFÉ ORTÚZAR SA", "ES7921000813610123456789")
    assert (first.entry_id, first.end_to_end_id) == ("BANK-1", "E2E-1")
    assert first.reference == "FACTURA F-2026-00001"
    assert second.amount == Decimal("-1.20")


def test_camt053_splits_an_entry_of_several_transactions():
    detail = (
        '<TxDtls><Refs><EndToEndId>{0}</EndToEndId></Refs><Amt Ccy="EUR">{1}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>{0}</Ustrd></RmtInf></TxDtls>"
    )
    one = camt053(Entry("7.00", name="B1")).decode()
    start, end = one.index("<TxDtls>"), one.index("</NtryDtls>")
    both = detail.format("A", "3.00") + detail.format("B", "4.00")
    movements = read_file((one[:start] + both + one[end:]).encode()).movements
    assert [(m.amount, m.entry_id, m.end_to_end_id) for m in movements] == [
        (Decimal("3.00"), "B1/1", "A"),
        (Decimal("4.00"), "B1/2", "B"),
    ]


def test_csv_is_read():
    statement = read_file(csv(PAID, PAID._replace(amount="-1.20")))
    assert statement.format == "csv"
    assert [(m.amount, m.party, m.reference) for m in statement.movements] == [
        (Decimal("4.54"), "CAFÉ ORTÚZAR SA", "F-2026-00001"),
        (Decimal("-1.20"), "CAFÉ ORTÚZAR SA", "F-2026-00001"),
    ]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("-1234.5", "-1234.5"),
        ("12", "12"),
        ("1.234.567", "1234567"),
        ("+3,10 €", "3.10"),
    ],
)
def test_amounts_of_csv(written, amount):
    assert _amount(written, 2) == Decimal(amount)


@pytest.mark.parametrize("written", ["1.234", "1e5", "", "NaN", "1,2,3", "٣", "12.3456"])
def test_amounts_that_could_be_two_things_are_refused(written):
    with pytest.raises(BankFileError, match=r"Row 2: .* is no plain amount"):
        _amount(written, 2)


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
FETCH = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"hello", "neither Norma 43"),
        (bytes(range(256)), "neither Norma 43"),
        (b"<html></html>", "no account statement"),
        (b"<Document", "not well formed"),
        (camt053(PAID, before=BOMB), "document type"),
        (camt053(PAID, before=FETCH), "document type"),
        (camt053(PAID).replace(b">4.54<", b">NaN<"), "no amount"),
        (camt053(PAID).replace(b">4.54<", b">-4.54<"), "no amount"),
        (camt053(PAID).replace(b"2026-11-25</Dt>", b"2026-13-25</Dt>"), "no day"),
        (camt053(PAID).replace(b"Ntries>1<", b"Ntries>2<"), "as many entries"),
        (norma43(PAID, balance="2" + "9" * 14), "Line 4 .* sums"),
        (norma43(PAID, end="000009"), "Line 5 .* as many records"),
        (norma43(PAID)[:200], "ends too early"),
        (norma43(PAID).replace(b"261125", b"261325"), "Line 2 .* no day"),
        (norma43(PAID) + b"22" + b"0" * 78, "Line 6 .* follows the end"),
        (norma43(PAID).replace(b"2301", b"9901"), "Line 3 .* no place"),
        (b"Fecha;Importe\n31/02/2026;1,00", "Row 2: .* no day"),
        (b"date,amount,currency\n2026-02-01,1.00,bitcoin", "Row 2: .* no currency"),
    ],
)
def test_wrong_files_are_refused_with_the_place(content, why):
    with pytest.raises(BankFileError, match=why):
        read_file(content)


def test_large_files_are_refused():
    with pytest.raises(BankFileError, match="larger than 10 MB"):
        read_file(b"x" * (LARGEST_FILE + 1))


def test_an_account_of_norma43_is_named_by_its_iban():
    assert spanish_iban("2100", "0418", "0200051332") == ACCOUNT
