"""The calls that an invoice bills, in the versions that its lines were made of."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import Invoice, InvoiceLine, RatedLeg


def calls_of(invoice: Invoice) -> QuerySet[RatedLeg]:
    """Return the priced legs behind the lines, in order of time, with their charge.

    The version is that of the lines, so that nothing priced later can slip in. Of a conference
    that was billed before, those are among them that came late.
    """
    lines = InvoiceLine.objects.filter(invoice=invoice)
    own = lines.filter(
        charge_line__charge=OuterRef("charge"), charge_line__version=OuterRef("version")
    )
    billed_before = RatedLeg.objects.filter(
        charge=OuterRef("charge"),
        version=OuterRef("from_version"),
        reference=OuterRef(OuterRef("reference")),
    )
    late = lines.filter(
        ~Exists(billed_before), charge=OuterRef("charge"), to_version=OuterRef("version")
    )
    return (
        RatedLeg.objects.filter(
            Q(charge__in=lines.values("charge_line__charge"))
            | Q(charge__in=lines.values("charge"), late_at__isnull=False),
            Q(Exists(own)) | Q(Exists(late), late_at__isnull=False),
            problem="",
        )
        .select_related("charge")
        .order_by("charge__sort_at", "charge__conference_id", "answered_at", "reference")
    )


def count_calls(invoice: Invoice) -> int:
    """Count the calls that the invoice bills."""
    return calls_of(invoice).order_by().count()
