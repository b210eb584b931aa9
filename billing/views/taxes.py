"""Books of VAT, and the closing of months."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from billing.models import ClosedMonth, Invoice
from billing.selectors.closing import checks_of_month, closed_month
from billing.selectors.invoices import today
from billing.selectors.vat_books import (
    Span,
    book_of_issued,
    listing_347,
    listing_349,
    quarter_of,
    without_rate,
)
from billing.services.closing import close_month
from sales.models import Contract
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.exports import Value, table_response
from toolkit.periods import InvalidPeriodError, Period

MOST_ROWS = 500


@dataclass(frozen=True)
class Book:
    """One book: its name, its columns, and how its rows are read."""

    title: str | Promise
    head: Sequence[str | Promise]
    rows: Callable[[Span], Iterable[Sequence[Value]]]
    is_yearly: bool = False


def _issued(span: Span) -> Iterable[Sequence[Value]]:
    categories = dict(Contract.VatCategory.choices)
    for row in book_of_issued(span):
        invoice = row.invoice
        yield (
            *(invoice.number, invoice.issued_on, Invoice.Kind(invoice.kind).label),
            *(invoice.period, row.customer, row.tax_id, row.country),
            *(categories.get(row.category, row.category), row.percent),
            *(row.base, row.amount, row.total, invoice.currency),
            row.ours.base if row.ours else None,
            row.ours.amount if row.ours else None,
            invoice.rectifies.number if invoice.rectifies else "",
        )


def _347(span: Span) -> Iterable[Sequence[Value]]:
    for one in listing_347(span.first.year):
        yield one.tax_id, one.customer, "B", *one.quarters, one.total


def _349(span: Span) -> Iterable[Sequence[Value]]:
    for one in listing_349(span):
        declared = one.declared if one.span else None
        yield one.tax_id, one.country, one.customer, "S", one.base, one.span, declared


BOOKS = {
    "issued": Book(
        gettext_lazy("Invoices issued"),
        [
            *(gettext_lazy("Number"), gettext_lazy("Issued"), gettext_lazy("Document")),
            *(gettext_lazy("Period"), gettext_lazy("Customer"), gettext_lazy("Tax id")),
            *(gettext_lazy("Country"), gettext_lazy("Category"), gettext_lazy("Percent")),
            *(gettext_lazy("Base"), gettext_lazy("VAT"), gettext_lazy("Total")),
            *(gettext_lazy("Currency"), gettext_lazy("Base in our currency")),
            *(gettext_lazy("VAT in our currency"), gettext_lazy("Rectifies")),
        ],
        _issued,
    ),
    "347": Book(
        gettext_lazy("Listing 347"),
        [
            *(gettext_lazy("Tax id"), gettext_lazy("Customer"), gettext_lazy("Key")),
            *("1T", "2T", "3T", "4T", gettext_lazy("Total")),
        ],
        _347,
        is_yearly=True,
    ),
    "349": Book(
        gettext_lazy("Listing 349"),
        [
            *(gettext_lazy("Tax id"), gettext_lazy("Country"), gettext_lazy("Customer")),
            *(gettext_lazy("Key"), gettext_lazy("Base"), gettext_lazy("Rectified period")),
            gettext_lazy("Declared before"),
        ],
        _349,
    ),
}


@require_safe
@require("billing.view_books")
def book(request: HttpRequest, book: str) -> HttpResponse:
    """Show a book of a month, a quarter or a year."""
    asked, span = _asked(request, book)
    rows = list(asked.rows(span))
    context = {
        "book": asked,
        "name": book,
        "books": [(name, one.title) for name, one in BOOKS.items()],
        "span": span,
        "rows": rows[:MOST_ROWS],
        "count": len(rows),
        "without_rate": without_rate(span),
    }
    return render(request, "billing/vat_book.html", context)


@require_safe
@require("billing.view_books")
def book_export(request: HttpRequest, book: str, export: str) -> HttpResponseBase:
    """Send a book as a file."""
    asked, span = _asked(request, book)
    return table_response(
        export, name=f"{book}-{span.text}", head=asked.head, rows=asked.rows(span)
    )


@require_safe
@require("billing.view_books")
def month(request: HttpRequest) -> HttpResponse:
    """Show what is left to do before a month is closed, or who closed it."""
    now = timezone.now()
    asked = request.GET.get("period") or str(Period.of_date(today(now)).previous)
    period = _month(asked)
    closed = closed_month(str(period))
    checks = [] if closed else checks_of_month(period=str(period), now=now)
    context = {
        "period": period,
        "closed": closed,
        "checks": checks,
        "has_ended": today(now) > period.last_day,
        "is_ready": all(check.is_done for check in checks),
        "closed_months": ClosedMonth.objects.all()[:24],
    }
    return render(request, "billing/month.html", context)


@require_POST
@require("billing.close_month")
def month_close(request: HttpRequest, period: str) -> HttpResponse:
    """Close a month."""
    try:
        close_month(period=str(_month(period)), actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%s is closed.") % period)
    return redirect(f"{reverse('billing:month')}?period={period}")


def _asked(request: HttpRequest, name: str) -> tuple[Book, Span]:
    if name not in BOOKS:
        raise Http404
    asked = BOOKS[name]
    day = today()
    text = request.GET.get("span") or f"{day.year}-Q{quarter_of(day)}"
    try:
        span = Span.parse(text[:4] if asked.is_yearly else text)
    except InvalidPeriodError as error:
        raise Http404 from error
    return asked, span


def _month(text: str) -> Period:
    try:
        return Period.parse(text)
    except InvalidPeriodError as error:
        raise Http404 from error
