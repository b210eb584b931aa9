"""Which drafts want eyes, and why.

Flags are asked of the drafts whenever somebody looks, and stored nowhere: a draft follows its
charges, and a stored flag would be of yesterday's draft. What people said of a flag is stored
(``FlagAcceptance``), and holds for the draft that they saw.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs, Coalesce

from billing.models import BillingSettings, Charge, Flag, FlagAcceptance, Invoice, InvoiceLine
from customers.models import Customer
from customers.services.checks import clean_tax_id

from .invoices import invoices_visible_to

# These keep even what was agreed to be issued unseen: something is wrong with it, or odd. The
# others are expected of a new contract, were priced all the same, or were asked for at booking.
HOLD_UNSEEN = frozenset({Flag.CHANGE, Flag.ZERO, Flag.UNPRICED, Flag.TAX_ID, Flag.CORRECTION})

_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=18, decimal_places=3)
_YES, _NO = Value(value=True), Value(value=False)
_COUNTED = {
    Flag.UNPRICED: "unpriced_legs",
    Flag.ESTIMATED: "estimated_legs",
    Flag.REFERENCE: "without_reference",
    Flag.CORRECTION: "corrections",
}
_WANTS_REFERENCE = (Customer.ReferencePolicy.REQUIRED, Customer.ReferencePolicy.LIST)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFlag:
    """A flag of a draft: how many legs or conferences it is about (0: the draft itself)."""

    flag: Flag
    count: int
    accepted: FlagAcceptance | None

    @property
    def is_open(self) -> bool:
        """Tell whether somebody still has to look."""
        return self.accepted is None


def billing_settings() -> BillingSettings:
    """Answer the settings; those of a new house where nobody saved any."""
    return BillingSettings.objects.first() or BillingSettings()


def drafts_to_review(
    user: AbstractBaseUser | AnonymousUser, *, now: dt.datetime
) -> QuerySet[Invoice]:
    """Return the drafts that could be issued at ``now``, as far as ``user`` may read invoices.

    Those of months that have ended in the contract's zone, those of single conferences, those that
    repeat a credited invoice; without the empty ones.
    """
    local = Func(F("contract__timezone"), Value(now), function="timezone")
    month = Func(local, Value("YYYY-MM"), function="to_char", output_field=CharField())
    return (
        invoices_visible_to(user)
        .filter(
            Exists(InvoiceLine.objects.filter(invoice=OuterRef("pk"))),
            state=Invoice.State.DRAFT,
            kind=Invoice.Kind.INVOICE,
        )
        .annotate(local_month=month)
        .filter(Q(conference__isnull=False) | Q(period__lt=F("local_month")))
    )


def with_flags(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Add what the flags of drafts follow from, each flag, and whether any is open.

    ``flag_<flag>`` says whether the draft has it, ``open_<flag>`` whether nobody accepted it;
    ``is_flagged`` whether any is open, ``is_held`` whether one is that holds up even what is
    issued unseen. ``month_net`` and ``before_net`` (of ``before_period``) are the sums without VAT
    of the customer's month and of the latest before it, in the currency of the draft, invoices of
    single conferences apart; ``unpriced_legs``, ``estimated_legs``, ``without_reference`` are
    numbers of legs, and of conferences; ``corrections`` of lines that correct issued ones.
    """
    rows = _with_open_flags(
        invoices,
        percent=billing_settings().change_percent,
        has_bad_tax_id=Q(customer__in=_customers_with_bad_tax_id(invoices)),
    )
    return rows.annotate(is_flagged=_any_open(Flag), is_held=_any_open(HOLD_UNSEEN))


def _with_open_flags(
    invoices: QuerySet[Invoice], *, percent: int, has_bad_tax_id: Q
) -> QuerySet[Invoice]:
    rows = invoices.annotate(
        month_net=_month_net(),
        before_net=_of_month_before("sum"),
        before_period=_of_month_before("period"),
        unpriced_legs=_unpriced_legs(),
        estimated_legs=_of_charges("estimated_legs", invoice=OuterRef("pk")),
        without_reference=_without_reference(),
        corrections=_corrections(),
    )
    conditions = _conditions(percent, has_bad_tax_id)
    rows = rows.annotate(**{f"flag_{flag}": _bool(of) for flag, of in conditions.items()})
    is_open = {flag: Q(**{f"flag_{flag}": True}) & ~Exists(_acceptance_of(flag)) for flag in Flag}
    return rows.annotate(**{f"open_{flag}": _bool(of) for flag, of in is_open.items()})


