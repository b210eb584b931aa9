"""The lines of a draft: those of its charges, and those of the period itself."""

import uuid
from collections.abc import Collection, Iterator

from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.models import ChargeLine, Invoice, InvoiceLine, LineKind
from billing.selectors.terms import KnownTerms, period_lines_of
from toolkit.money import to_decimal

_ROWS_AT_ONCE = 2_000


def refresh_conference_lines(
    invoice: Invoice, conferences: Collection[uuid.UUID] | None = None
) -> None:
    """Take away lines of older pricings or of charges that went elsewhere, and add missing ones.

    Words are in the language that is active. Only of ``conferences``, or of all.
    """
    there = InvoiceLine.objects.filter(invoice=invoice, charge_line__isnull=False)
    wanted = ChargeLine.objects.filter(charge__invoice=invoice, version=F("charge__version"))
    if conferences is not None:
        there = there.filter(conference__in=conferences)
        wanted = wanted.filter(charge__conference__in=conferences)
    there.filter(
        ~Q(charge_line__charge__invoice=invoice)
        | ~Q(charge_line__version=F("charge_line__charge__version"))
    ).delete()
    missing = wanted.filter(invoice_lines=None).select_related("charge__conference")
    InvoiceLine.objects.bulk_create(
        [_conference_line(invoice, line) for line in missing], batch_size=_ROWS_AT_ONCE
    )


def refresh_period_lines(invoice: Invoice, known: KnownTerms) -> None:
    """Make the lines of the month itself what the conferences of that month call for.

    The commitment is held against the lines of the month's own conferences, also those that came
    too late for its invoice; late ones of other months count for their own.
    """
    there = InvoiceLine.objects.filter(invoice=invoice, conference=None)
    lines = list(_period_lines(invoice, known))
    fields = ("kind", "quantity", "net", "description", "basis")
    if list(there.order_by("kind").values_list(*fields)) == [
        tuple(getattr(line, name) for name in fields) for line in lines
    ]:
        return
    there.delete()
    InvoiceLine.objects.bulk_create(lines)


def _conference_line(invoice: Invoice, line: ChargeLine) -> InvoiceLine:
    conference = line.charge.conference
    return InvoiceLine(
        invoice=invoice,
        charge_line=line,
        conference=conference,
        held_at=line.charge.sort_at,
        title=conference.title,
        reference=conference.billing_reference,
        kind=line.kind,
        description=_description(line.kind, line.charge.period, invoice),
        period=line.charge.period,
        quantity=line.quantity,
        net=line.net,
        vat_category=_vat_category(invoice),
    )


def _period_lines(invoice: Invoice, known: KnownTerms) -> Iterator[InvoiceLine]:
    for line, basis in period_lines_of(known, invoice.period):
        yield InvoiceLine(
            invoice=invoice,
            kind=line.kind,
            description=_description(line.kind, invoice.period, invoice),
            period=invoice.period,
            quantity=line.quantity,
            net=to_decimal(line.net, known.terms.currency),
            basis=basis,
            vat_category=_vat_category(invoice),
        )


def _vat_category(invoice: Invoice) -> str:
    return invoice.contract.vat_category if invoice.contract else ""


def _description(kind: str, period: str, invoice: Invoice) -> str:
    """Say what a line is for; a late call says its own month."""
    words = str(LineKind(kind).label)
    if period == invoice.period:
        return words
    return _("%(what)s (late, of %(period)s)") % {"what": words, "period": period}
