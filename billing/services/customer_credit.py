"""Keep what customers paid too much, use it for other invoices, pay it back."""

import datetime as dt
from decimal import Decimal

from django.db.transaction import atomic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import BankTransaction, CreditEntry, Invoice, Payment, PaymentMethod
from billing.selectors.customer_credit import credit_of
from billing.selectors.invoices import today, with_balances
from customers.models import Customer
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.money import MICROS, minor_unit

from .payments import add_payment


class CreditTooSmallError(DomainError):
    """The customer has not so much to his credit, or the amount is none that can be paid."""

    code = "credit-too-small"
    title = gettext_lazy("The credit does not do")


def add_credit(
    *,
    customer: Customer,
    kind: str,
    amount: Decimal,
    currency: str,
    on: dt.date,
    actor: Who,
    now: dt.datetime,
    transaction: BankTransaction | None = None,
    payment: Payment | None = None,
    reverses: CreditEntry | None = None,
    reference: str = "",
) -> CreditEntry:
    """Write a step of a customer's credit, in the transaction of the caller.

    Raises:
        CreditTooSmallError: the credit would fall below zero, or the amount is finer than the
            currency.
    """
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    if not amount.is_finite() or not amount or amount * MICROS % minor_unit(currency):
        raise CreditTooSmallError(_("This is no amount that can be paid."))
    if amount < 0 and credit_of(customer, currency) + amount < 0:
        raise CreditTooSmallError(_("The customer has not so much to his credit."))
    event = record_event(
        type=f"credit.{kind}",
        actor=actor,
        customer_number=customer.number,
        subject=("customer", customer.number),
        data={"on": on.isoformat()},
        now=now,
    )
    return CreditEntry.objects.create(
        customer=customer,
        kind=kind,
        currency=currency,
        amount=amount,
        on=on,
        transaction=transaction,
        payment=payment,
        reverses=reverses,
        reference=reference,
        recorded_by=event.actor,
        recorded_at=now,
    )


@atomic
def use_credit(
    *, invoice: Invoice, actor: Who, now: dt.datetime, amount: Decimal | None = None
) -> Payment:
    """Pay an invoice, or a part, from its customer's credit; by default as much as possible.

    Raises:
        CreditTooSmallError: there is not so much.
        PaymentRefusedError: more than is owed.
    """
    locked = _locked(invoice)
    customer, currency = locked.customer, locked.currency
    if amount is None:
        amount = min(credit_of(customer, currency), _balance(locked))
    if amount <= 0:
        raise CreditTooSmallError(_("There is no credit to use, or nothing is owed."))
    day = today(now)
    payment = add_payment(
        invoice=locked,
        amount=amount,
        paid_on=day,
        method=PaymentMethod.OFFSET,
        actor=actor,
        now=now,
    )
    add_credit(
        customer=customer,
        kind=CreditEntry.Kind.USED,
        amount=-amount,
        currency=currency,
        on=day,
        payment=payment,
        actor=actor,
        now=now,
    )
    return payment


@atomic
def free_overpaid(*, invoice: Invoice, actor: Who, now: dt.datetime) -> CreditEntry:
    """Make what an invoice does not need any more (it was credited after it was paid) a credit.

    Raises:
        CreditTooSmallError: nothing is paid too much.
    """
    locked = _locked(invoice)
    over = -_balance(locked)
    if over <= 0:
        raise CreditTooSmallError(_("No more was paid of this invoice than is owed."))
    day = today(now)
    event = record_event(
        type="payment.set_off",
        actor=actor,
        customer_number=locked.customer.number,
        subject=("invoice", locked.number or ""),
        now=now,
    )
    payment = Payment.objects.create(
        invoice=locked,
        amount=-over,
        paid_on=day,
        method=PaymentMethod.OFFSET,
        recorded_by=event.actor,
        recorded_at=now,
    )
    return add_credit(
        customer=locked.customer,
        kind=CreditEntry.Kind.FREED,
        amount=over,
        currency=locked.currency,
        on=day,
        payment=payment,
        actor=actor,
        now=now,
    )


@atomic
def refund_credit(
    *,
    customer: Customer,
    currency: str,
    amount: Decimal,
    on: dt.date,
    actor: Who,
    now: dt.datetime,
    reference: str = "",
) -> CreditEntry:
    """Note that credit was paid back by hand; what a bank file tells of is matched instead.

    Raises:
        CreditTooSmallError: the customer has not so much.
    """
    if amount <= 0:
        raise CreditTooSmallError(_("The amount must be more than zero."))
    return add_credit(
        customer=customer,
        kind=CreditEntry.Kind.REFUNDED,
        amount=-amount,
        currency=currency,
        on=on,
        reference=reference,
        actor=actor,
        now=now,
    )


def _locked(invoice: Invoice) -> Invoice:
    return Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)


def _balance(invoice: Invoice) -> Decimal:
    balance: Decimal = with_balances(Invoice.objects.all()).get(pk=invoice.pk).balance  # type: ignore[attr-defined]
    return balance
