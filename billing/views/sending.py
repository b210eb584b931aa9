"""Send invoices by e-mail: one, all that were never sent; how a customer wants them."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import services, tasks
from billing.forms import SendingWayForm
from billing.selectors.sending import general_way, mail_to, own_way, sendings_shown
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment

from .customers import customer_or_404
from .invoices import SEE, filtered_invoices, invoice_or_404

SEND = (*SEE, "billing.send_invoice")


@require_safe
@require(*SEE)
def invoice_sendings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what became of the e-mails with an invoice."""
    invoice = invoice_or_404(request, pk)
    return render_page_or_fragment(
        request,
        "billing/invoice_sendings.html",
        "billing/_sendings.html",
        {"invoice": invoice, **sendings_shown(request.user, invoice)},
    )


@require_POST
@require(*SEND)
@transaction.atomic
def invoice_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an issued invoice, once more if it was sent before."""
    invoice = invoice_or_404(request, pk)
    try:
        services.send_invoice(
            invoice=invoice,
            way=request.POST.get("way", ""),
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        transaction.on_commit(tasks.write_invoice_mails.delay, robust=True)
        messages.success(request, _("It goes out by e-mail. This page shows what becomes of it."))
    return redirect("billing:invoice_detail", pk=pk)


@require_POST
@require(*SEND)
@transaction.atomic
def invoices_send(request: HttpRequest) -> HttpResponse:
    """Send all invoices of the filter in the address that are issued and were never sent."""
    found = filtered_invoices(request, request.GET).qs
    count = services.send_all(invoices=found, actor=request.user, now=timezone.now())
    if count:
        transaction.on_commit(tasks.write_invoice_mails.delay, robust=True)
        text = ngettext(
            "One invoice goes out by e-mail.", "%(count)d invoices go out by e-mail.", count
        )
        messages.success(request, text % {"count": count})
    else:
        messages.info(request, _("All of them were sent already."))
    return redirect(f"{reverse('billing:invoice_list')}?{request.GET.urlencode()}")


@require_http_methods(["GET", "HEAD", "POST"])
@require("customers.view_customer", *SEND)
def customer_sending(request: HttpRequest, number: str) -> HttpResponse:
    """Show and change how a customer gets invoices by e-mail."""
    customer = customer_or_404(request, number)
    form = SendingWayForm(request.POST or None, initial={"way": own_way(customer)})
    if request.method == "POST" and form.is_valid():
        services.set_way_of_sending(
            customer=customer,
            way=form.cleaned_data["way"],
            actor=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Saved. It holds for invoices issued from now on."))
        return redirect("billing:customer_invoices", number=number)
    context = {
        "customer": customer,
        "form": form,
        "general": general_way().label,
        "mail_to": mail_to(customer),
    }
    return render(request, "billing/customer_sending.html", context)
