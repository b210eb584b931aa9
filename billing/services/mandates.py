"""Mandates of customers, and files of direct debits made by them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.transaction import atomic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum.exceptions import ValidationError as NumberError

from billing.banks.pain008 import Creditor, Debit, DebitsRefusedError, write_debits
from billing.models import (
    BankTransaction,
    Collection,
    CollectionItem,
    CreditEntry,
    Invoice,
    Mandate,
    PaymentMethod,
    ReceivablesSettings,
)
from billing.selectors.invoices import today, with_balances
from billing.selectors.mandates import collectable, mandate_of, was_debited
from customers.models import Customer
from customers.selectors import issuer as our_company
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError

from .customer_credit import add_credit
from .matching import MatchRefusedError, lock_open, settle
from .payments import add_payment

_REFERENCE_LENGTH = 35


class MandateRefusedError(DomainError):
    """The mandate can't be noted."""

    code = "mandate-refused"
    title = gettext_lazy("The mandate is not possible")


class CollectionRefusedError(DomainError):
    """No direct debits can be made of that; nothing was changed."""

    code = "collection-refused"
    title = gettext_lazy("The direct debits are not possible")


@atomic
def sign_mandate(
    *,
    customer: Customer,
    iban: str,
    holder: str,
    signed_on: dt.date,
    actor: Who,
    now: dt.datetime,
    bic: str = "",
    scheme: str = Mandate.Scheme.CORE,
    reference: str = "",
) -> Mandate:
    """Note a mandate that a customer signed; the one before it ends.

    Raises:
        MandateRefusedError: IBAN, BIC or reference are wrong, or the day lies ahead.
    """
    iban, bic = _checked(iban, bic)
    if signed_on > today(now):
        raise MandateRefusedError(_("A mandate can't be signed in the future."))
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    count = Mandate.objects.filter(customer=customer).count()
    reference = reference.strip() or f"{customer.number}-{count + 1}"
    if len(reference) > _REFERENCE_LENGTH or Mandate.objects.filter(reference=reference).exists():
        raise MandateRefusedError(_("The reference is too long, or another mandate has it."))
    known = mandate_of(customer)
    if known is not None:
        revoke_mandate(mandate=known, actor=actor, now=now)
    event = _record("mandate.signed", customer, reference, actor, now)
    return Mandate.objects.create(
        customer=customer,
        reference=reference,
        scheme=scheme,
        holder=holder.strip()[:70],
        iban=iban,
        bic=bic,
        signed_on=signed_on,
        recorded_by=event,
        recorded_at=now,
    )


@atomic
def revoke_mandate(*, mandate: Mandate, actor: Who, now: dt.datetime) -> Mandate:
    """End a mandate; debits that are under way stay. Safe to repeat."""
    locked = Mandate.objects.select_for_update(of=("self",)).get(pk=mandate.pk)
    if locked.revoked_at is None:
        locked.revoked_at = now
        locked.revoked_by = _record(
            "mandate.revoked", locked.customer, locked.reference, actor, now
        )
        locked.save(update_fields=["revoked_at", "revoked_by"])
    return locked