def flagged_ones(drafts: QuerySet[Invoice], flag: str = "") -> QuerySet[Invoice]:
    """Return those of ``with_flags`` with an open flag: any, or the one named."""
    return drafts.filter(**{f"open_{flag}" if flag else "is_flagged": True})


def clean_ones(drafts: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Return those of ``with_flags`` that need no eyes."""
    return drafts.filter(Q(**dict.fromkeys(["is_flagged"], False)))


def flags_of(invoice: Invoice) -> list[FoundFlag]:
    """Answer the flags of one draft that comes from ``with_flags``, in the order of ``Flag``.

    Who accepted what is read from ``acceptances``: prefetch them where there are many drafts.
    """
    found = [flag for flag in Flag if getattr(invoice, f"flag_{flag}")]
    accepted = {one.flag: one for one in invoice.acceptances.all()}
    return [
        FoundFlag(
            flag=flag,
            count=getattr(invoice, _COUNTED[flag]) if flag in _COUNTED else 0,
            accepted=None if getattr(invoice, f"open_{flag}") else accepted.get(flag),
        )
        for flag in found
    ]


def open_flags(invoice: Invoice) -> list[Flag]:
    """Answer the flags of a draft that nobody accepted, as the database has it now."""
    customer = invoice.customer
    drafts = _open_flags_of_all(
        billing_settings().change_percent, is_tax_id_valid(customer.tax_id, customer.country)
    )
    is_open = drafts.filter(pk=invoice.pk).get()
    return [flag for flag, one in zip(Flag, is_open, strict=True) if one]


@lru_cache(maxsize=8)
def _open_flags_of_all(percent: int, is_tax_id_valid: bool) -> QuerySet[Any, Any]:  # noqa: FBT001
    """Answer a question for many: to word it takes longer than to answer it for one draft."""
    nobody, everybody = Q(pk__in=[]), Q(pk__isnull=False)
    rows = _with_open_flags(
        Invoice.objects.order_by(),
        percent=percent,
        has_bad_tax_id=nobody if is_tax_id_valid else everybody,
    )
    return rows.values_list(*(f"open_{flag}" for flag in Flag))


@lru_cache(maxsize=50_000)
def is_tax_id_valid(tax_id: str, country: str) -> bool:
    """Tell whether a tax id is there and can be one of the country, by its check digits."""
    try:
        return bool(clean_tax_id(tax_id=tax_id, country=country))
    except ValidationError:
        return False


def _customers_with_bad_tax_id(invoices: QuerySet[Invoice]) -> list[int]:
    customers = Customer.objects.filter(pk__in=invoices.order_by().values("customer"))
    return [
        pk
        for pk, tax_id, country in customers.order_by().values_list("pk", "tax_id", "country")
        if not is_tax_id_valid(tax_id, country)
    ]


def _conditions(percent: int, has_bad_tax_id: Q) -> dict[Flag, Q]:
    issued = Invoice.objects.filter(
        customer=OuterRef("customer"), state=Invoice.State.ISSUED, kind=Invoice.Kind.INVOICE
    )
    change = Abs(F("month_net") - F("before_net")) * Value(100)
    return {
        Flag.FIRST: ~Q(Exists(issued)),
        Flag.CHANGE: Q(conference=None, before_net__isnull=False)
        & Q(_GreaterThan(change, Abs(F("before_net")) * Value(percent))),
        Flag.ZERO: Q(total__lte=0),
        Flag.UNPRICED: Q(unpriced_legs__gt=0),
        Flag.ESTIMATED: Q(estimated_legs__gt=0),
        Flag.REFERENCE: Q(without_reference__gt=0),
        Flag.TAX_ID: has_bad_tax_id,
        Flag.CORRECTION: Q(corrections__gt=0),
    }


class _GreaterThan(Func):
    """One expression above another, as a condition."""

    template = "(%(expressions)s)"
    arg_joiner = " > "
    output_field = BooleanField()


def _bool(condition: Combinable | Q) -> Case:
    return Case(When(condition, then=_YES), default=_NO, output_field=BooleanField())


def _any_open(flags: Collection[Flag] | type[Flag]) -> Case:
    wanted = Q()
    for flag in flags:
        wanted |= Q(**{f"open_{flag}": True})
    return _bool(wanted)


def _acceptance_of(flag: Flag) -> QuerySet[FlagAcceptance]:
    count = OuterRef(_COUNTED[flag]) if flag in _COUNTED else 0
    return FlagAcceptance.objects.filter(
        invoice=OuterRef("pk"), flag=flag, seen_net=OuterRef("net"), seen_count=count
    )


def _monthly() -> QuerySet[Invoice]:
    """Return the customer's invoices in the draft's currency, those of conferences apart."""
    return Invoice.objects.filter(
        customer=OuterRef("customer"), currency=OuterRef("currency"), conference=None
    ).order_by()


def _month_net() -> Combinable:
    sums = _monthly().filter(period=OuterRef("period")).values("period").annotate(sum=Sum("net"))
    return Subquery(sums.values("sum"), output_field=_MONEY)


def _of_month_before(what: str) -> Combinable:
    months = _monthly().filter(period__lt=OuterRef("period")).values("period")
    sums = months.annotate(sum=Sum("net")).order_by("-period")
    return Subquery(sums.values(what)[:1])


def _of_charges(column: str, **of: object) -> Combinable:
    sums = Charge.objects.filter(**of).order_by().annotate(one=Value(1)).values("one")
    sum_ = sums.annotate(sum=Sum(column)).values("sum")
    return Coalesce(Subquery(sum_, output_field=IntegerField()), 0)


def _unpriced_legs() -> Combinable:
    """Count legs without a price: of the draft, and of its month where they have no contract."""
    waiting = _of_charges(
        "unpriced_legs",
        customer=OuterRef("customer"),
        period=OuterRef("period"),
        problem=Charge.Problem.NO_CONTRACT,
    )
    on_draft = _of_charges("unpriced_legs", invoice=OuterRef("pk"))
    return Case(
        When(conference__isnull=True, then=on_draft + waiting),
        default=on_draft,
        output_field=IntegerField(),
    )


def _without_reference() -> Combinable:
    lines = InvoiceLine.objects.filter(
        invoice=OuterRef("pk"),
        invoice__customer__reference_policy__in=_WANTS_REFERENCE,
        conference__isnull=False,
        conference__billing_reference="",
    )
    counts = lines.order_by().values("invoice").annotate(n=Count("conference", distinct=True))
    return Coalesce(Subquery(counts.values("n"), output_field=IntegerField()), 0)


def _corrections() -> Combinable:
    """Count lines that correct what is issued; calls that only came late are none."""
    lines = InvoiceLine.objects.filter(invoice=OuterRef("pk"), adjusts__isnull=False)
    counts = lines.exclude(basis__cause="late").order_by().values("invoice")
    numbers = counts.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)


def flag_counts(drafts: QuerySet[Invoice]) -> dict[str, int]:
    """Count drafts from ``with_flags`` by open flag; ``flagged`` have any, ``clean`` none."""
    counts: dict[str, int] = drafts.order_by().aggregate(**_counted())
    return counts


def flag_counts_by_period(drafts: QuerySet[Invoice]) -> dict[str, dict[str, int]]:
    """Answer ``flag_counts`` of each month, the latest first."""
    rows = drafts.order_by().values("period").annotate(**_counted())
    found: dict[str, dict[str, int]] = {}
    for row in rows.order_by("-period"):
        counts: dict[str, Any] = dict(row)
        found[counts.pop("period")] = counts
    return found


def _counted() -> dict[str, Count]:
    return {
        "flagged": Count("pk", filter=Q(is_flagged=True)),
        "clean": Count("pk", filter=Q(is_flagged=False)),
        **{flag.value: Count("pk", filter=Q(**{f"open_{flag}": True})) for flag in Flag},
    }


def review_periods(drafts: QuerySet[Invoice]) -> list[tuple[str, int]]:
    """Answer the months of drafts with their number, the latest first."""
    counts = drafts.order_by().values_list("period").annotate(n=Count("pk"))
    return sorted(counts, reverse=True)
