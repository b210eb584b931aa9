"""The contract's screens: list, detail, draft, change, put in force, end."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from customers.models import Customer
from customers.selectors import customer_for, customers_visible_to
from sales import selectors, services
from sales.filters import ContractFilter
from sales.forms.contracts import ContractForms, TerminationForm, initial_for, initial_of_draft
from sales.models import Contract
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

COLUMNS = {
    "number": Column("number"),
    "customer": Column("customer__sort_key"),
    "start": Column("start"),
    "end": Column("end", nullable=True),
}
SEE = ("sales.view_contract", "billing.view_amounts")
OFFERED_CUSTOMERS = 300


@require_safe
@require(*SEE)
def contract_list(request: HttpRequest) -> HttpResponse:
    """List contracts by the filter in the address."""
    visible = selectors.contracts_visible_to(request.user)
    filters = ContractFilter(request.GET, queryset=visible)
    page = keyset_page(filters.qs, request.GET, columns=COLUMNS, default="-number")
    context = {"filter": filters, "page": page, "tabs": _tabs(request)}
    return render_page_or_fragment(
        request, "sales/contract_list.html", "sales/_contract_rows.html", context
    )


def _tabs(request: HttpRequest) -> list[tuple[str, object, int]]:
    """Count the contracts of each status that the rest of the filter lets pass."""
    others = request.GET.copy()
    others.pop("status", None)
    found = ContractFilter(others, queryset=selectors.contracts_visible_to(request.user)).qs
    rows = found.order_by().values_list("status").annotate(Count("pk"))
    counts: dict[str, int] = dict(rows)
    tabs: list[tuple[str, object, int]] = [("", pgettext("contracts", "All"), sum(counts.values()))]
    return tabs + [(value, label, counts.get(value, 0)) for value, label in Contract.Status.choices]


@require_safe
@require(*SEE)
def contract_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Show all that was agreed, and the rates of today, later and before."""
    contract = contract_or_404(request, number)
    today = services.local_day(contract, timezone.now())
    context = {
        "contract": contract,
        "today": today,
        "sheet_day": _day_within(contract, today),
        "groups": selectors.rates_by_time(contract, today=today),
        "terms": selectors.terms_in_words(contract),
        "may_end": contract.status == Contract.Status.ACTIVE,
        "is_draft": contract.status == Contract.Status.DRAFT,
    }
    return render(request, "sales/contract_detail.html", context)


@require(*SEE, "sales.add_contract", "customers.view_customer")
def contract_create(request: HttpRequest) -> HttpResponse:
    """Draft a contract for the customer named in the address; ask for one first."""
    number = request.GET.get("customer", "").strip()
    customer = _customer(request, number)
    if customer is None:
        offered = customers_visible_to(request.user).order_by("sort_key")[:OFFERED_CUSTOMERS]
        context = {"customers": offered, "unknown": number}
        return render(request, "sales/contract_customer.html", context)
    initial = initial_for(selectors.contract_defaults(customer))
    forms = ContractForms(request.POST or None, initial)
    if _is_complete(request, forms):
        values = forms.values()
        try:
            contract = services.draft_contract(
                customer=customer,
                actor=request.user,
                now=timezone.now(),
                **_arguments_of_draft(values),
            )
        except services.ContractInvalidError as error:
            forms.refuse(error.faults)
        else:
            messages.success(request, _("Contract %s is drafted.") % contract.number)
            return redirect("sales:contract_detail", number=contract.number)
    return render(request, "sales/contract_form.html", {"forms": forms, "customer": customer})


@require(*SEE, "sales.change_contract")
def contract_edit(request: HttpRequest, number: str) -> HttpResponse:
    """Change a draft; whoever saves second is told, and loses nothing of what was typed."""
    contract = contract_or_404(request, number)
    forms = ContractForms(request.POST or None, initial_of_draft(contract))
    newer = False
    if _is_complete(request, forms):
        try:
            services.change_draft(
                contract=contract,
                expected_version=forms.contract.cleaned_data["expected_version"] or 0,
                actor=request.user,
                now=timezone.now(),
                changes=forms.values(),
            )
        except services.ContractInvalidError as error:
            forms.refuse(error.faults)
        except services.ContractChangedMeanwhileError:
            newer = True
        except services.ContractNotDraftError as error:
            return _refused(request, error, number)
        else:
            messages.success(request, _("Saved."))
            return redirect("sales:contract_detail", number=number)
    context = {
        "forms": forms,
        "customer": contract.customer,
        "contract": contract,
        "newer": newer,
    }
    return render(request, "sales/contract_form.html", context, status=409 if newer else 200)


@require_POST
@require(*SEE, "sales.activate_contract")
def contract_activate(request: HttpRequest, number: str) -> HttpResponse:
    """Put a draft in force."""
    contract = contract_or_404(request, number)
    try:
        services.activate_contract(contract=contract, actor=request.user, now=timezone.now())
    except DomainError as error:
        return _refused(request, error, number)
    messages.success(request, _("Contract %s is in force.") % number)
    return redirect("sales:contract_detail", number=number)


@require_POST
@require(*SEE, "sales.change_contract")
def contract_discard(request: HttpRequest, number: str) -> HttpResponse:
    """Delete a draft."""
    contract = contract_or_404(request, number)
    try:
        services.discard_draft(contract=contract, actor=request.user, now=timezone.now())
    except DomainError as error:
        return _refused(request, error, number)
    messages.success(request, _("The draft %s is gone.") % number)
    return redirect("sales:contract_list")


@require(*SEE, "sales.activate_contract")
def contract_terminate(request: HttpRequest, number: str) -> HttpResponse:
    """Set the first day without the contract."""
    contract = contract_or_404(request, number)
    form = TerminationForm(request.POST or None, initial={"end": contract.end})
    if request.method == "POST" and form.is_valid():
        try:
            services.terminate_contract(
                contract=contract,
                end=form.cleaned_data["end"],
                actor=request.user,
                now=timezone.now(),
            )
        except services.ContractInvalidError as error:
            form.refuse(error.faults)
        except DomainError as error:
            return _refused(request, error, number)
        else:
            messages.success(request, _("The end of contract %s is set.") % number)
            return redirect("sales:contract_detail", number=number)
    context = {"contract": contract, "form": form}
    return render(request, "sales/contract_terminate.html", context)


def contract_or_404(request: HttpRequest, number: str) -> Contract:
    """Return the contract that the user may read.

    Raises:
        Http404: there is none of that number.
    """
    try:
        return selectors.contract_for(request.user, number)
    except Contract.DoesNotExist as error:
        raise Http404 from error


def _day_within(contract: Contract, today: dt.date) -> dt.date:
    """Return today, or the day of the contract that is nearest to it."""
    day = max(today, contract.start)
    return min(day, contract.end - dt.timedelta(days=1)) if contract.end else day


def _customer(request: HttpRequest, number: str) -> Customer | None:
    try:
        return customer_for(request.user, number) if number else None
    except Customer.DoesNotExist:
        return None


def _is_complete(request: HttpRequest, forms: ContractForms) -> bool:
    """Tell whether the form is to be saved; the button "more rows" only sends it back."""
    return request.method == "POST" and "more" not in request.POST and forms.is_valid()


def _arguments_of_draft(values: dict[str, Any]) -> dict[str, Any]:
    settings = ("rates", "billing", "issue", "payment_days", "vat_category", "notes")
    arguments = {name: values.pop(name) for name in settings}
    return {**arguments, "terms": values}


def _refused(request: HttpRequest, error: DomainError, number: str) -> HttpResponse:
    messages.error(request, str(error))
    return redirect("sales:contract_detail", number=number)
