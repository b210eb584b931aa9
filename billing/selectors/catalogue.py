"""The catalogue: what is on sale, what a customer subscribed to, what is due on a month's draft."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from billing.models import Invoice, InvoiceLine, OneOffCharge, Product, Subscription
from customers.models import Customer
from sales.models import Contract
from toolkit.money import from_decimal, round_to_minor, share_of, to_decimal
from toolkit.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMonth:
    """A month of a subscription that is to be billed: its days in force, and what they cost."""

    subscription: Subscription
    period: Period
    active_days: int
    net: Decimal


def products_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Product]:
    """Return the products that ``user`` may see: all of them, or none."""
    if user.has_perm("billing.view_product"):  # type: ignore[union-attr]
        return Product.objects.all()
    return Product.objects.none()


def subscriptions_of(customer: Customer) -> QuerySet[Subscription]:
    """Return what a customer subscribed to, the latest first, with ``billed_until``.

    That is the latest month that stands on an issued invoice, None before the first.
    """
    issued = InvoiceLine.objects.filter(
        subscription=OuterRef("pk"), invoice__state=Invoice.State.ISSUED
    )
    return (
        Subscription.objects.filter(contract__customer=customer)
        .select_related("product", "contract")
        .annotate(billed_until=Subquery(issued.order_by("-period").values("period")[:1]))
        .order_by("-valid_from", "-pk")
    )


def one_off_charges_of(customer: Customer) -> QuerySet[OneOffCharge]:
    """Return a customer's single charges, the latest first, with ``on_invoice``.

    That is the id of the invoice or draft that bills it; ``is_billed`` says whether it is issued.
    """
    lines = InvoiceLine.objects.filter(one_off=OuterRef("pk"), credits=None, replaces=None)
    issued = lines.filter(invoice__state=Invoice.State.ISSUED)
    return (
        OneOffCharge.objects.filter(contract__customer=customer)
        .select_related("product", "contract")
        .annotate(
            on_invoice=Subquery(lines.values("invoice")[:1]),
            on_number=Subquery(lines.values("invoice__number")[:1]),
            is_billed=Exists(issued),
        )
    )


def amount_of(charge: OneOffCharge) -> Decimal:
    """Answer what a single charge comes to, without VAT, rounded half-up to the minor unit."""
    currency = charge.contract.currency
    exact = from_decimal(charge.unit_price) * charge.quantity
    return to_decimal(round_to_minor(exact, currency), currency)


def subscription_net(subscription: Subscription, period: Period) -> tuple[int, Decimal]:
    """Answer the days in force of a month, and what they cost without VAT.

    Price times quantity times days in force by days of the month, rounded half-up once; in force
    are the days of the subscription within those of its contract.
    """
    contract = subscription.contract
    start = max(subscription.valid_from, contract.start)
    ends = [day for day in (subscription.valid_to, contract.end) if day is not None]
    days = period.active_days(start, min(ends) if ends else None)
    micros = from_decimal(subscription.unit_price) * subscription.quantity
    net = share_of(micros, days, period.days, contract.currency)
    return days, to_decimal(net, contract.currency)


def due_subscriptions(contract: Contract, period: str) -> list[DueMonth]:
    """Answer the months of subscriptions that stand on a month's draft.

    Its own, and those of the months right before that are issued already: what was agreed late
    for them. Not what stands on another invoice.
    """
    months = _months_of_draft(contract, period)
    first, after = months[-1].first_day, months[0].next.first_day
    subscriptions = list(
        Subscription.objects.filter(
            Q(valid_to=None) | Q(valid_to__gt=first), contract=contract, valid_from__lt=after
        )
        .select_related("product")
        .order_by("pk")
    )
    if not subscriptions:
        return []
    elsewhere = _billed_elsewhere(contract, period, subscriptions)
    due = []
    for subscription in subscriptions:
        subscription.contract = contract
        for month in reversed(months):
            days, net = subscription_net(subscription, month)
            if days and (subscription.pk, str(month)) not in elsewhere:
                due.append(
                    DueMonth(subscription=subscription, period=month, active_days=days, net=net)
                )
    return due


def due_one_off_charges(contract: Contract, period: str) -> list[OneOffCharge]:
    """Answer the single charges that stand on a month's draft: see ``due_subscriptions``."""
    months = [str(month) for month in _months_of_draft(contract, period)]
    elsewhere = InvoiceLine.objects.filter(
        one_off=OuterRef("pk"), credits=None, replaces=None
    ).exclude(**_on_draft(contract, period))
    charges = OneOffCharge.objects.filter(
        ~Exists(elsewhere), contract=contract, period__in=months, withdrawn_at=None
    )
    found = list(charges.select_related("product").order_by("pk"))
    for charge in found:
        charge.contract = contract
    return found


def is_catalogue_used(contract: Contract) -> bool:
    """Tell whether anything besides conferences was ever agreed or entered for a contract."""
    subscriptions = Subscription.objects.filter(contract=OuterRef("pk"))
    charges = OneOffCharge.objects.filter(contract=OuterRef("pk"))
    used = Contract.objects.filter(Exists(subscriptions) | Exists(charges), pk=contract.pk)
    return used.exists()


def is_anything_due(contract: Contract, period: str) -> bool:
    """Tell whether something of the catalogue is to stand on a month's draft."""
    return is_catalogue_used(contract) and bool(
        due_subscriptions(contract, period) or due_one_off_charges(contract, period)
    )


def is_month_billed(contract: Contract, period: str) -> bool:
    """Tell whether the invoice of a contract's month is issued."""
    return _issued_months(contract).filter(period=period).exists()


def _months_of_draft(contract: Contract, period: str) -> list[Period]:
    """Answer the month of a draft, then those right before that are issued; the latest first."""
    months = [Period.parse(period)]
    issued = set(_issued_months(contract).values_list("period", flat=True))
    while str(months[-1].previous) in issued:
        months.append(months[-1].previous)
    return months


def _issued_months(contract: Contract) -> QuerySet[Invoice]:
    return Invoice.objects.filter(
        contract=contract,
        conference=None,
        kind=Invoice.Kind.INVOICE,
        state=Invoice.State.ISSUED,
        replaces=None,
    )


def _on_draft(contract: Contract, period: str) -> dict[str, object]:
    return {
        "invoice__contract": contract,
        "invoice__period": period,
        "invoice__conference": None,
        "invoice__replaces": None,
        "invoice__kind": Invoice.Kind.INVOICE,
    }


def _billed_elsewhere(
    contract: Contract, period: str, subscriptions: Iterable[Subscription]
) -> set[tuple[int | None, str]]:
    lines = InvoiceLine.objects.filter(
        subscription__in=list(subscriptions), credits=None, replaces=None
    ).exclude(**_on_draft(contract, period))
    return set(lines.order_by().values_list("subscription", "period"))
