"""Credit notes: take back an issued invoice, wholly or in part, and draft it anew.

A credit note is issued at once, in a series of its own, with negative amounts. However many are
made at the same time, none credits what another did: the invoice is locked meanwhile.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Invoice, InvoiceLine, InvoiceTax
from billing.selectors.credits import TaxKey, is_wholly_credited
from customers.selectors import issuer as our_company
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.money import from_decimal, to_decimal

from .adjustments import follow_credit
from .credit_plans import (
    CreditPlan,
    CreditRefusedError,
    line_about,
    plan_credit,
    taxes_of_lines,
)
from .exchange import copy_exchange
from .invoice_lines import in_words
from .invoices import InvoiceNotDraftError, lock_contract, refresh_draft
from .issuing import IssuerMissingError, take_number
from .rules import refuse_broken_rules
from .sending import send_if_wanted
from .snapshots import snapshot_of


class CreditChangedMeanwhileError(DomainError):
    """Another credit note was made since the amounts were looked at."""

    code = "credited-meanwhile"
    title = gettext_lazy("Credited meanwhile")


class ReissueRefusedError(DomainError):
    """The invoice can't be drafted anew."""

    code = "reissue-refused"
    title = gettext_lazy("The invoice can't be drafted anew")


def credit_invoice(
    *,
    invoice: Invoice,
    reason: str,
    actor: Who,
    now: dt.datetime,
    lines: Mapping[int, Decimal | None] | None = None,
    amounts: Mapping[TaxKey, Decimal] | None = None,
    anew: bool = False,
    seen: int | None = None,
    issued_on: dt.date | None = None,
) -> Invoice:
    """Issue a credit note of an invoice, and answer it; see ``plan_credit`` for the amounts.

    Args:
        invoice: an issued one.
        reason: for the customer, printed on the credit note.
        actor: who credits it.
        now: the present moment (aware).
        lines: see ``plan_credit``.
        amounts: see ``plan_credit``.
        anew: draft again at once what is credited; see ``reissue``.
        seen: how many credit notes the invoice had when somebody looked at the amounts, so that
            a form that is sent twice credits once.
        issued_on: the date on it; see ``issue_invoice``.

    Raises:
        CreditRefusedError: see ``plan_credit``; or no reason is given.
        CreditChangedMeanwhileError: the invoice has more credit notes than were ``seen``.
        ReissueRefusedError: something would be left, or it is drafted anew already.
        IssuerMissingError: the settings of the issuer are not filled in.
        IssueDateRefusedError: ``issued_on`` is before the last of the series, or in the future.
        ExchangeRateMissingError: see ``copy_exchange``.
    """
    if not reason.strip():
        raise CreditRefusedError(_("Say why it is credited: the customer reads it."))
    with transaction.atomic():
        locked = _lock(invoice)
        if seen is not None and seen != locked.credit_notes.count():
            raise CreditChangedMeanwhileError(
                _("Another credit note was made meanwhile: look at what is left.")
            )
        plan = plan_credit(invoice=locked, lines=lines, amounts=amounts)
        note = issue_credit_note(
            invoice=locked, plan=plan, reason=reason, actor=actor, now=now, issued_on=issued_on
        )
        if anew:
            reissue(invoice=locked, actor=actor, now=now)
        follow_credit(invoice=locked, now=now)
    return note


def reissue(*, invoice: Invoice, actor: Who, now: dt.datetime) -> Invoice:
    """Draft an invoice anew that is credited wholly, and answer the draft.

    It says again what the last credit note took back, names the invoice that it replaces, and
    copies customer, contract and issuer afresh when it is issued.

    Raises:
        ReissueRefusedError: something of the invoice is left, or it is drafted anew already.
    """
    with transaction.atomic():
        locked = _lock(invoice)
        note = locked.credit_notes.order_by("serial").last()
        if note is None or not is_wholly_credited(locked):
            raise ReissueRefusedError(_("Credit all that is left of the invoice first."))
        if Invoice.objects.filter(replaces=locked).exists():
            raise ReissueRefusedError(_("There is a draft or an invoice that replaces it already."))
        draft = _replacement(locked, note, now)
        record_event(
            type="invoice.reissued",
            actor=actor,
            customer_number=locked.customer.number,
            subject=("invoice", locked.number),
            data={"period": locked.period, "draft": draft.pk},
            now=now,
        )
        follow_credit(invoice=locked, now=now)
    return draft


