"""The calls that an invoice bills, in the versions that its lines were made of."""

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import Invoice, InvoiceLine, RatedLeg


def calls_of(invoice: Invoice) -> QuerySet[RatedLeg]:
    """Return the priced legs behind the lines, in order of time, with their charge.

    The version is that of the lines, so that nothing priced later can slip in.
    """
    lines = InvoiceLine.objects.filter(
        invoice=invoice,
        charge_line__charge=OuterRef("charge"),
        charge_line__version=OuterRef("version"),
    )
    return (
        RatedLeg.objects.filter(Exists(lines), charge__invoice=invoice, problem="")
        .select_related("charge")
        .order_by("charge__sort_at", "charge__conference_id", "answered_at", "reference")
    )


def count_calls(invoice: Invoice) -> int:
    """Count the calls that the invoice bills."""
    return calls_of(invoice).order_by().count()
