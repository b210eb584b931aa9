"""The lines of a draft: those of its charges, and those of the period itself."""

import uuid
from collections.abc import Collection, Iterator
from decimal import Decimal
from enum import StrEnum

from django.db.models import F, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.models import ChargeLine, Invoice, InvoiceLine, LineKind
from billing.selectors.billed import OF_CONFERENCE, OF_PERIOD
from billing.selectors.terms import KnownTerms, period_lines_of
from toolkit.money import to_decimal
from toolkit.periods import Period

_ROWS_AT_ONCE = 2_000


class Cause(StrEnum):
    """Why what was billed costs another price now."""

    LATE = "late"
    CORRECTION = "correction"
    RE_RATING = "re_rating"


def refresh_conference_lines(
    invoice: Invoice, conferences: Collection[uuid.UUID] | None = None
) -> None:
    """Take away lines of older pricings or of charges that went elsewhere, and add missing ones.

    Words are in the language that is active. Only of ``conferences``, or of all.
    """
    there = _of_charges(invoice)
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
        [conference_line(invoice, line) for line in missing], batch_size=_ROWS_AT_ONCE
    )


def refresh_period_lines(invoice: Invoice, known: KnownTerms) -> None:
    """Make the lines of the month itself what the conferences of that month call for.

    The commitment is held against the lines of the month's own conferences, also those that came
    too late for its invoice; late ones of other months count for their own.
    """
    there = InvoiceLine.objects.filter(invoice=invoice, kind__in=OF_PERIOD, adjusts=None)
    lines = list(new_period_lines(invoice, known))
    fields = ("kind", "quantity", "net", "description", "basis")
    if list(there.order_by("kind").values_list(*fields)) == [
        tuple(getattr(line, name) for name in fields) for line in lines
    ]:
        return
    there.delete()
    InvoiceLine.objects.bulk_create(lines)


def reword_lines(invoice: Invoice) -> None:
    """Let a draft speak the language that is active.

    Lines of its charges go, to be made anew; those that nobody makes again get other words.
    """
    _of_charges(invoice).delete()
    others = InvoiceLine.objects.filter(invoice=invoice, kind__in=(*OF_PERIOD, *OF_CONFERENCE))
    for line in others:
        cause = str(line.basis.get("cause", ""))
        line.description = in_words(
            kind=line.kind, period=line.period, cause=cause, of_period=invoice.period
        )
        line.save(update_fields=["description"])


def in_words(*, kind: str, period: str, cause: str, of_period: str) -> str:
    """Say what a line is for; one of another month, or of what was billed before, says so."""
    words = str(LineKind(kind).label)
    if period == of_period and not cause:
        return words
    named = {
        "what": words,
        "month": date_format(Period.parse(period).first_day, "YEAR_MONTH_FORMAT"),
    }
    if cause == Cause.CORRECTION:
        return _("%(what)s (%(month)s, corrected)") % named
    if cause == Cause.RE_RATING:
        return _("%(what)s (%(month)s, rate corrected)") % named
    return _("%(what)s (%(month)s, late)") % named


def _of_charges(invoice: Invoice) -> QuerySet[InvoiceLine]:
    return InvoiceLine.objects.filter(invoice=invoice, charge_line__isnull=False, replaces=None)


def conference_line(invoice: Invoice, line: ChargeLine) -> InvoiceLine:
    """Make the line of a charge line, in the language that is active."""
    conference = line.charge.conference
    return InvoiceLine(
        invoice=invoice,
        charge_line=line,
        conference=conference,
        held_at=line.charge.sort_at,
        title=conference.title,
        reference=conference.billing_reference,
        kind=line.kind,
        description=in_words(
            kind=line.kind, period=line.charge.period, cause="", of_period=invoice.period
        ),
        period=line.charge.period,
        quantity=line.quantity,
        net=line.net,
        vat_category=_vat_category(invoice),
    )


def new_period_lines(
    invoice: Invoice, known: KnownTerms, *, net_of_conferences: Decimal | None = None
) -> Iterator[InvoiceLine]:
    """Make the lines of the month itself, in the language that is active.

    ``net_of_conferences`` as for ``period_lines_of``.
    """
    for line, basis in period_lines_of(
        known, invoice.period, net_of_conferences=net_of_conferences
    ):
        yield InvoiceLine(
            invoice=invoice,
            kind=line.kind,
            description=str(LineKind(line.kind).label),
            period=invoice.period,
            quantity=line.quantity,
            net=to_decimal(line.net, known.terms.currency),
            basis=basis,
            vat_category=_vat_category(invoice),
        )


def _vat_category(invoice: Invoice) -> str:
    return invoice.contract.vat_category if invoice.contract else ""
