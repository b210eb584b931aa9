"""What a flag of a draft is about: the month before by kind of line, the charges behind it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from billing.models import Charge, Flag, Invoice, InvoiceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class KindChange:
    """What one kind of line came to in a month and in the one before, without VAT."""

    kind: str
    before: Decimal
    now: Decimal

    @property
    def difference(self) -> Decimal:
        """Answer how much more it is now."""
        return self.now - self.before


def changes_by_kind(invoice: Invoice) -> list[KindChange]:
    """Answer what made the change of a draft that comes from ``with_flags``; the largest first."""
    months = {invoice.period, invoice.before_period}  # type: ignore[attr-defined]
    sums: dict[str, dict[str, Decimal]] = {}
    lines = InvoiceLine.objects.filter(
        invoice__customer=invoice.customer_id,
        invoice__currency=invoice.currency,
        invoice__conference=None,
        invoice__period__in=months,
    )
    found = lines.order_by().values_list("kind", "invoice__period").annotate(sum=Sum("net"))
    for kind, period, net in found:
        sums.setdefault(kind, {})[period] = net
    zero = Decimal(0)
    changes = [
        KindChange(
            kind=kind,
            before=of_kind.get(invoice.before_period, zero),  # type: ignore[attr-defined]
            now=of_kind.get(invoice.period, zero),
        )
        for kind, of_kind in sums.items()
    ]
    return sorted(changes, key=lambda one: (-abs(one.difference), one.kind))


def charges_behind(invoice: Invoice, flag: Flag) -> QuerySet[Charge]:
    """Return the charges that a flag of a draft is about, in the order in which they were held."""
    charges = Charge.objects.select_related("conference", "customer").order_by("sort_at", "pk")
    mine = Q(invoice=invoice)
    if flag == Flag.UNPRICED:
        waiting = Q(
            customer=invoice.customer_id,
            period=invoice.period,
            problem=Charge.Problem.NO_CONTRACT,
        )
        of_month = mine | waiting if invoice.conference_id is None else mine
        return charges.filter(of_month, unpriced_legs__gt=0)
    if flag == Flag.ESTIMATED:
        return charges.filter(mine, estimated_legs__gt=0)
    if flag == Flag.REFERENCE:
        return charges.filter(mine, conference__billing_reference="")
    if flag == Flag.CORRECTION:
        lines = invoice.lines.exclude(basis__cause="late")
        return charges.filter(adjusting_lines__in=lines).distinct()
    return charges.none()
