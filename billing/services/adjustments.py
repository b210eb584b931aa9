"""Adjustments: what is issued and costs another price now, to the cent, on the next invoice.

For each kind of line of a conference, and for the month itself, the difference is the present
price minus what was billed so far, so that the invoices of a month add up to its price again. It
stands on the contract's next invoice and follows further corrections until that is issued. Each
version of a charge is corrected once (``charge_corrected_once``).
"""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Q
from django.utils import translation

from billing.models import Charge, Invoice, InvoiceLine, RatedLeg
from billing.selectors.billed import (
    Difference,
    current_lines,
    differences,
    month_invoice,
    pending_lines,
)
from billing.selectors.terms import KnownTerms, terms_of
from integration.services import record_event
from toolkit.money import format_exact, from_decimal

from .invoice_lines import Cause, in_words
from .invoices import follow_charges, lock_period, next_draft, refresh_draft
from .pricing import problem_of


def follow_prices(
    *,
    charges: Collection[Charge],
    known: KnownTerms,
    period: str,
    cause: Cause | None,
    now: dt.datetime,
) -> None:
    """Bring the drafts up to date after charges of a closed month were priced.

    What stands on a draft follows; what is issued is adjusted on the next draft, as is what was
    billed of the month itself. Also for a charge that left the month. The caller holds the lock of
    the month. Repeating it changes nothing; without a ``cause`` that of a line stays.
    """
    issued = set(
        Invoice.objects.filter(
            pk__in={charge.invoice_id for charge in charges}, state=Invoice.State.ISSUED
        ).values_list("pk", flat=True)
    )
    here = [
        charge
        for charge in charges
        if (charge.contract_id, charge.period) == (known.contract.pk, period)
    ]
    follow_charges(
        charges=[charge for charge in here if charge.invoice_id not in issued],
        known=known,
        now=now,
    )
    left = [charge for charge in charges if charge not in here]
    adjust_month(
        known=known,
        period=period,
        charges=[charge for charge in here if charge.invoice_id in issued] + left,
        cause=cause,
        now=now,
    )


def adjust_month(
    *,
    known: KnownTerms,
    period: str,
    charges: Collection[Charge],
    cause: Cause | None,
    now: dt.datetime,
) -> None:
    """Let the next draft bill, or credit, what issued conferences of a month cost more or less.

    See ``follow_prices``. The caller holds the lock of the month.
    """
    contract = known.contract
    found = differences(known=known, period=period, charges=charges, lines=current_lines(charges))
    _mark_taken_back(charges, found, now)
    wanted = [difference for difference in found if difference.amount]
    pending = list(pending_lines(contract, period))
    there = {(line.charge_id, line.kind): line for line in pending}
    kept = {_key(difference) for difference in wanted}
    asked = {None, *(charge.pk for charge in charges)}
    gone = [line for key, line in there.items() if key[0] in asked and key not in kept]
    if not wanted and not gone:
        return
    draft = pending[0].invoice if pending else next_draft(contract, period, now)
    InvoiceLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
    with translation.override(draft.language):
        for difference in wanted:
            line = there.get(_key(difference)) or _new_line(draft, difference, known, period)
            _say(line, difference, cause)
            line.save()
    refresh_draft(invoice=draft, known=known, conferences=(), now=now)


def follow_credit(*, invoice: Invoice, now: dt.datetime) -> None:
    """Bring pending adjustments in line with what is left of an invoice's lines.

    After it was credited or drafted anew. The caller holds the contract's lock.
    """
    contract = invoice.contract
    if contract is None:
        return
    known = terms_of(contract)
    periods = set(invoice.lines.order_by().values_list("period", flat=True).distinct())
    for period in sorted(periods):
        lines = invoice.lines.filter(period=period, conference__isnull=False)
        pending = pending_lines(contract, period).filter(charge__isnull=False)
        charges = Charge.objects.filter(conference__in=lines.values("conference")).filter(
            Q(problem=Charge.Problem.CORRECTION) | Q(pk__in=pending.values("charge"))
        )
        lock_period(contract=contract, period=period)
        adjust_month(known=known, period=period, charges=list(charges), cause=None, now=now)


