"""Say what a transaction of the bank was for: invoices, credit, a refund, a returned debit."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db.transaction import atomic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import (
    BankTransaction,
    Collection,
    CollectionItem,
    CreditEntry,
    Invoice,
    Payment,
    PaymentMethod,
)
from customers.models import Customer
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError

from .customer_credit import add_credit
from .payments import add_payment, take_back_payment

_REFERENCE_LENGTH = 60
State = BankTransaction.State


class MatchRefusedError(DomainError):
    """The transaction can't be for that; nothing was changed."""

    code = "match-refused"
    title = gettext_lazy("The match is not possible")


@atomic
def assign_transaction(
    *,
    transaction: BankTransaction,
    parts: Mapping[int, Decimal],
    actor: Who,
    now: dt.datetime,
    credit_to: Customer | None = None,
    method: str = PaymentMethod.TRANSFER,
) -> BankTransaction:
    """Say which invoices money was for; what is left over becomes a customer's credit.

    Args:
        transaction: one that nobody has dealt with, in the currency of the invoices.
        parts: the amount of each invoice, by id; at most what is owed of each.
        actor: who says so.
        now: the present moment (aware).
        credit_to: whose credit the rest becomes; needed where there is a rest.
        method: how the payments are marked.

    Raises:
        MatchRefusedError: somebody dealt with it before, money left instead of coming in, the sums
            do not agree, or an invoice is of another currency.
        PaymentRefusedError: more than is owed of an invoice.
    """
    locked = lock_open(transaction)
    if locked.amount < 0:
        raise MatchRefusedError(_("This money left the account: it pays no invoice."))
    rest = locked.amount - sum(parts.values(), Decimal())
    if rest < 0:
        raise MatchRefusedError(_("The amounts are more than came in."))
    if rest and credit_to is None:
        raise MatchRefusedError(_("Say whose credit the rest becomes."))
    customer = credit_to
    invoices = Invoice.objects.select_for_update(of=("self",)).order_by("pk").in_bulk(list(parts))
    for pk in sorted(parts):
        invoice = invoices.get(pk)
        if invoice is None or invoice.currency != locked.currency:
            raise MatchRefusedError(_("An invoice is not there, or of another currency."))
        customer = customer or invoice.customer
        add_payment(
            invoice=invoice,
            amount=parts[pk],
            paid_on=locked.booked_on,
            method=method,
            reference=locked.reference[:_REFERENCE_LENGTH],
            transaction=locked,
            actor=actor,
            now=now,
        )
    if rest and credit_to is not None:
        _credit(locked, credit_to, rest, CreditEntry.Kind.OVERPAID, actor, now)
    return settle(locked, State.ASSIGNED, actor, now, customer=customer)


@atomic
def assign_refund(
    *, transaction: BankTransaction, customer: Customer, actor: Who, now: dt.datetime
) -> BankTransaction:
    """Say that money that left paid back what a customer had to his credit.

    Raises:
        MatchRefusedError: dealt with before, or money came in.
        CreditTooSmallError: the customer has not so much to his credit.
    """
    locked = lock_open(transaction)
    if locked.amount > 0:
        raise MatchRefusedError(_("This money came in: it is no refund."))
    _credit(locked, customer, locked.amount, CreditEntry.Kind.REFUNDED, actor, now)
    return settle(locked, State.ASSIGNED, actor, now, customer=customer)


@atomic
def assign_return(
    *, transaction: BankTransaction, payment: Payment, actor: Who, now: dt.datetime
) -> BankTransaction:
    """Say that the bank took a payment back (a returned debit): the invoice is owed again.

    Raises:
        MatchRefusedError: dealt with before, or the amounts differ.
        PaymentRefusedError: the payment was taken back before.
    """
    locked = lock_open(transaction)
    if locked.amount != -payment.amount or locked.currency != payment.invoice.currency:
        raise MatchRefusedError(_("The amount returned is not that of the payment."))
    take_back_payment(
        payment=payment,
        on=locked.booked_on,
        transaction=locked,
        event_type="payment.returned",
        actor=actor,
        now=now,
    )
    return settle(locked, State.ASSIGNED, actor, now, customer=payment.invoice.customer)


