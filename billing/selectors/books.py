"""Whether the books agree with themselves: set-based checks of what no constraint can hold."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import Charge, ChargeLine, Invoice, InvoiceLine, RatedLeg
from conferencing.models import Leg

from .series import series_report


def disagreements() -> dict[str, int]:
    """Answer how many rows contradict others, by the name of the check; none if all is well.

    - ``rated_legs_without_leg``: the bulk table has no foreign key constraint.
    - ``charges_unlike_their_lines``: ``net`` is the sum of the current version's lines.
    - ``charges_on_no_invoice``: a charge with lines stands on a draft or an issued invoice.
    - ``lines_missing_on_invoices``: every current line of such a charge stands on its draft.
    - ``charges_unlike_their_invoices``: where it is issued, the lines and the adjustments add up to
      what the charge says now (unless some of it was credited).
    - ``invoices_unlike_their_lines``: ``net`` is the sum of the lines, ``total`` that plus VAT.
    - ``gaps_in_series``: no number is missing between the first and the next of a series.
    - ``dates_going_back``: no number has an earlier date than the one before it.

    Reads whole tables: for the night, and for whoever doubts.
    """
    series = series_report()
    counts = {
        "rated_legs_without_leg": _rated_legs_without_leg().count(),
        "charges_unlike_their_lines": _charges_unlike_their_lines().count(),
        "charges_on_no_invoice": _current_lines().filter(charge__invoice=None).count(),
        "lines_missing_on_invoices": _lines_missing().count(),
        "charges_unlike_their_invoices": _charges_unlike_their_invoices().count(),
        "invoices_unlike_their_lines": _invoices_unlike_their_lines().count(),
        "gaps_in_series": sum(len(one.missing) for one in series),
        "dates_going_back": sum(len(one.back_in_time) for one in series),
    }
    return {name: count for name, count in counts.items() if count}


def _rated_legs_without_leg() -> QuerySet[RatedLeg]:
    return RatedLeg.objects.filter(~Exists(Leg.objects.filter(pk=OuterRef("leg_id"))))


def _current_lines() -> QuerySet[ChargeLine]:
    return ChargeLine.objects.filter(version=F("charge__version"))


def _charges_unlike_their_lines() -> QuerySet[Charge]:
    lines = (
        ChargeLine.objects.filter(charge=OuterRef("pk"), version=OuterRef("version"))
        .order_by()
        .values("charge")
        .annotate(sum=Sum("net"))
        .values("sum")
    )
    return Charge.objects.annotate(
        sum_of_lines=Coalesce(Subquery(lines), 0, output_field=Charge._meta.get_field("net"))
    ).exclude(net=F("sum_of_lines"))


def _lines_missing() -> QuerySet[ChargeLine]:
    return (
        _current_lines()
        .filter(charge__invoice__state=Invoice.State.DRAFT)
        .filter(
            ~Exists(
                InvoiceLine.objects.filter(
                    charge_line=OuterRef("pk"), invoice=OuterRef("charge__invoice")
                )
            )
        )
    )


def _charges_unlike_their_invoices() -> QuerySet[Charge]:
    of_month = InvoiceLine.objects.filter(
        conference=OuterRef("conference"),
        period=OuterRef("period"),
        invoice__contract=OuterRef("contract"),
    )
    billed = (
        of_month.filter(Q(charge_line__isnull=False) | Q(charge__isnull=False), replaces=None)
        .order_by()
        .values("conference")
        .annotate(sum=Sum("net"))
        .values("sum")
    )
    return (
        Charge.objects.filter(invoice__state=Invoice.State.ISSUED)
        .annotate(billed=Coalesce(Subquery(billed), 0, output_field=Charge._meta.get_field("net")))
        .exclude(net=F("billed"))
        .exclude(Exists(of_month.filter(credits__isnull=False)))
    )


def _invoices_unlike_their_lines() -> QuerySet[Invoice]:
    lines = (
        InvoiceLine.objects.filter(invoice=OuterRef("pk"))
        .order_by()
        .values("invoice")
        .annotate(sum=Sum("net"))
        .values("sum")
    )
    return Invoice.objects.annotate(
        sum_of_lines=Coalesce(Subquery(lines), 0, output_field=Invoice._meta.get_field("net"))
    ).exclude(net=F("sum_of_lines"), total=F("net") + F("vat"))
