"""Who owes what since when; a customer's account: statement, credit, limit, mandate."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing import services
from billing.filters import ReceivablesFilter
from billing.forms import CreditLimitForm, MandateForm, PeriodForm, RefundForm
from billing.selectors import today
from billing.selectors.credit_limits import exposure_of, limit_of
from billing.selectors.customer_credit import credits_by_currency
from billing.selectors.mandates import mandate_of
from billing.selectors.receivables import (
    Ageing,
    Statement,
    ageing,
    ageing_totals,
    currencies_of,
    statement_of,
)
from billing.selectors.statements import statement_pdf, statement_rows, words_of
from billing.services.credit_limits import set_credit_limit
from billing.services.mandates import revoke_mandate, sign_mandate
from customers.models import Customer
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.exports import PDF, download, table_response
from toolkit.htmx import render_page_or_fragment
from toolkit.money import from_decimal, to_decimal

from .customers import customer_or_404
from .invoices import SEE, invoice_or_404

LOOK: Final = ("customers.view_customer", *SEE)
_ON_A_PAGE: Final = 50
_BUCKET_WORDS: Final = ("1-30", "31-60", "61-90", "90+")


@require_safe
@require(*LOOK)
def ageing_list(request: HttpRequest) -> HttpResponse:
    """List customers by what they owe and since when, with the sums over all of them."""
    filters, rows = _filtered(request)
    pages = Paginator(rows, _ON_A_PAGE)
    context = {
        "filter": filters,
        "rows": pages.get_page(request.GET.get("page")),
        "totals": ageing_totals(rows),
        "count": len(rows),
        "day": today(),
    }
    return render_page_or_fragment(
        request, "billing/receivables_ageing.html", "billing/_receivables_ageing_rows.html", context
    )


def _filtered(request: HttpRequest) -> tuple[ReceivablesFilter, list[Ageing]]:
    filters = ReceivablesFilter(request.GET, queryset=Customer.objects.all(), request=request)
    rows = ageing(on=today(), customers=filters.qs if request.GET.get("q") else None)
    return filters, filters.rows_of(rows)


@require_safe
@require(*LOOK)
def ageing_export(request: HttpRequest, export: str) -> HttpResponseBase:
    """Download the same as CSV or XLSX."""
    _filters, rows = _filtered(request)
    head = [_("Customer number"), _("Customer"), _("Currency"), _("Not due yet")]
    head += [_("%(days)s days") % {"days": days} for days in _BUCKET_WORDS]
    head += [_("Owed"), _("Credit"), _("Balance")]
    return table_response(
        export, name=_("receivables"), head=head, rows=[_row(row) for row in rows]
    )


def _row(row: Ageing) -> list[Any]:
    amounts = [*row.buckets, row.owed, row.credit, row.balance]
    known = [row.customer.number, row.customer.legal_name, row.currency]
    return known + [to_decimal(from_decimal(amount), row.currency) for amount in amounts]


@require_safe
@require(*LOOK)
def customer_account(request: HttpRequest, number: str) -> HttpResponse:
    """Show a customer's statement of account, his credit, limit and mandate."""
    customer = customer_or_404(request, number)
    statement, form = _statement(request, customer)
    limit = limit_of(customer)
    mandate = mandate_of(customer)
    context = {
        "customer": customer,
        "statement": statement,
        "entries": [(entry, words_of(entry)) for entry in statement.entries],
        "form": form,
        "currencies": currencies_of(customer),
        "credits": credits_by_currency(customer),
        "limit": limit,
        "exposure": exposure_of(customer) if limit else None,
        "mandate": mandate,
        "refund_form": RefundForm(initial={"on": today()}),
        "limit_form": CreditLimitForm(
            initial={"amount": limit.amount, "action": limit.action} if limit else None
        ),
        "mandate_form": MandateForm(initial={"holder": customer.legal_name[:70]}),
    }
    return render(request, "billing/receivables_account.html", context)


