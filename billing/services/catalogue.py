"""The catalogue: products, subscriptions to them, and single charges on a customer's invoice."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Invoice, InvoiceLine, OneOffCharge, Product, Subscription
from billing.selectors.catalogue import is_month_billed
from customers.services import Who
from integration.services import record_event
from sales.models import Contract
from toolkit.errors import DomainError
from toolkit.money import UnknownCurrencyError, minor_unit_digits
from toolkit.periods import Period

from .invoices import lock_contract, lock_period, period_draft, refresh_draft


class ProductChangedMeanwhileError(DomainError):
    """Somebody else saved the product since it was read."""

    code = "product-changed"
    title = gettext_lazy("The product was changed meanwhile")


class CodeTakenError(DomainError):
    """Another product has the code."""

    code = "product-code-taken"
    title = gettext_lazy("The code is taken")


class NotInForceError(DomainError):
    """The contract is not in force then."""

    code = "contract-not-in-force"
    title = gettext_lazy("The contract is not in force")


class BilledAlreadyError(DomainError):
    """It stands on an issued invoice, which never changes."""

    code = "billed-already"
    title = gettext_lazy("It is billed already")


@transaction.atomic
def save_product(
    *,
    actor: Who,
    now: dt.datetime,
    product: Product | None = None,
    expected_version: int | None = None,
    **fields: Any,
) -> Product:
    """Put a product into the catalogue, or change it; what was agreed with it stays as it was.

    Raises:
        ValidationError: a field can't be so.
        CodeTakenError: another product has the code.
        ProductChangedMeanwhileError: the version is not ``expected_version``.
    """
    if product is None:
        row = Product()
    else:
        row = Product.objects.select_for_update().get(pk=product.pk)
        if row.version != expected_version:
            raise ProductChangedMeanwhileError(_("Somebody else saved this product meanwhile."))
        row.version += 1
    for name, value in fields.items():
        setattr(row, name, value)
    row.code = row.code.strip().upper()
    _check_currency(row.currency)
    row.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "product_code_plain" in str(error):
            message = _("Write capital letters, digits and hyphens.")
            raise ValidationError({"code": message}) from error
        raise CodeTakenError(_("Another product has the code %s.") % row.code) from error
    record_event(
        type="product.saved",
        actor=actor,
        subject=("product", row.code),
        data={"version": row.version, "on_sale": row.is_active},
        now=now,
    )
    return row


@transaction.atomic
def subscribe(
    *,
    contract: Contract,
    product: Product,
    quantity: int,
    unit_price: Decimal,
    valid_from: dt.date,
    actor: Who,
    now: dt.datetime,
    valid_to: dt.date | None = None,
) -> Subscription:
    """Agree a product for every month from a day on; drafts that are there show it at once.

    Months before, of which the invoice is issued, go on the next one. The price is one of the
    contract's currency and stays, whatever the product costs later.

    Args:
        contract: under which; its currency and its days count.
        product: what.
        quantity: how many, at least one.
        unit_price: of one, for a whole month, without VAT.
        valid_from: first day, on the contract's clocks.
        actor: who agreed it.
        now: the present moment (aware).
        valid_to: first day without it; by default open.

    Raises:
        NotInForceError: the contract is a draft, or ends before that day.
        ValidationError: quantity, price or days can't be so.
    """
    locked = lock_contract(contract.pk)
    _refuse_not_in_force(locked, valid_from)
    subscription = Subscription(
        contract=locked,
        product=product,
        quantity=quantity,
        unit_price=unit_price,
        valid_from=max(valid_from, locked.start),
        valid_to=valid_to,
        created_at=now,
    )
    subscription.full_clean(exclude=["created_by"])
    event = _record("subscription.agreed", locked, product.code, actor, now)
    subscription.created_by = event
    subscription.save()
    _refresh_drafts(locked, now)
    return subscription


@transaction.atomic
def end_subscription(
    *, subscription: Subscription, valid_to: dt.date, actor: Who, now: dt.datetime
) -> Subscription:
    """Let a subscription end before ``valid_to`` (exclusive); drafts follow.

    Raises:
        BilledAlreadyError: a day from then on stands on an issued invoice, which is credited.
        ValidationError: that is before its first day, or after the end that it has.
    """
    contract = lock_contract(subscription.contract_id)
    locked = (
        Subscription.objects.select_for_update().select_related("product").get(pk=subscription.pk)
    )
    _refuse_billed_days(locked, contract, valid_to)
    if valid_to < locked.valid_from:
        message = _("It begins on %(day)s.") % {"day": locked.valid_from.isoformat()}
        raise ValidationError({"valid_to": message})
    if locked.valid_to is not None and valid_to > locked.valid_to:
        message = _("It ends on %(day)s: agree another one from then on.")
        raise ValidationError({"valid_to": message % {"day": locked.valid_to.isoformat()}})
    locked.valid_to = valid_to
    locked.save(update_fields=["valid_to"])
    _record("subscription.ended", contract, locked.product.code, actor, now)
    _refresh_drafts(contract, now)
    return locked


@transaction.atomic
def add_one_off_charge(
    *,
    contract: Contract,
    period: str,
    unit_price: Decimal,
    reason: str,
    actor: Who,
    now: dt.datetime,
    product: Product | None = None,
    description: str = "",
    quantity: int = 1,
) -> OneOffCharge:
    """Put a single line on the invoice of a contract's month, or on the next where it is issued.

    Args:
        contract: whose; its currency counts.
        period: ``YYYY-MM``, the month that it is for.
        unit_price: of one, without VAT, not negative.
        reason: why, for the house.
        actor: who enters it.
        now: the present moment (aware).
        product: what, which says unit and VAT; without it the contract's VAT holds.
        description: what the invoice says; by default the product's name.
        quantity: how many; negative for a deduction.

    Raises:
        InvalidPeriodError: ``period`` is no month.
        NotInForceError: the contract is a draft, or in force on no day of the month.
        ValidationError: something is missing, or can't be so.
    """
    month = Period.parse(period)
    locked = lock_contract(contract.pk)
    if locked.status == Contract.Status.DRAFT or not month.active_days(locked.start, locked.end):
        raise NotInForceError(
            _("Contract %(number)s is not in force in %(period)s.")
            % {"number": locked.number, "period": month}
        )
    language = locked.customer.language
    charge = OneOffCharge(
        contract=locked,
        period=str(month),
        product=product,
        description=description.strip() or (product.name_in(language) if product else ""),
        unit=product.unit if product else Product.Unit.PIECE,
        quantity=quantity,
        unit_price=unit_price,
        vat_category=product.vat_category if product else "",
        reason=reason.strip(),
        created_at=now,
    )
    charge.full_clean(exclude=["created_by", "withdrawn_by", "withdrawn_at"])
    charge.created_by = _record(
        "one_off_charge.entered", locked, product.code if product else "", actor, now
    )
    charge.save()
    _make_draft(locked, month, now)
    return charge


@transaction.atomic
def withdraw_one_off_charge(*, charge: OneOffCharge, actor: Who, now: dt.datetime) -> OneOffCharge:
    """Take a single charge back before it is billed; repeating it changes nothing.

    Raises:
        BilledAlreadyError: it stands on an issued invoice: credit its line instead.
    """
    contract = lock_contract(charge.contract_id)
    locked = OneOffCharge.objects.select_for_update(of=("self",)).get(pk=charge.pk)
    billed = InvoiceLine.objects.filter(one_off=locked, invoice__state=Invoice.State.ISSUED)
    number = billed.values_list("invoice__number", flat=True).first()
    if number is not None:
        raise BilledAlreadyError(
            _("It stands on %(number)s: credit the line there.") % {"number": number}
        )
    if locked.withdrawn_at is None:
        locked.withdrawn_at = now
        locked.withdrawn_by = _record("one_off_charge.withdrawn", contract, "", actor, now)
        locked.save(update_fields=["withdrawn_at", "withdrawn_by"])
        _refresh_drafts(contract, now)
    return locked


def _check_currency(currency: str) -> None:
    try:
        minor_unit_digits(currency)
    except UnknownCurrencyError:
        raise ValidationError({"currency": _("Unknown currency.")}) from None


def _refuse_not_in_force(contract: Contract, day: dt.date) -> None:
    if contract.status == Contract.Status.DRAFT or (contract.end and contract.end <= day):
        raise NotInForceError(
            _("Contract %(number)s is not in force on %(day)s.")
            % {"number": contract.number, "day": day.isoformat()}
        )


def _refuse_billed_days(subscription: Subscription, contract: Contract, valid_to: dt.date) -> None:
    billed = InvoiceLine.objects.filter(
        subscription=subscription,
        credits=None,
        replaces=None,
        invoice__state=Invoice.State.ISSUED,
    )
    last = billed.order_by("-period").values_list("period", flat=True).first()
    if last is None:
        return
    ends = [Period.parse(last).next.first_day, subscription.valid_to, contract.end]
    until = min(day for day in ends if day is not None)
    if valid_to < until:
        raise BilledAlreadyError(
            _("%(period)s is billed already: end it on %(day)s or later.")
            % {"period": last, "day": until.isoformat()}
        )


def _make_draft(contract: Contract, month: Period, now: dt.datetime) -> None:
    """Show a charge of a month on its draft or, where that is issued, on the next."""
    while is_month_billed(contract, str(month)):
        month = month.next
    lock_period(contract=contract, period=str(month))
    draft = period_draft(contract=contract, period=str(month), now=now)
    refresh_draft(invoice=draft, now=now)


def _refresh_drafts(contract: Contract, now: dt.datetime) -> None:
    drafts = Invoice.objects.filter(
        contract=contract,
        conference=None,
        kind=Invoice.Kind.INVOICE,
        replaces=None,
        state=Invoice.State.DRAFT,
    )
    for draft in drafts.select_related("contract__customer").order_by("period"):
        lock_period(contract=contract, period=draft.period)
        refresh_draft(invoice=draft, now=now)


def _record(what: str, contract: Contract, product: str, actor: Who, now: dt.datetime) -> str:
    """Record what was agreed or entered; answer the name of who did it."""
    event = record_event(
        type=what,
        actor=actor,
        customer_number=contract.customer.number,
        subject=("contract", contract.number),
        data={"product": product} if product else {},
        now=now,
    )
    return str(event.actor)
