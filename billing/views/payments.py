"""Take in payments, and list what came in."""

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing import services
from billing.filters import PaymentFilter
from billing.forms import PaymentForm
from billing.models import Payment
from billing.selectors import today
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

from .invoices import SEE, invoice_or_404

COLUMNS = {
    "paid": Column("paid_on"),
    "customer": Column("invoice__customer__sort_key"),
    "amount": Column("amount"),
}


@require_safe
@require(*SEE)
def payment_list(request: HttpRequest) -> HttpResponse:
    """List the payments of the filter, with their sum for each currency."""
    payments = Payment.objects.select_related("invoice__customer")
    filters = PaymentFilter(request.GET, queryset=payments, request=request)
    sums = filters.qs.order_by().values("invoice__currency")
    context = {
        "filter": filters,
        "page": keyset_page(filters.qs, request.GET, columns=COLUMNS, default="-paid"),
        "totals": sums.annotate(count=Count("pk"), amount_sum=Sum("amount")).order_by(
            "invoice__currency"
        ),
    }
    return render_page_or_fragment(
        request, "billing/payment_list.html", "billing/_payment_rows.html", context
    )


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
