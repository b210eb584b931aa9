"""A customer as billing knows it: the figures of a month, the invoices."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import services
from billing.selectors import invoices_visible_to, today, with_balances
from billing.selectors.figures import CURRENT
from billing.selectors.invoice_totals import by_currency, invoice_totals
from customers.models import Customer
from customers.selectors import customer_for
from toolkit.access import require
from toolkit.htmx import render_page_or_fragment
from toolkit.periods import InvalidPeriodError, Period

RECENT = 8


@require_safe
@require("customers.view_customer", "billing.view_figures", "billing.view_amounts")
def customer_figures(request: HttpRequest, number: str) -> HttpResponse:
    """Answer the figures of a month to whoever asks, and record who did."""
    customer = customer_or_404(request, number)
    try:
        figures = services.request_figures(
            customer=customer,
            period=request.GET.get("period") or CURRENT,
            actor=request.user,
            now=timezone.now(),
        )
    except InvalidPeriodError as error:
        raise Http404 from error
    month = Period.parse(figures.period)
    context = {
        "customer": customer,
        "figures": figures,
        "month": month.first_day,
        "before": month.previous,
        "after": month.next if month.next.first_day <= timezone.localdate() else None,
        "may_see_invoices": request.user.has_perm("billing.view_invoice"),
    }
    return render_page_or_fragment(
        request, "billing/customer_figures.html", "billing/_customer_figures.html", context
    )


@require_safe
@require("customers.view_customer", "billing.view_invoice", "billing.view_amounts")
def customer_invoices(request: HttpRequest, number: str) -> HttpResponse:
    """Show a customer's latest invoices and what is still owed."""
    customer = customer_or_404(request, number)
    invoices = with_balances(invoices_visible_to(request.user)).filter(customer=customer)
    totals = invoice_totals(invoices)
    context = {
        "customer": customer,
        "rows": invoices.order_by("-created_at", "-pk")[:RECENT],
        "totals": [one for one in by_currency(totals) if one.balance],
        "count": sum(one.count for one in totals),
        "today": today(),
    }
    return render_page_or_fragment(
        request, "billing/customer_invoices.html", "billing/_customer_invoices.html", context
    )


def customer_or_404(request: HttpRequest, number: str) -> Customer:
    """Return the customer.

    Raises:
        Http404: there is none of that number, or it is not this user's to see.
    """
    try:
        return customer_for(request.user, number)
    except Customer.DoesNotExist as error:
        raise Http404 from error
