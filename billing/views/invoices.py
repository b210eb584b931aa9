"""The invoices' screens: list, export, one invoice, its PDF, its calls, its issue."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing import services
from billing.filters import InvoiceFilter
from billing.forms import PaymentForm
from billing.models import Invoice, InvoiceLine, RatedLeg
from billing.selectors import STATUSES, invoice_for, invoices_visible_to, today, with_balances
from billing.selectors.call_detail import MOST_CALLS, call_detail_pdf, has_call_detail
from billing.selectors.calls_of_invoice import calls_of, count_calls
from billing.selectors.collecting import collecting_of
from billing.selectors.credits import is_wholly_credited
from billing.selectors.documents import invoice_pdf as pdf_of
from billing.selectors.exchange import conversion_of
from billing.selectors.invoice_totals import by_currency, count_by_status, invoice_totals
from billing.selectors.obstacles import obstacles_to_issue
from billing.selectors.sending import never_sent, sendings_shown
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.exports import PDF, table_response
from toolkit.htmx import render_page_or_fragment
from toolkit.money import from_decimal, to_decimal
from toolkit.tables import Column, keyset_page, neighbours

COLUMNS = {
    "created": Column("created_at"),
    "number": Column("number", nullable=True),
    "customer": Column("customer__sort_key"),
    "period": Column("period"),
    "issued": Column("issued_on", nullable=True),
    "due": Column("due_on", nullable=True),
    "total": Column("total"),
    "balance": Column("balance"),
}
NEWEST = "-created"
SEE = ("billing.view_invoice", "billing.view_amounts")
LINES_ON_A_PAGE = 200
_BY_TIME = {"time": Column("held_at", nullable=True)}


@require_safe
@require(*SEE)
def invoice_list(request: HttpRequest) -> HttpResponse:
    """List invoices by the filter in the address, with the sums over all of them."""
    filters = filtered_invoices(request, request.GET)
    page = keyset_page(filters.qs, request.GET, columns=COLUMNS, default=NEWEST)
    others = request.GET.copy()
    others.pop("status", None)
    of_all = invoice_totals(filtered_invoices(request, others).qs)
    status = request.GET.get("status", "")
    chosen = [one for one in of_all if one.status == status or status not in STATUSES]
    counts = count_by_status(of_all)
    tabs: list[tuple[str, object, int]] = [("", _("All"), counts.total())]
    tabs += [(name, label, counts[name]) for name, label in STATUSES.items()]
    context = {
        "filter": filters,
        "page": page,
        "tabs": tabs,
        "totals": by_currency(chosen),
        "count": sum(one.count for one in chosen),
        "never_sent": never_sent(filters.qs).count()
        if request.user.has_perm("billing.send_invoice")
        else 0,
        "today": today(),
    }
    return render_page_or_fragment(
        request, "billing/invoice_list.html", "billing/_invoice_rows.html", context
    )


def filtered_invoices(request: HttpRequest, parameters: QueryDict) -> InvoiceFilter:
    """Return the invoices that the user may see, with their balance, by a filter."""
    invoices = with_balances(invoices_visible_to(request.user))
    return InvoiceFilter(parameters, queryset=invoices, request=request)


@require_safe
@require(*SEE)
def invoice_export(request: HttpRequest, export: str) -> HttpResponseBase:
    """Download the invoices of the filter as CSV or XLSX."""
    return table_response(
        export,
        name=_("invoices"),
        head=[
            _("Number"),
            _("Status"),
            _("Customer number"),
            _("Customer"),
            _("Tax id"),
            _("Contract"),
            _("Period"),
            _("Issued"),
            _("Due"),
            _("Currency"),
            _("Net"),
            _("VAT"),
            _("Total"),
            _("Paid"),
            _("Credited"),
            _("Balance"),
            _("Rectifies"),
            _("Replaces"),
        ],
        rows=_export_rows(
            filtered_invoices(request, request.GET).qs.order_by("-created_at", "-pk")
        ),
    )


def _export_rows(invoices: QuerySet[Invoice]) -> Iterator[list[Any]]:
    for invoice in invoices.select_related("rectifies", "replaces").iterator(chunk_size=1000):
        amounts: list[Decimal] = [invoice.net, invoice.vat, invoice.total]
        amounts += [invoice.paid, invoice.credited, invoice.balance]  # type: ignore[attr-defined]
        yield [
            invoice.number,
            STATUSES[invoice.status],  # type: ignore[attr-defined]
            invoice.customer.number,
            invoice.customer.legal_name,
            invoice.customer.tax_id,
            invoice.contract.number if invoice.contract else "",
            invoice.period,
            invoice.issued_on,
            invoice.due_on,
            invoice.currency,
            *(to_decimal(from_decimal(amount), invoice.currency) for amount in amounts),
            invoice.rectifies.number if invoice.rectifies else "",
            invoice.replaces.number if invoice.replaces else "",
        ]


@require_safe
@require(*SEE)
def invoice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one invoice: lines by conference, taxes, payments, and what it still needs."""
    invoice = invoice_or_404(request, pk)
    filters = filtered_invoices(request, request.GET)
    before, after = neighbours(
        filters.qs, invoice, columns=COLUMNS, sort=request.GET.get("sort", NEWEST)
    )
    lines = keyset_page(
        invoice.lines.select_related("charge_line__charge", "adjusts"),
        {"cursor": request.GET.get("lines", "")},
        columns=_BY_TIME,
        default="time",
        size=LINES_ON_A_PAGE,
    )
    credit_notes = list(invoice.credit_notes.order_by("serial"))
    context = {
        "invoice": invoice,
        "lines": lines,
        "groups": _by_conference(invoice, lines.rows),
        "taxes": invoice.taxes.all(),
        "converted": conversion_of(invoice),
        "payments": invoice.payments.all(),
        "credit_notes": credit_notes,
        "is_taken_back": bool(credit_notes) and is_wholly_credited(invoice),
        "obstacles": obstacles_to_issue(invoice),
        "receivable": collecting_of(invoice),
        **sendings_shown(request.user, invoice),
        "calls": count_calls(invoice),
        "most_calls": MOST_CALLS,
        "before": before,
        "after": after,
        "today": today(),
        "form": PaymentForm(
            initial=PaymentForm.proposal(
                balance=invoice.balance,  # type: ignore[attr-defined]
                currency=invoice.currency,
                day=today(),
            )
        ),
    }
    return render(request, "billing/invoice_detail.html", context)


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one conference; ``day`` is the local one of the contract, which finds rates."""

    lines: list[InvoiceLine]
    day: date | None

    @property
    def first(self) -> InvoiceLine:
        """Answer the line that tells of the conference."""
        return self.lines[0]

    @property
    def net(self) -> Decimal:
        """Add up the lines."""
        return sum((line.net for line in self.lines), Decimal())


def _by_conference(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[Group]:
    zone = ZoneInfo(invoice.contract.timezone) if invoice.contract else ZoneInfo("UTC")
    groups = itertools.groupby(lines, key=lambda line: (line.held_at, line.conference_id))
    return [
        Group(list(group), held_at.astimezone(zone).date() if held_at else None)
        for (held_at, _conference), group in groups
    ]


@require_POST
@require(*SEE, "billing.issue_invoice")
def invoice_issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue a draft; what is in the way is said on the invoice's page."""
    invoice = invoice_or_404(request, pk)
    try:
        issued = services.issue_invoice(invoice=invoice, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        text = _("Issued as %(number)s. It never changes from now on.")
        messages.success(request, text % {"number": issued.number})
    return redirect("billing:invoice_detail", pk=pk)


@require_safe
@require(*SEE)
def invoice_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the invoice on paper, in the customer's language."""
    return pdf_response(invoice_or_404(request, pk))


def pdf_response(invoice: Invoice) -> HttpResponse:
    """Answer the PDF, to be shown at once."""
    response = HttpResponse(pdf_of(invoice), content_type=PDF)
    response["Content-Disposition"] = f'inline; filename="{file_name(invoice)}.pdf"'
    response["Cache-Control"] = "no-store, private"
    return response


@require_safe
@require(*SEE)
def invoice_calls(request: HttpRequest, pk: int, export: str) -> HttpResponseBase:
    """Download every call that the invoice bills, however many there are.

    On paper they are grouped by billing reference, and no more than fit.
    """
    return calls_response(invoice_or_404(request, pk), export)


def calls_response(invoice: Invoice, export: str) -> HttpResponseBase:
    """Answer the calls as PDF, CSV or XLSX, in the active language and zone.

    Raises:
        Http404: there is no such file, or no paper for so many calls.
    """
    if export == "pdf":
        return _call_detail(invoice)
    calls = _("calls")
    return table_response(
        export,
        name=f"{file_name(invoice)}-{slugify(calls)}",
        head=[
            _("Conference"),
            _("Participant"),
            _("Access"),
            _("Number"),
            _("Answered"),
            _("Ended"),
            _("Duration (s)"),
            _("Billed (s)"),
            _("Included (s)"),
            _("Connection fee"),
            _("Amount"),
            _("Currency"),
        ],
        rows=_call_rows(invoice, calls_of(invoice), _access_names()),
    )


def _call_detail(invoice: Invoice) -> HttpResponse:
    if not has_call_detail(invoice):
        raise Http404
    response = HttpResponse(call_detail_pdf(invoice), content_type=PDF)
    name = f"{file_name(invoice)}-{slugify(_('calls'))}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "no-store, private"
    return response


def _access_names() -> dict[str, str]:
    """Name the accesses in the language of now: rows are written after the page's is left."""
    choices = RatedLeg._meta.get_field("access").flatchoices
    return {str(value): str(label) for value, label in choices}


def _call_rows(
    invoice: Invoice, legs: QuerySet[RatedLeg], access: Mapping[str, str]
) -> Iterator[list[Any]]:
    for leg in legs.iterator(chunk_size=2000):
        yield [
            str(leg.charge.conference_id),
            leg.participant,
            access.get(leg.access, leg.access),
            leg.number,
            leg.answered_at,
            leg.ended_at,
            leg.duration_seconds,
            leg.billed_seconds,
            leg.free_seconds,
            leg.connection_fee,
            leg.amount,
            invoice.currency,
        ]


def invoice_or_404(request: HttpRequest, pk: int) -> Invoice:
    """Return the invoice, with its balance.

    Raises:
        Http404: there is none of that id.
    """
    try:
        return invoice_for(request.user, pk)
    except Invoice.DoesNotExist as error:
        raise Http404 from error


def file_name(invoice: Invoice) -> str:
    """Name the file of an invoice; a draft by its period."""
    return invoice.number or f"{slugify(_('Draft'))}-{invoice.period}-{invoice.pk}"
