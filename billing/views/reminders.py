"""Reminders: what is due, sent by e-mail or put on a list for letters; steps; disputes."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms import ReceivablesSettingsForm, ReminderStepForm
from billing.models import Dispute, ReminderStep
from billing.selectors import today
from billing.selectors.reminders import due_reminders, open_disputes, receivables_settings
from billing.services.disputes import close_dispute, open_dispute
from billing.services.reminders import (
    list_for_letters,
    save_receivables_settings,
    save_step,
    send_reminders,
)
from toolkit.access import require
from toolkit.errors import DomainError

from .invoices import SEE, invoice_or_404

REMIND: Final = (*SEE, "billing.remind")
_SHOWN: Final = 200


@require_safe
@require(*SEE)
def reminder_list(request: HttpRequest) -> HttpResponse:
    """Show what would be sent now, and what is held up by a dispute."""
    found = due_reminders(on=today())
    context = {
        "due": found[:_SHOWN],
        "count": len(found),
        "disputes": open_disputes()[:_SHOWN],
        "steps": ReminderStep.objects.all(),
    }
    return render(request, "billing/receivables_reminders.html", context)


@require_POST
@require(*REMIND, "customers.add_customerlist")
def reminder_send(request: HttpRequest) -> HttpResponse:
    """Send what was ticked by e-mail, or put it on a list for letters."""
    chosen = request.POST.getlist("due")
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    if request.POST.get("by") == "letter":
        try:
            saved = list_for_letters(chosen=chosen, **who)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            text = _("The list “%(name)s” waits for a mailing.") % {"name": saved.name}
            messages.success(request, text)
        return redirect("billing:reminder_list")
    count = send_reminders(chosen=chosen, **who)
    if count:
        text = ngettext("One reminder goes out.", "%(count)d reminders go out.", count)
        messages.success(request, text % {"count": count})
    else:
        messages.info(request, _("Nothing of that can be sent by e-mail."))
    return redirect("billing:reminder_list")


@require_http_methods(["GET", "HEAD", "POST"])
@require(*REMIND)
def reminder_step(request: HttpRequest, level: int) -> HttpResponse:
    """Change the days and the words of a step."""
    step = ReminderStep.objects.filter(level=level).first()
    if step is None:
        raise Http404
    form = ReminderStepForm(
        request.POST or None, instance=step, initial={"expected_version": step.version}
    )
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        expected = fields.pop("expected_version")
        try:
            save_step(
                level=level,
                fields=fields,
                expected_version=expected,
                actor=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("billing:reminder_list")
    return render(request, "billing/receivables_step.html", {"form": form, "step": step})


@require_http_methods(["GET", "HEAD", "POST"])
@require(*REMIND, "billing.collect")
def reminder_settings(request: HttpRequest) -> HttpResponse:
    """Say how often reminders follow each other, and who we are to the bank."""
    known = receivables_settings()
    form = ReceivablesSettingsForm(
        request.POST or None,
        initial={"days_between": known.days_between, "creditor_id": known.creditor_id},
    )
    if request.method == "POST" and form.is_valid():
        try:
            save_receivables_settings(**form.cleaned_data, actor=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error("creditor_id", str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("billing:reminder_settings")
    return render(request, "billing/receivables_settings.html", {"form": form})


@require_POST
@require(*REMIND)
def invoice_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a dispute of an invoice, or settle the one that is open."""
    invoice = invoice_or_404(request, pk)
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    words = request.POST.get("reason", "")
    known = Dispute.objects.filter(invoice=invoice, closed_at=None).first()
    try:
        if request.POST.get("close"):
            if known is not None:
                close_dispute(dispute=known, outcome=words, **who)
        else:
            open_dispute(invoice=invoice, reason=words, **who)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Noted."))
    return redirect("billing:invoice_detail", pk=pk)
