"""Take in the money that customers pay."""

import datetime as dt
from decimal import Decimal

from django.db.transaction import atomic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import BankTransaction, Invoice, Payment
from billing.selectors.invoices import with_balances
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.money import MICROS, from_decimal, minor_unit, to_decimal


class PaymentRefusedError(DomainError):
    """The payment can't be: no such debt, or an amount that nobody can pay."""

    code = "payment-refused"
    title = gettext_lazy("The payment is not possible")


class PaymentReferenceUsedError(DomainError):
    """Another payment of the invoice has this reference."""

    code = "payment-reference-used"
    title = gettext_lazy("The reference is used already")


def record_payment(
    *,
    invoice: Invoice,
    amount: Decimal,
    paid_on: dt.date,
    method: str,
    actor: Who,
    now: dt.datetime,
    reference: str = "",
) -> Payment:
    """Note a payment of an issued invoice, at most of what is still owed, in its currency.

    With a ``reference`` it is idempotent: the same payment again is answered with the row that is
    there.

    Raises:
        PaymentRefusedError: a draft, an amount that is not positive, finer than the currency or
            more than the balance.
        PaymentReferenceUsedError: the reference stands for another amount or day.
    """
    with atomic():
        locked = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
        if reference:
            there = Payment.objects.filter(
                invoice=locked, reference=reference, transaction=None, reverses=None
            ).first()
            if there is not None:
                return _same(there, amount, paid_on)
        return add_payment(
            invoice=locked,
            amount=amount,
            paid_on=paid_on,
            method=method,
            reference=reference,
            actor=actor,
            now=now,
        )


def add_payment(
    *,
    invoice: Invoice,
    amount: Decimal,
    paid_on: dt.date,
    method: str,
    actor: Who,
    now: dt.datetime,
    reference: str = "",
    transaction: BankTransaction | None = None,
) -> Payment:
    """Note a payment of an invoice that the caller has locked in this transaction.

    Raises:
        PaymentRefusedError: see ``record_payment``.
    """
    _refuse(invoice, amount)
    event = record_event(
        type="payment.recorded",
        actor=actor,
        customer_number=invoice.customer.number,
        subject=("invoice", invoice.number or ""),
        data={"paid_on": paid_on.isoformat(), "method": method},
        now=now,
    )
    return Payment.objects.create(
        invoice=invoice,
        amount=amount,
        paid_on=paid_on,
        method=method,
        reference=reference,
        transaction=transaction,
        recorded_by=event.actor,
        recorded_at=now,
    )


def take_back_payment(
    *,
    payment: Payment,
    on: dt.date,
    actor: Who,
    now: dt.datetime,
    transaction: BankTransaction | None = None,
    event_type: str = "payment.taken_back",
) -> Payment:
    """Take a payment back, wholly and once: the invoice is owed again. Its row stays.

    Raises:
        PaymentRefusedError: it was taken back before.
    """
    Invoice.objects.select_for_update(of=("self",)).get(pk=payment.invoice_id)
    if Payment.objects.filter(reverses=payment).exists():
        raise PaymentRefusedError(_("The payment was taken back already."))
    event = record_event(
        type=event_type,
        actor=actor,
        customer_number=payment.invoice.customer.number,
        subject=("invoice", payment.invoice.number or ""),
        data={"on": on.isoformat()},
        now=now,
    )
    return Payment.objects.create(
        invoice=payment.invoice,
        amount=-payment.amount,
        paid_on=on,
        method=payment.method,
        reference=payment.reference,
        transaction=transaction,
        reverses=payment,
        recorded_by=event.actor,
        recorded_at=now,
    )


def _same(payment: Payment, amount: Decimal, paid_on: dt.date) -> Payment:
    if (payment.amount, payment.paid_on) != (amount, paid_on):
        raise PaymentReferenceUsedError(
            _("The reference “%s” stands for another payment of this invoice.") % payment.reference
        )
    return payment


def _refuse(invoice: Invoice, amount: Decimal) -> None:
    if invoice.state != Invoice.State.ISSUED:
        raise PaymentRefusedError(_("The invoice is a draft: nobody owes it yet."))
    if invoice.kind != Invoice.Kind.INVOICE:
        raise PaymentRefusedError(_("Nobody owes a credit note: it is set against its invoice."))
    if not amount.is_finite() or amount <= 0:
        raise PaymentRefusedError(_("The amount must be more than zero."))
    if amount * MICROS % minor_unit(invoice.currency):
        raise PaymentRefusedError(_("The amount has more decimals than %s has.") % invoice.currency)
    balance = with_balances(Invoice.objects.all()).get(pk=invoice.pk).balance  # type: ignore[attr-defined]
    if amount > balance:
        owed = to_decimal(from_decimal(max(balance, Decimal(0))), invoice.currency)
        raise PaymentRefusedError(
            _("Only %(balance)s %(currency)s of the invoice are still to be paid.")
            % {"balance": owed, "currency": invoice.currency}
        )
