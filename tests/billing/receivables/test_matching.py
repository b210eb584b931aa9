"""Payments by bank files: suggested, confirmed, shared out, kept as credit, taken back."""

from decimal import Decimal

import pytest

from billing.models import BankFile, BankTransaction, CreditEntry, Payment
from billing.selectors.customer_credit import credit_of
from billing.selectors.matching import suggestions
from billing.services import (
    BankFileRefusedError,
    CreditTooSmallError,
    MatchRefusedError,
    PaymentRefusedError,
    assign_refund,
    assign_return,
    assign_transaction,
    credit_invoice,
    free_overpaid,
    import_bank_file,
    record_payment,
    refund_credit,
    reopen_transaction,
    set_transaction_aside,
    use_credit,
)
from integration.models import Event

from .conftest import AT, balances, make_invoices, told
from .files import Entry, camt053, csv, norma43

pytestmark = pytest.mark.django_db
WHO = {"actor": "ana", "now": AT}
D = Decimal


def suggest(entry: Entry, write=norma43):
    (transaction,) = told(entry, write=write)
    return transaction, suggestions([transaction]).get(transaction.pk)


def parts(suggestion) -> dict[str, str]:
    return {part.invoice.number: f"{part.amount:.2f}" for part in suggestion.parts}


def confirm(transaction, suggestion):
    return assign_transaction(
        transaction=transaction,
        parts={part.invoice.pk: part.amount for part in suggestion.parts},
        credit_to=suggestion.customer,
        **WHO,
    )


def test_the_same_file_twice_adds_nothing(invoices):
    content = norma43(Entry("12.10", "F-2026-00001"), Entry("-1.00", "COMISION"))
    first = import_bank_file(name="a", content=content, **WHO)
    assert (first.transactions_read, first.transactions_new) == (2, 2)
    assert import_bank_file(name="b", content=content, **WHO) == first
    longer = norma43(Entry("12.10", "F-2026-00001"), Entry("-1.00", "COMISION"), Entry("5.00"))
    second = import_bank_file(name="c", content=longer, **WHO)
    assert (second.transactions_read, second.transactions_new) == (3, 1)
    assert BankTransaction.objects.count() == 3
    assert Event.objects.filter(type="bank_file.imported").count() == 2
    assert not Payment.objects.exists()


def test_a_wrong_file_leaves_nothing(db):
    with pytest.raises(BankFileRefusedError):
        import_bank_file(name="a", content=norma43(Entry("1.00"))[:-90], **WHO)
    finer = camt053(Entry("1.001"))
    with pytest.raises(BankFileRefusedError, match=r"1\.001 EUR"):
        import_bank_file(name="a", content=finer, **WHO)
    assert not BankFile.objects.exists()


def test_an_invoice_is_found_by_its_number(invoices):
    number = invoices[1].number
    transaction, found = suggest(Entry("24.20", f"PAGO FRA {number.replace('-', ' ')}"))
    assert parts(found) == {number: "24.20"}
    assert (found.is_sure, list(found.reasons)) == (True, ["invoice_number", "amount"])
    confirm(transaction, found)
    assert balances() == [D("12.10"), D("0.00"), D("36.30")]
    payment = Payment.objects.get()
    assert (payment.paid_on, payment.transaction_id) == (transaction.booked_on, transaction.pk)
    transaction.refresh_from_db()
    assert (transaction.state, transaction.settled_by) == ("assigned", "ana")


def test_a_number_is_not_found_in_a_longer_one(invoices):
    _transaction, found = suggest(Entry("1.00", f"{invoices[0].number}5"))
    assert found is None


def test_several_invoices_by_one_transfer_found_by_name(invoices):
    transaction, found = suggest(Entry("48.40", "VARIAS FACTURAS", "CAFE ORTUZAR SA"))
    first, _second, third = (one.number for one in invoices)
    assert parts(found) == {first: "12.10", third: "36.30"}
    assert (found.is_sure, list(found.reasons)) == (True, ["name", "amount"])
    confirm(transaction, found)
    assert balances() == [D("0.00"), D("24.20"), D("0.00")]


