"""Why an amount is what it is, down to the rate and the contract."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.models import Invoice
from billing.selectors import explain_line
from toolkit.access import require
from toolkit.tables import Column, keyset_page
from toolkit.telephony import Access

from .invoices import SEE, invoice_or_404

LINES_ON_A_PAGE = 100
_BY_TIME = {"time": Column("held_at", nullable=True)}


@require_safe
@require(*SEE)
def invoice_explain(request: HttpRequest, pk: int) -> HttpResponse:
    """Re-add an invoice line by line; ``?line=`` opens one down to its rates."""
    invoice = invoice_or_404(request, pk)
    lines = keyset_page(
        invoice.lines.select_related("charge_line__charge"),
        request.GET,
        columns=_BY_TIME,
        default="time",
        size=LINES_ON_A_PAGE,
    )
    context = {
        "invoice": invoice,
        "page": lines,
        "taxes": invoice.taxes.all(),
        "opened": _opened(invoice, request.GET.get("line", "")),
    }
    return render(request, "billing/invoice_explain.html", context)


def _opened(invoice: Invoice, pk: str) -> dict[str, Any] | None:
    """Answer the explanation of the line asked for.

    Raises:
        Http404: it is no line of the invoice.
    """
    if not pk:
        return None
    line = invoice.lines.filter(pk=pk).first() if pk.isdecimal() else None
    if line is None:
        raise Http404
    zone = ZoneInfo(invoice.contract.timezone if invoice.contract else "UTC")
    explained = explain_line(line)
    now = explained.get("now") or explained
    for leg in now.get("legs", ()):
        leg["answered_at"] = dt.datetime.fromisoformat(leg["answered_at"])
        leg["day"] = leg["answered_at"].astimezone(zone).date().isoformat()
        leg["access_name"] = Access(leg["access"]).label
    is_capped = explained["rule"] == "adjustment" and (
        Decimal(explained["net"]) != Decimal(explained["after"]) - Decimal(explained["before"])
    )
    for name in ("before", "after", "left"):
        if name in explained:
            explained[name] = Decimal(explained[name])
    return explained | {
        "row": line,
        "is_capped": is_capped,
        "shown_legs": now.get("legs", ()),
        "record_version": now.get("call_record_version"),
    }