@atomic
def set_transaction_aside(
    *, transaction: BankTransaction, reason: str, actor: Who, now: dt.datetime
) -> BankTransaction:
    """Say that a transaction has nothing to do with customers: fees, wages, taxes.

    Raises:
        MatchRefusedError: dealt with before, or no reason.
    """
    locked = lock_open(transaction)
    if not reason.strip():
        raise MatchRefusedError(_("Say why it is set aside."))
    return settle(locked, State.SET_ASIDE, actor, now, note=reason.strip()[:200])


@atomic
def reopen_transaction(
    *, transaction: BankTransaction, actor: Who, now: dt.datetime
) -> BankTransaction:
    """Take back what was said of a transaction; payments and credits get their counterpart.

    Raises:
        MatchRefusedError: nobody has dealt with it.
        CreditTooSmallError: the credit that came of it was used meanwhile.
    """
    locked = BankTransaction.objects.select_for_update(of=("self",)).get(pk=transaction.pk)
    if locked.state == State.OPEN:
        raise MatchRefusedError(_("Nobody has dealt with this transaction."))
    made = locked.payments.filter(reversed_by=None).exclude(reverses__transaction=locked)
    for payment in made.select_related("invoice__customer").order_by("invoice_id"):
        take_back_payment(
            payment=payment, on=payment.paid_on, transaction=locked, actor=actor, now=now
        )
    for entry in locked.credit_entries.filter(reversed_by=None, reverses=None):
        add_credit(
            customer=entry.customer,
            kind=CreditEntry.Kind.REVERSED,
            amount=-entry.amount,
            currency=entry.currency,
            on=entry.on,
            transaction=locked,
            reverses=entry,
            actor=actor,
            now=now,
        )
    _revive_debits(locked)
    return settle(locked, State.OPEN, actor, now)


def _revive_debits(transaction: BankTransaction) -> None:
    """Let the direct debits that the transaction was for be in collection again."""
    paid = transaction.payments.filter(reverses=None, method=PaymentMethod.DIRECT_DEBIT)
    items = CollectionItem.objects.filter(end_to_end_id__in=paid.values("reference"))
    found = Collection.objects.filter(items__in=items, state=Collection.State.COLLECTED)
    for collection in found.distinct():
        collection.items.update(is_live=True)
        collection.state = Collection.State.PREPARED
        collection.save(update_fields=["state"])


def lock_open(transaction: BankTransaction) -> BankTransaction:
    """Lock a transaction that nobody has dealt with.

    Raises:
        MatchRefusedError: somebody has.
    """
    locked = BankTransaction.objects.select_for_update(of=("self",)).get(pk=transaction.pk)
    if locked.state != State.OPEN:
        raise MatchRefusedError(_("Somebody dealt with this transaction already."))
    return locked


def _credit(
    transaction: BankTransaction,
    customer: Customer,
    amount: Decimal,
    kind: str,
    actor: Who,
    now: dt.datetime,
) -> None:
    add_credit(
        customer=customer,
        kind=kind,
        amount=amount,
        currency=transaction.currency,
        on=transaction.booked_on,
        transaction=transaction,
        reference=transaction.reference[:_REFERENCE_LENGTH],
        actor=actor,
        now=now,
    )


def settle(
    transaction: BankTransaction,
    state: str,
    actor: Who,
    now: dt.datetime,
    *,
    customer: Customer | None = None,
    note: str = "",
) -> BankTransaction:
    """Note what became of a locked transaction."""
    verbs = {State.ASSIGNED: "matched", State.SET_ASIDE: "set_aside", State.OPEN: "reopened"}
    event = record_event(
        type=f"bank_transaction.{verbs[State(state)]}",
        actor=actor,
        subject=("bank_transaction", transaction.pk),
        now=now,
    )
    is_open = state == State.OPEN
    transaction.state, transaction.note, transaction.customer = state, note, customer
    transaction.settled_by = "" if is_open else event.actor
    transaction.settled_at = None if is_open else now
    transaction.save(update_fields=["state", "note", "customer", "settled_by", "settled_at"])
    return transaction