def test_part_payments_go_to_the_first_due(invoices):
    transaction, found = suggest(Entry("20.00", "A CUENTA", "CAFE ORTUZAR"))
    assert not found.is_sure
    assert list(parts(found).values()) == ["12.10", "7.90"]
    confirm(transaction, found)
    assert balances() == [D("0.00"), D("16.30"), D("36.30")]


def test_an_overpayment_becomes_credit_pays_another_and_is_paid_back(invoices):
    customer = invoices[0].customer
    transaction, found = suggest(Entry("80.00", customer.number))
    assert list(parts(found).values()) == ["12.10", "24.20", "36.30"]
    assert (found.credit, found.is_sure) == (D("7.40"), False)
    confirm(transaction, found)
    assert balances() == [D("0.00")] * 3
    assert credit_of(customer, "EUR") == D("7.40")
    (new,) = make_invoices("50", legal_name="Otra, S.L.")
    with pytest.raises(CreditTooSmallError):
        use_credit(invoice=new, **WHO)
    refund_credit(customer=customer, currency="EUR", amount=D("1.40"), on=AT.date(), **WHO)
    with pytest.raises(CreditTooSmallError):
        refund_credit(customer=customer, currency="EUR", amount=D("6.01"), on=AT.date(), **WHO)
    (back,) = told(Entry("-6.00", "DEVOLUCION A CAFE ORTUZAR"), write=camt053)
    refund = suggestions([back])
    assert not refund  # nothing of his is open any more, and the account is not known
    assign_refund(transaction=back, customer=customer, **WHO)
    assert credit_of(customer, "EUR") == 0
    kinds = CreditEntry.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["overpaid", "refunded", "refunded"]


def test_credit_pays_an_invoice(invoices):
    customer = invoices[0].customer
    (transaction,) = told(Entry("30.00"))
    assign_transaction(transaction=transaction, parts={}, credit_to=customer, **WHO)
    payment = use_credit(invoice=invoices[2], **WHO)
    assert (payment.amount, payment.method) == (D("30.00"), "offset")
    assert credit_of(customer, "EUR") == 0
    assert balances() == [D("12.10"), D("24.20"), D("6.30")]


def test_what_was_paid_and_then_credited_becomes_credit(invoices):
    invoice = invoices[0]
    record_payment(invoice=invoice, amount=D("12.10"), paid_on=AT.date(), method="transfer", **WHO)
    with pytest.raises(CreditTooSmallError):
        free_overpaid(invoice=invoice, **WHO)
    credit_invoice(invoice=invoice, reason="Error", **WHO)
    assert balances()[0] == D("-12.10")
    free_overpaid(invoice=invoice, **WHO)
    assert balances()[0] == 0
    assert credit_of(invoice.customer, "EUR") == D("12.10")


def test_the_only_invoice_of_that_amount_is_suggested_but_not_sure(invoices):
    _transaction, found = suggest(Entry("36.30", "SIN REFERENCIA"))
    assert (parts(found), found.is_sure) == ({invoices[2].number: "36.30"}, False)
    assert list(found.reasons) == ["amount"]


def test_an_account_that_paid_before_names_the_customer(invoices):
    iban = "ES7921000813610123456789"
    transaction, found = suggest(Entry("12.10", invoices[0].number, "X", iban=iban), write=camt053)
    confirm(transaction, found)
    other = Entry("24.20", "SIN NADA", "X", iban=iban, day="2026-11-27")
    _transaction, found = suggest(other, write=camt053)
    assert (list(found.reasons), found.is_sure) == (["account", "amount"], True)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({0: "12.11"}, PaymentRefusedError),
        ({0: "0"}, PaymentRefusedError),
        ({0: "12.10", 1: "24.20", 2: "36.30"}, MatchRefusedError),
        ({0: "1.00"}, MatchRefusedError),
        ({}, MatchRefusedError),
    ],
)
def test_sums_that_cannot_be_are_refused(invoices, given, error):
    (transaction,) = told(Entry("40.00"))
    amounts = {invoices[place].pk: D(amount) for place, amount in given.items()}
    with pytest.raises(error):
        assign_transaction(
            transaction=transaction,
            parts=amounts,
            credit_to=invoices[0].customer if error is PaymentRefusedError else None,
            **WHO,
        )
    transaction.refresh_from_db()
    assert transaction.state == "open"
    assert not Payment.objects.exists()
    assert not Event.objects.filter(type="payment.recorded").exists()