def cause_of(charge: Charge, before: int) -> Cause | None:
    """Answer why a charge costs another price than in the version ``before``; None if it is that.

    Legs that were added came late; all else was corrected.
    """
    if charge.version == before:
        return None
    said: dict[int, set[object]] = {before: set(), charge.version: set()}
    fields = ("reference", "participant", "access", "number", "answered_at", "ended_at")
    rated = RatedLeg.objects.filter(charge=charge, version__in=said)
    for version, *leg in rated.values_list("version", *fields):
        said[version].add(tuple(leg))
    return Cause.LATE if said[before] < said[charge.version] else Cause.CORRECTION


def _key(difference: Difference) -> tuple[int | None, str]:
    return difference.charge.pk if difference.charge else None, difference.kind


def _new_line(
    draft: Invoice, difference: Difference, known: KnownTerms, period: str
) -> InvoiceLine:
    """Make an adjusting line like the one that it adjusts, taxed as that was."""
    charge, like = difference.charge, difference.like
    if like is not None:
        adjusts: Invoice | None = _as_it_stands(like.invoice)
    else:
        adjusts = charge.invoice if charge else month_invoice(known.contract, period)
    line = InvoiceLine(
        invoice=draft,
        adjusts=adjusts,
        kind=difference.kind,
        period=period,
        vat_category=like.vat_category if like is not None else known.contract.vat_category,
        vat_percent=like.vat_percent if like is not None else None,
    )
    if charge is not None:
        line.charge = charge
        line.from_version = difference.billed.version
        line.conference_id = charge.conference_id
        line.held_at = like.held_at if like is not None else charge.sort_at
        line.title = like.title if like is not None else charge.conference.title
        line.reference = like.reference if like is not None else charge.conference.billing_reference
    return line


def _as_it_stands(invoice: Invoice) -> Invoice:
    """Answer the invoice that replaces one by now, or itself."""
    while True:
        anew = Invoice.objects.filter(replaces=invoice, state=Invoice.State.ISSUED).first()
        if anew is None:
            return invoice
        invoice = anew


def _say(line: InvoiceLine, difference: Difference, cause: Cause | None) -> None:
    cause = cause or Cause(line.basis.get("cause", Cause.CORRECTION))
    line.net = difference.amount
    line.quantity = difference.quantity_to_bill
    if difference.charge is not None:
        line.to_version = difference.charge.version
    line.basis = {
        "cause": str(cause),
        "before": format_exact(from_decimal(difference.billed.net)),
        "after": format_exact(from_decimal(difference.net)),
        "left": format_exact(from_decimal(difference.billed.left)),
    }
    if difference.charge is None:
        line.basis["now"] = dict(difference.basis)
    line.description = in_words(
        kind=line.kind, period=line.period, cause=cause, of_period=line.invoice.period
    )


def _mark_taken_back(
    charges: Iterable[Charge], found: Iterable[Difference], now: dt.datetime
) -> None:
    """Let somebody look at what changed after all that was billed of it was credited."""
    changed = {
        difference.charge.pk
        for difference in found
        if difference.charge is not None
        and difference.is_taken_back
        and difference.net != difference.billed.net
    }
    for charge in charges:
        was = charge.problem
        if charge.pk in changed:
            charge.problem = Charge.Problem.CORRECTION
        elif was == Charge.Problem.CORRECTION:
            charge.problem = problem_of(charge)
        if charge.problem == was:
            continue
        charge.save(update_fields=["problem"])
        if charge.pk in changed:
            record_event(
                type="charge.correction_needed",
                actor="billing",
                customer_number=charge.customer.number if charge.customer else "",
                subject=("conference", charge.conference_id),
                data={"version": charge.version, "period": charge.period},
                now=now,
            )