@atomic
def prepare_collection(
    *,
    collect_on: dt.date,
    scheme: str,
    actor: Who,
    now: dt.datetime,
    chosen: Iterable[int] | None = None,
) -> Collection:
    """Write the file of direct debits of a day, for all invoices that can be, or those chosen.

    The first debit of a mandate is marked so. The invoices are in collection from now on.

    Raises:
        CollectionRefusedError: the day has come, nothing can be debited, our own account or
            creditor identifier is missing, or a value does not fit the bank's schema.
    """
    if collect_on <= today(now):
        raise CollectionRefusedError(_("The bank collects from tomorrow on at the earliest."))
    settings, _is_new = ReceivablesSettings.objects.get_or_create(pk=1)
    ReceivablesSettings.objects.select_for_update().get(pk=1)  # one file at a time
    creditor = _creditor(settings.creditor_id)
    found = collectable(collect_on=collect_on, scheme=scheme)
    if chosen is not None:
        found = found.filter(pk__in=list(chosen))
    invoices = list(found)
    if not invoices:
        raise CollectionRefusedError(_("No invoice can be debited on that day."))
    ids = [invoice.pk for invoice in invoices]
    list(Invoice.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    number = Collection.objects.filter(collect_on=collect_on).count() + 1
    reference = f"DD-{collect_on:%Y%m%d}-{number:02}"
    items = _items(invoices, reference)
    try:
        content = write_debits(
            reference=reference,
            scheme=scheme,
            collect_on=collect_on,
            creditor=creditor,
            debits=[_debit(item) for item in items],
        )
    except DebitsRefusedError as error:
        raise CollectionRefusedError(str(error)) from error
    event = record_event(
        type="collection.prepared",
        actor=actor,
        subject=("collection", reference),
        data={"collect_on": collect_on.isoformat(), "debits": len(items)},
        now=now,
    )
    collection = Collection.objects.create(
        reference=reference,
        collect_on=collect_on,
        scheme=scheme,
        total=sum((item.amount for item in items), Decimal()),
        count=len(items),
        content=content,
        prepared_by=event.actor,
        prepared_at=now,
    )
    for item in items:
        item.collection = collection
    CollectionItem.objects.bulk_create(items)
    return collection


@atomic
def cancel_collection(*, collection: Collection, actor: Who, now: dt.datetime) -> Collection:
    """Say that a file was not given to the bank: its invoices are free again. Safe to repeat.

    Raises:
        CollectionRefusedError: the money came in already.
    """
    locked = Collection.objects.select_for_update().get(pk=collection.pk)
    if locked.state == Collection.State.COLLECTED:
        raise CollectionRefusedError(_("The money of this file came in already."))
    if locked.state == Collection.State.PREPARED:
        _close(locked, Collection.State.CANCELLED, actor, now)
    return locked


@atomic
def assign_collection(
    *, transaction: BankTransaction, collection: Collection, actor: Who, now: dt.datetime
) -> BankTransaction:
    """Say that money is that of a file of direct debits: all its invoices are paid.

    What was paid in another way meanwhile is kept as the customer's credit.

    Raises:
        MatchRefusedError: dealt with before, another sum, or the file is not in collection.
    """
    locked = lock_open(transaction)
    known = Collection.objects.select_for_update().get(pk=collection.pk)
    is_live = known.state == Collection.State.PREPARED
    if not is_live or locked.amount != known.total or locked.currency != "EUR":
        raise MatchRefusedError(_("The amount is not that of the direct debits."))
    for item in known.items.select_related("invoice__customer").order_by("invoice_id"):
        _pay(item, locked, actor, now)
    _close(known, Collection.State.COLLECTED, actor, now)
    return settle(locked, BankTransaction.State.ASSIGNED, actor, now)


def _pay(item: CollectionItem, transaction: BankTransaction, actor: Who, now: dt.datetime) -> None:
    Invoice.objects.select_for_update(of=("self",)).get(pk=item.invoice_id)
    invoice = with_balances(Invoice.objects.select_related("customer")).get(pk=item.invoice_id)
    owed: Decimal = max(Decimal(0), invoice.balance)  # type: ignore[attr-defined]
    paid = min(owed, item.amount)
    if paid:
        add_payment(
            invoice=invoice,
            amount=paid,
            paid_on=transaction.booked_on,
            method=PaymentMethod.DIRECT_DEBIT,
            reference=item.end_to_end_id,
            transaction=transaction,
            actor=actor,
            now=now,
        )
    if paid < item.amount:
        add_credit(
            customer=invoice.customer,
            kind=CreditEntry.Kind.OVERPAID,
            amount=item.amount - paid,
            currency=transaction.currency,
            on=transaction.booked_on,
            transaction=transaction,
            reference=item.end_to_end_id,
            actor=actor,
            now=now,
        )


def _close(collection: Collection, state: Collection.State, actor: Who, now: dt.datetime) -> None:
    record_event(
        type=f"collection.{state.value}",
        actor=actor,
        subject=("collection", collection.reference),
        now=now,
    )
    collection.items.update(is_live=False)
    collection.state = state
    collection.save(update_fields=["state"])


def _items(invoices: Sequence[Invoice], reference: str) -> list[CollectionItem]:
    mandates = {
        one.customer_id: one
        for one in Mandate.objects.filter(
            revoked_at=None, customer__in={invoice.customer_id for invoice in invoices}
        )
    }
    used = {pk for pk, one in mandates.items() if was_debited(one)}
    items = []
    for place, invoice in enumerate(invoices, start=1):
        is_first = invoice.customer_id not in used
        used.add(invoice.customer_id)
        items.append(
            CollectionItem(
                invoice=invoice,
                mandate=mandates[invoice.customer_id],
                amount=invoice.balance,  # type: ignore[attr-defined]
                sequence=CollectionItem.Sequence.FIRST
                if is_first
                else CollectionItem.Sequence.RECURRENT,
                end_to_end_id=f"{reference}-{place:05}",
            )
        )
    return items


def _debit(item: CollectionItem) -> Debit:
    return Debit(
        end_to_end_id=item.end_to_end_id,
        amount=item.amount,
        sequence=item.sequence,
        mandate=item.mandate.reference,
        signed_on=item.mandate.signed_on,
        holder=item.mandate.holder,
        iban=item.mandate.iban,
        bic=item.mandate.bic,
        description=item.invoice.number or "",
    )


def _creditor(creditor_id: str) -> Creditor:
    company = our_company()
    if company is None or not company.iban or not creditor_id:
        raise CollectionRefusedError(
            _("Our account or our creditor identifier is missing: see the settings.")
        )
    return Creditor(
        name=company.legal_name, iban=company.iban, bic=company.bic, creditor_id=creditor_id
    )


def _checked(iban: str, bic: str) -> tuple[str, str]:
    try:
        clean_bic = bic_numbers.validate(bic) if bic.strip() else ""
        return iban_numbers.validate(iban), clean_bic
    except NumberError:
        raise MandateRefusedError(_("The IBAN or the BIC is wrong: look at each digit.")) from None


def _record(
    event_type: str, customer: Customer, reference: str, actor: Who, now: dt.datetime
) -> str:
    event = record_event(
        type=event_type,
        actor=actor,
        customer_number=customer.number,
        subject=("mandate", reference),
        now=now,
    )
    return event.actor
