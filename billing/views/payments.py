"""Take in payments."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing import services
from billing.forms import PaymentForm
from billing.selectors import today
from toolkit.access import require
from toolkit.errors import DomainError

from .invoices import SEE, invoice_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@require(*SEE, "billing.add_payment")
def payment_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a payment of an issued invoice; the balance is proposed."""
    invoice = invoice_or_404(request, pk)
    initial = PaymentForm.proposal(
        balance=invoice.balance,  # type: ignore[attr-defined]
        currency=invoice.currency,
        day=today(),
    )
    form = PaymentForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_payment(
                invoice=invoice, actor=request.user, now=timezone.now(), **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Payment recorded."))
            return redirect("billing:invoice_detail", pk=pk)
    return render(request, "billing/payment_form.html", {"form": form, "invoice": invoice})