def credit_adjustments(*, invoice: Invoice, actor: Who, now: dt.datetime) -> list[Invoice]:
    """Issue the deductions of a draft as credit notes of the invoices that they correct.

    For a draft that would be below zero, which can't be issued. What corrections add stays on it.

    Raises:
        InvoiceNotDraftError: it is issued.
        CreditRefusedError: no correction on it takes anything back.
        IssuerMissingError: the settings of the issuer are not filled in.
    """
    with transaction.atomic():
        draft = _lock(invoice)
        if draft.state != Invoice.State.DRAFT:
            raise InvoiceNotDraftError.of(draft)
        deductions = draft.lines.filter(adjusts__isnull=False, net__lt=0)
        corrected = Invoice.objects.filter(pk__in=deductions.values("adjusts")).order_by("pk")
        notes = [_credit_deductions(draft, one, actor, now) for one in corrected]
        if not notes:
            raise CreditRefusedError(_("No correction on this draft takes anything back."))
        refresh_draft(invoice=draft, now=now)
    return notes


def _credit_deductions(draft: Invoice, corrected: Invoice, actor: Who, now: dt.datetime) -> Invoice:
    """Move the deductions of one corrected invoice from the draft to a credit note of it."""
    locked = Invoice.objects.select_for_update(of=("self",)).get(pk=corrected.pk)
    lines = list(draft.lines.filter(adjusts=corrected, net__lt=0))
    InvoiceLine.objects.filter(pk__in=[line.pk for line in lines]).delete()
    for line in lines:
        line.pk = None
        line._state.adding = True
        line.description = in_words(
            kind=line.kind, period=line.period, cause=line.basis["cause"], of_period=""
        )
    plan = CreditPlan(lines=lines, taxes=taxes_of_lines(locked, lines))
    with translation.override(locked.language):
        reason = _("Correction of call records or rates")
    return issue_credit_note(invoice=locked, plan=plan, reason=reason, actor=actor, now=now)


def issue_credit_note(
    *,
    invoice: Invoice,
    plan: CreditPlan,
    reason: str,
    actor: Who,
    now: dt.datetime,
    issued_on: dt.date | None = None,
) -> Invoice:
    """Write and issue what was planned. The caller holds the invoice's lock."""
    company = our_company()
    if company is None:
        raise IssuerMissingError(_("Fill in the settings of the issuer before the first invoice."))
    contract = invoice.contract
    if contract is None:
        msg = "an invoice has a contract"
        raise TypeError(msg)
    serial = invoice.credit_notes.aggregate(last=Max("serial"))["last"] or 0
    note = Invoice(
        kind=Invoice.Kind.CREDIT_NOTE,
        rectifies=invoice,
        serial=serial + 1,
        reason=reason.strip(),
        customer_id=invoice.customer_id,
        contract=contract,
        conference_id=invoice.conference_id,
        period=invoice.period,
        currency=invoice.currency,
        language=invoice.language,
        net=to_decimal(from_decimal(plan.net), invoice.currency),
        vat=to_decimal(from_decimal(plan.vat), invoice.currency),
        total=to_decimal(from_decimal(plan.total), invoice.currency),
        created_at=now,
        updated_at=now,
    )
    note.save()
    for line in plan.lines:
        line.invoice = note
    for tax in plan.taxes:
        tax.invoice = note
    InvoiceLine.objects.bulk_create(plan.lines)
    InvoiceTax.objects.bulk_create(plan.taxes)
    note.number, day = take_number(note, now, issued_on)
    event = record_event(
        type="credit_note.issued",
        actor=actor,
        customer_number=invoice.customer.number,
        subject=("invoice", note.number),
        data={"rectifies": invoice.number, "issued_on": day.isoformat()},
        now=now,
    )
    note.state = Invoice.State.ISSUED
    note.issued_by, note.issued_at = event.actor, now
    note.issued_on = note.due_on = day
    # Whom and what it was about stays as the invoice said; the issuer is who we are today.
    present = snapshot_of(invoice=note, contract=contract, company=company)
    note.snapshot = {**invoice.snapshot, "issuer": present["issuer"]}
    copy_exchange(note, company)
    note.save()
    refuse_broken_rules(note)
    send_if_wanted(invoice=note, actor=actor, now=now)
    return note


def _lock(invoice: Invoice) -> Invoice:
    """Lock contract and invoice, in this order, as everything does that prices or issues."""
    contract = lock_contract(invoice.contract_id) if invoice.contract_id is not None else None
    locked = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    locked.contract = contract
    return locked


def _replacement(invoice: Invoice, note: Invoice, now: dt.datetime) -> Invoice:
    draft = Invoice.objects.create(
        kind=Invoice.Kind.INVOICE,
        replaces=invoice,
        customer_id=invoice.customer_id,
        contract=invoice.contract,
        conference_id=invoice.conference_id,
        period=invoice.period,
        currency=invoice.currency,
        language=invoice.language,
        reason=note.reason,
        created_at=now,
        updated_at=now,
    )
    lines = []
    for credited in note.lines.select_related("credits"):
        original = credited.credits
        line = line_about(original or credited, -credited.net, replaces=original)
        line.invoice = draft
        lines.append(line)
    InvoiceLine.objects.bulk_create(lines)
    return refresh_draft(invoice=draft, now=now)
