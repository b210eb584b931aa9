"""Ageing and statements: to the cent, and the same sum by two ways."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.selectors.receivables import ageing, ageing_totals, statement_of
from billing.selectors.statements import statement_pdf, statement_rows, words_of
from billing.services import (
    assign_transaction,
    credit_invoice,
    free_overpaid,
    record_payment,
    refund_credit,
    reopen_transaction,
    use_credit,
)
from tests.billing.documents.test_invoice_pdf import text_of

from .conftest import AT, make_invoices, told
from .files import Entry

pytestmark = pytest.mark.django_db
WHO = {"actor": "ana", "now": AT}
D = Decimal
DUE = dt.date(2026, 12, 24)


def columns(on):
    (row,) = ageing(on=on)
    return [f"{amount:.2f}" for amount in row.buckets]


def account(customer, first="2026-01-01", last="2027-12-31"):
    return statement_of(
        customer=customer,
        currency="EUR",
        first_day=dt.date.fromisoformat(first),
        last_day=dt.date.fromisoformat(last),
    )


@pytest.mark.parametrize(
    ("days", "column"),
    [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (400, 4)],
)
def test_an_invoice_moves_from_column_to_column(invoices, days, column):
    expected = ["0.00"] * 5
    expected[column] = "72.60"
    assert columns(DUE + dt.timedelta(days=days)) == expected


def test_customers_are_listed_with_their_credit_the_most_overdue_first(invoices):
    (other,) = make_invoices("100", legal_name="Otra, S.L.")
    (transaction,) = told(Entry("20.00"))
    assign_transaction(
        transaction=transaction,
        parts={other.pk: D("12.10")},
        credit_to=other.customer,
        **WHO,
    )
    first, second = ageing(on=DUE + dt.timedelta(days=1))
    assert (first.customer, first.overdue, first.balance) == (
        invoices[0].customer,
        D("72.60"),
        D("72.60"),
    )
    assert (second.owed, second.credit, second.balance) == (0, D("7.90"), D("-7.90"))
    ((currency, sums, credit),) = ageing_totals([first, second])
    assert (currency, sums[1], credit) == ("EUR", D("72.60"), D("7.90"))


def test_a_statement_ends_with_what_is_owed(invoices):
    customer = invoices[0].customer
    (transfer, wrong) = told(Entry("50.00", "uno"), Entry("3.00", "dos"))
    parts = {invoices[0].pk: D("12.10"), invoices[1].pk: D("20.00")}
    assign_transaction(transaction=transfer, parts=parts, credit_to=customer, **WHO)  # 17.90
    assign_transaction(transaction=wrong, parts={}, credit_to=customer, **WHO)
    reopen_transaction(transaction=wrong, **WHO)
    use_credit(invoice=invoices[2], amount=D("10.00"), **WHO)
    refund_credit(customer=customer, currency="EUR", amount=D("5.00"), on=AT.date(), **WHO)
    credit_invoice(invoice=invoices[0], reason="Error", **WHO)
    free_overpaid(invoice=invoices[0], **WHO)
    record_payment(
        invoice=invoices[1], amount=D("4.20"), paid_on=AT.date(), method="transfer", **WHO
    )
    statement = account(customer)
    (row,) = ageing(on=DUE)
    assert statement.closing == row.balance == D("11.30")
    assert row.credit == D("15.00")
    told_of = {(entry.kind, f"{entry.amount:.2f}") for entry in statement.entries}
    assert told_of == {
        ("invoice", "12.10"),
        ("invoice", "24.20"),
        ("invoice", "36.30"),
        ("payment", "-12.10"),
        ("payment", "-20.00"),
        ("payment", "-17.90"),
        ("payment", "-4.20"),
        ("refund", "5.00"),
        ("credit_note", "-12.10"),
    }
    assert statement.debits - statement.credits == statement.closing
    later = account(customer, first="2026-12-01")
    assert later.opening + later.debits - later.credits == statement.closing
    assert [row[-1] for row in statement_rows(statement)][-1] == D("11.30")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Statement of account", "Payment of F-2026", "Not settled", "60.50"))],
)
def test_the_paper_says_the_same(invoices, language, words):
    customer = invoices[0].customer
    customer.language = language
    customer.save()
    (transfer,) = told(Entry("12.10", "uno"))
    assign_transaction(transaction=transfer, parts={invoices[0].pk: D("12.10")}, **WHO)
    text = text_of(statement_pdf(account(customer)))
    for word in words:
        assert word in text


def test_every_kind_of_line_has_its_words(invoices):
    entries = account(invoices[0].customer).entries
    assert all(entry.number in words_of(entry) for entry in entries)


def test_ageing_asks_little(invoices, django_assert_num_queries):
    with django_assert_num_queries(3):
        ageing(on=DUE)
