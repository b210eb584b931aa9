"""The customer's screens: list, profile, register, change, suspend, likely duplicates, export."""

from collections.abc import Iterator

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from customers.filters import CustomerFilter
from customers.models import Customer
from customers.selectors import (
    customers_visible_to,
    similar_customers,
    status_counts,
    timeline,
    views_for,
)
from customers.services import (
    CustomerChangedMeanwhileError,
    TaxIdTakenError,
    change_customer,
    reactivate_customer,
    register_customer,
    suspend_customer,
)
from integration.services import record_event
from sales import selectors
from sales.forms.customers import CustomerForms, SuspensionForm
from sales.views.wishes import customer_or_404
from toolkit.access import require
from toolkit.countries import country_name
from toolkit.exports import Value, table_response
from toolkit.htmx import is_fragment, render_page_or_fragment
from toolkit.tables import Column, keyset_page, neighbours

# Of the timeline: beside the profile, and on a page of its own.
NEWEST, WHOLE_PAGE = 10, 300
COLUMNS = {
    "name": Column("sort_key"),
    "number": Column("number"),
    "created": Column("created_at"),
}


@require_safe
@require("customers.view_customer")
def customer_list(request: HttpRequest) -> HttpResponse:
    """List customers by the filter in the address."""
    visible = customers_visible_to(request.user).select_related("account_manager")
    filters = CustomerFilter(request.GET, queryset=visible)
    page = keyset_page(filters.qs, request.GET, columns=COLUMNS, default="name")
    counts = status_counts(visible)
    tabs = [
        ("", pgettext("customers", "All"), sum(counts.values())),
        *((status.value, status.label, counts.get(status.value, 0)) for status in Customer.Status),
    ]
    return render_page_or_fragment(
        request,
        "sales/customer_list.html",
        "sales/_customer_rows.html",
        {
            "filter": filters,
            "page": page,
            "tabs": tabs,
            "views": () if is_fragment(request) else views_for(request.user, "customers"),
        },
    )


@require_safe
@require("customers.view_customer", "customers.export_customer")
def customer_export(request: HttpRequest, export: str) -> HttpResponseBase:
    """Download the customers of the filter as CSV or XLSX; that it was done is recorded."""
    found = CustomerFilter(request.GET, queryset=customers_visible_to(request.user)).qs
    record_event(
        type="customer.list_exported",
        actor=request.user,
        data={"filter": request.GET.urlencode(), "format": export},
    )
    rows = found.order_by("sort_key", "pk").iterator(chunk_size=1000)
    return table_response(export, name=_("customers"), head=_export_head(), rows=_export_rows(rows))


def _export_head() -> list[str]:
    return [
        _("Number"),
        _("Legal name"),
        _("Trade name"),
        _("Tax id"),
        _("Country"),
        _("Language"),
        _("Currency"),
        _("E-mail"),
        _("Phone"),
        _("Status"),
    ]


def _export_rows(customers: Iterator[Customer]) -> Iterator[list[Value]]:
    for customer in customers:
        yield [
            customer.number,
            customer.legal_name,
            customer.trade_name,
            customer.tax_id,
            country_name(customer.country),
            customer.get_language_display(),
            customer.currency,
            customer.email,
            customer.phone,
            customer.get_status_display(),
        ]


@require_safe
@require("customers.view_customer")
def customer_profile(request: HttpRequest, number: str) -> HttpResponse:
    """Show one customer; figures and other departments' parts load when asked for."""
    customer = customer_or_404(request, number)
    filters = CustomerFilter(request.GET, queryset=customers_visible_to(request.user))
    before, after = neighbours(
        filters.qs, customer, columns=COLUMNS, sort=request.GET.get("sort", "name")
    )
    today = timezone.localdate()
    context = {
        "customer": customer,
        "country": country_name(customer.country),
        "contracts": selectors.contracts_visible_to(request.user).filter(customer=customer),
        "rates": selectors.rates_in_force(customer=customer, on=today),
        "today": today,
        "before": before,
        "after": after,
    }
    return render(request, "sales/customer_profile.html", context)