def _statement(request: HttpRequest, customer: Customer) -> tuple[Statement, PeriodForm]:
    """Return the statement that an address asks for: by default of this year and the last."""
    day = today()
    form = PeriodForm(request.GET if {"first", "last"} & request.GET.keys() else None)
    known = form.cleaned_data if form.is_bound and form.is_valid() else {}
    asked = request.GET.get("currency", "")
    currency = asked if asked in currencies_of(customer) else customer.currency
    first = known.get("first") or dt.date(day.year - 1, 1, 1)
    last = known.get("last") or day
    form = PeriodForm(initial={"first": first, "last": last}) if not form.is_bound else form
    statement = statement_of(
        customer=customer, currency=currency, first_day=first, last_day=max(first, last)
    )
    return statement, form


@require_safe
@require(*LOOK)
def customer_statement(request: HttpRequest, number: str, export: str) -> HttpResponseBase:
    """Download the statement as PDF, CSV or XLSX, in the customer's language."""
    customer = customer_or_404(request, number)
    statement, _form = _statement(request, customer)
    with translation.override(customer.language):
        name = _("statement-%(number)s") % {"number": customer.number}
        if export == "pdf":
            content = statement_pdf(statement)
            return download(content, filename=f"{name}.pdf", content_type=PDF)
        head = [_("Day"), _("What"), _("Reference"), _("Due"), _("Currency")]
        head += [_("Amount"), _("Balance")]
        return table_response(export, name=name, head=head, rows=list(statement_rows(statement)))


@require_POST
@require(*LOOK, "billing.view_banktransaction", "billing.receive_money")
def customer_refund(request: HttpRequest, number: str) -> HttpResponse:
    """Note that credit was paid back."""
    customer = customer_or_404(request, number)
    form = RefundForm(request.POST)
    if not form.is_valid():
        return _back(request, customer, form)

    def act() -> None:
        services.refund_credit(customer=customer, **form.cleaned_data, **_who(request))

    return _done(request, customer, act, _("Noted."))


@require_POST
@require(*LOOK, "billing.set_credit_limit")
def customer_limit(request: HttpRequest, number: str) -> HttpResponse:
    """Set the customer's credit limit; empty lifts it."""
    customer = customer_or_404(request, number)
    form = CreditLimitForm(request.POST)
    if not form.is_valid():
        return _back(request, customer, form)

    def act() -> None:
        set_credit_limit(customer=customer, **form.cleaned_data, **_who(request))

    return _done(request, customer, act, _("Saved. It holds at once."))


@require_POST
@require(*LOOK, "billing.collect")
def customer_mandate(request: HttpRequest, number: str) -> HttpResponse:
    """Note a mandate that the customer signed."""
    customer = customer_or_404(request, number)
    form = MandateForm(request.POST)
    if not form.is_valid():
        return _back(request, customer, form)

    def act() -> None:
        sign_mandate(customer=customer, **form.cleaned_data, **_who(request))

    return _done(request, customer, act, _("Saved. Due invoices can be debited."))


@require_POST
@require(*LOOK, "billing.collect")
def customer_mandate_revoke(request: HttpRequest, number: str) -> HttpResponse:
    """End the customer's mandate."""
    customer = customer_or_404(request, number)
    mandate = mandate_of(customer)
    if mandate is None:
        raise Http404
    revoke_mandate(mandate=mandate, **_who(request))
    messages.success(request, _("The mandate has ended."))
    return redirect("billing:customer_account", number=number)


@require_POST
@require(*SEE, "billing.view_banktransaction", "billing.receive_money")
def invoice_credit(request: HttpRequest, pk: int) -> HttpResponse:
    """Pay an invoice from its customer's credit, or make a credit of what it has too much."""
    invoice = invoice_or_404(request, pk)
    try:
        if invoice.balance < 0:  # type: ignore[attr-defined]
            services.free_overpaid(invoice=invoice, **_who(request))
        else:
            services.use_credit(invoice=invoice, **_who(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Set off."))
    return redirect("billing:invoice_detail", pk=pk)


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"actor": request.user, "now": timezone.now()}


def _back(request: HttpRequest, customer: Customer, form: Any) -> HttpResponse:  # noqa: ANN401
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, error)
    return redirect("billing:customer_account", number=customer.number)


def _done(
    request: HttpRequest, customer: Customer, act: Callable[[], None], text: str
) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, text)
    return redirect("billing:customer_account", number=customer.number)
