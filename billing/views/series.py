"""Number series: that nothing is missing, and no date goes back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.models import Invoice
from billing.selectors.series import series_report as report
from toolkit.access import require


@require_safe
@require("billing.view_invoice")
def series_report(request: HttpRequest) -> HttpResponse:
    """Show every series with its gaps, of which there should be none."""
    kinds = dict(Invoice.Kind.choices)
    series = report()
    context = {
        "series": [(one, kinds.get(one.kind, one.kind)) for one in series],
        "is_well": all(one.is_well for one in series),
    }
    return render(request, "billing/series_report.html", context)
