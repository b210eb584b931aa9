"""Take back what was invoiced: credit notes, drafting anew, corrections below zero."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing import services
from billing.forms import CreditForm
from billing.models import Invoice
from billing.selectors.credits import lines_left, taxes_left
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.tables import Column, keyset_page

from .invoices import SEE, invoice_or_404

CREDIT = (*SEE, "billing.credit_invoice")
LINES_ON_A_PAGE = 200
_BY_TIME = {"time": Column("held_at", nullable=True)}


@require_http_methods(["GET", "HEAD", "POST"])
@require(*CREDIT)
def credit_note_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose what to credit of an invoice; nothing is issued before its amounts were seen."""
    invoice = invoice_or_404(request, pk)
    page = keyset_page(
        invoice.lines.exclude(net=0),
        {"cursor": request.GET.get("lines", "")},
        columns=_BY_TIME,
        default="time",
        size=LINES_ON_A_PAGE,
    )
    form = CreditForm(
        request.POST or None,
        invoice=invoice,
        lines=page.rows,
        left=lines_left(invoice, page.rows),
        taxes=taxes_left(invoice),
        seen=invoice.credit_notes.count(),
    )
    plan = None
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("step") == "issue":
                return _issued(request, invoice, form)
            plan = services.plan_credit(invoice=invoice, **form.asked)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, "invoice": invoice, "plan": plan, "page": page}
    return render(request, "billing/credit_form.html", context)


def _issued(request: HttpRequest, invoice: Invoice, form: CreditForm) -> HttpResponse:
    asked: dict[str, Any] = form.asked
    note = services.credit_invoice(
        invoice=invoice,
        reason=form.cleaned_data["reason"],
        anew=form.cleaned_data["anew"],
        seen=form.cleaned_data["seen"],
        actor=request.user,
        now=timezone.now(),
        **asked,
    )
    text = _("Issued as %(number)s. It never changes from now on.")
    messages.success(request, text % {"number": note.number})
    draft = Invoice.objects.filter(replaces=invoice).first() if form.cleaned_data["anew"] else None
    return redirect("billing:invoice_detail", pk=draft.pk if draft else note.pk)


@require_POST
@require(*CREDIT)
def invoice_reissue(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft anew an invoice of which nothing is left."""
    invoice = invoice_or_404(request, pk)
    try:
        draft = services.reissue(invoice=invoice, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("billing:invoice_detail", pk=pk)
    messages.success(request, _("Drafted anew: look it over and issue it."))
    return redirect("billing:invoice_detail", pk=draft.pk)


@require_POST
@require(*CREDIT)
def adjustments_credit(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue the deductions of a draft below zero as credit notes."""
    invoice = invoice_or_404(request, pk)
    try:
        notes = services.credit_adjustments(invoice=invoice, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        numbers = ", ".join(str(note.number) for note in notes)
        messages.success(request, _("Issued as %(number)s.") % {"number": numbers})
    return redirect("billing:invoice_detail", pk=pk)