@require("customers.view_customer", "customers.add_customer")
def customer_create(request: HttpRequest) -> HttpResponse:
    """Register a customer."""
    forms = CustomerForms(request.POST or None)
    if request.method == "POST" and forms.is_valid():
        try:
            customer = register_customer(actor=request.user, now=timezone.now(), **forms.changes())
        except TaxIdTakenError as error:
            forms.customer.add_error("tax_id", str(error))
            return _form_page(request, forms, twin=error.customer)
        except ValidationError as error:
            forms.refuse(error)
        else:
            messages.success(request, _("%(name)s is registered.") % {"name": customer.name})
            return redirect("sales:customer_profile", number=customer.number)
    return _form_page(request, forms)


@require("customers.view_customer", "customers.change_customer")
def customer_edit(request: HttpRequest, number: str) -> HttpResponse:
    """Change a customer; whoever saves second is told, and loses nothing of what was typed."""
    customer = customer_or_404(request, number)
    forms = CustomerForms(request.POST or None, customer)
    if request.method == "POST" and forms.is_valid():
        try:
            change_customer(
                customer=customer,
                expected_version=forms.customer.cleaned_data["expected_version"] or 0,
                actor=request.user,
                now=timezone.now(),
                **forms.changes(),
            )
        except CustomerChangedMeanwhileError as error:
            return _form_page(request, forms, customer=customer, newer=error.customer)
        except TaxIdTakenError as error:
            forms.customer.add_error("tax_id", str(error))
            return _form_page(request, forms, customer=customer, twin=error.customer)
        except ValidationError as error:
            forms.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("sales:customer_profile", number=number)
    return _form_page(request, forms, customer=customer)


def _form_page(
    request: HttpRequest,
    forms: CustomerForms,
    *,
    customer: Customer | None = None,
    twin: Customer | None = None,
    newer: Customer | None = None,
) -> HttpResponse:
    context = {"forms": forms, "customer": customer, "twin": twin, "newer": newer}
    status = 409 if newer else 200
    return render(request, "sales/customer_form.html", context, status=status)


@require_safe
@require("customers.view_customer")
def customer_similar(request: HttpRequest) -> HttpResponse:
    """Name likely duplicates of what is being typed."""
    own = customers_visible_to(request.user).filter(number=request.GET.get("number", "")).first()
    found = similar_customers(
        legal_name=request.GET.get("legal_name", ""),
        trade_name=request.GET.get("trade_name", ""),
        tax_id=request.GET.get("tax_id", ""),
        email=request.GET.get("email", ""),
        phone=request.GET.get("phone", ""),
        exclude=own,
    )
    return render(request, "sales/_customer_similar.html", {"found": found})


@require_safe
@require("customers.view_customer")
def customer_timeline(request: HttpRequest, number: str) -> HttpResponse:
    """Show what happened to the customer, of all departments that the user may look into."""
    customer = customer_or_404(request, number)
    shown = NEWEST if is_fragment(request) else WHOLE_PAGE
    return render_page_or_fragment(
        request,
        "sales/customer_timeline.html",
        "sales/_customer_timeline.html",
        {"customer": customer, "moments": timeline(customer, user=request.user, limit=shown)},
    )


@require("customers.view_customer", "customers.suspend_customer")
def customer_suspend(request: HttpRequest, number: str) -> HttpResponse:
    """Suspend a customer, saying why."""
    customer = customer_or_404(request, number)
    form = SuspensionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        suspend_customer(
            customer=customer,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("%(name)s is suspended.") % {"name": customer.name})
        return redirect("sales:customer_profile", number=number)
    return render(request, "sales/customer_suspend.html", {"customer": customer, "form": form})


@require_POST
@require("customers.view_customer", "customers.suspend_customer")
def customer_reactivate(request: HttpRequest, number: str) -> HttpResponse:
    """Take bookings of a customer again."""
    customer = customer_or_404(request, number)
    reactivate_customer(customer=customer, actor=request.user, now=timezone.now())
    messages.success(request, _("%(name)s is active again.") % {"name": customer.name})
    return redirect("sales:customer_profile", number=number)