def test_nobody_deals_with_a_transaction_twice(invoices):
    (transaction,) = told(Entry("12.10"))
    amounts = {invoices[0].pk: D("12.10")}
    assign_transaction(transaction=transaction, parts=amounts, **WHO)
    with pytest.raises(MatchRefusedError):
        assign_transaction(transaction=transaction, parts=amounts, **WHO)
    with pytest.raises(MatchRefusedError):
        set_transaction_aside(transaction=transaction, reason="x", **WHO)
    assert Payment.objects.count() == 1


def test_a_wrong_match_is_taken_back_and_made_anew(invoices):
    customer = invoices[0].customer
    (transaction,) = told(Entry("15.00", "x", "y", "REF-1"))
    assign_transaction(
        transaction=transaction, parts={invoices[0].pk: D("12.10")}, credit_to=customer, **WHO
    )
    for _again in range(2):
        reopen_transaction(transaction=transaction, **WHO)
        assert balances() == [D("12.10"), D("24.20"), D("36.30")]
        assert credit_of(customer, "EUR") == 0
        with pytest.raises(MatchRefusedError):
            reopen_transaction(transaction=transaction, **WHO)
        amounts = {invoices[1].pk: D("15.00")}
        assign_transaction(transaction=transaction, parts=amounts, **WHO)
        assert balances() == [D("12.10"), D("9.20"), D("36.30")]


def test_credit_that_was_used_keeps_a_match_from_being_taken_back(invoices):
    (transaction,) = told(Entry("12.10"))
    customer = invoices[0].customer
    assign_transaction(transaction=transaction, parts={}, credit_to=customer, **WHO)
    use_credit(invoice=invoices[0], **WHO)
    with pytest.raises(CreditTooSmallError):
        reopen_transaction(transaction=transaction, **WHO)
    transaction.refresh_from_db()
    assert transaction.state == "assigned"


def test_a_returned_debit_is_owed_again(invoices):
    payment = record_payment(
        invoice=invoices[0],
        amount=D("12.10"),
        paid_on=AT.date(),
        method="direct_debit",
        reference="E2E-1",
        **WHO,
    )
    entry = Entry("-12.10", "DEVOLUCION", end_to_end="E2E-1", is_return=True)
    transaction, found = suggest(entry, write=camt053)
    assert (found.returned, found.is_sure) == (payment, True)
    assign_return(transaction=transaction, payment=payment, **WHO)
    assert balances()[0] == D("12.10")
    (again,) = told(entry._replace(day="2026-11-28"), write=camt053)
    with pytest.raises(PaymentRefusedError):
        assign_return(transaction=again, payment=payment, **WHO)
    reopen_transaction(transaction=transaction, **WHO)
    assert balances()[0] == 0


def test_a_bank_fee_is_set_aside(invoices):
    transaction, found = suggest(Entry("-1.20", "COMISION"))
    assert found is None
    with pytest.raises(MatchRefusedError):
        set_transaction_aside(transaction=transaction, reason=" ", **WHO)
    set_transaction_aside(transaction=transaction, reason="Comisión", **WHO)
    transaction.refresh_from_db()
    assert (transaction.state, transaction.note) == ("set_aside", "Comisión")


def test_csv_is_matched_too(invoices):
    transaction, found = suggest(Entry("12.10", "x", "Café Ortúzar S.A."), write=csv)
    assert list(found.reasons) == ["name", "amount"]
    confirm(transaction, found)
    assert balances()[0] == 0


def test_suggestions_ask_no_more_for_more(invoices, django_assert_num_queries):
    transactions = told(*(Entry("1.00", f"{place}") for place in range(20)))
    with django_assert_num_queries(3):
        suggestions(transactions)


def test_what_is_sure_takes_its_invoices_from_the_others(invoices):
    vague, sure = told(
        Entry("20.00", "A CUENTA", "CAFE ORTUZAR"), Entry("12.10", invoices[0].number)
    )
    found = suggestions([vague, sure])
    assert parts(found[sure.pk]) == {invoices[0].number: "12.10"}
    assert parts(found[vague.pk]) == {invoices[1].number: "20.00"}
