"""The billing dashboard: a year in months, whom most is billed to, what waits for somebody."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.models import Flag
from billing.selectors import problem_counts
from billing.selectors.alerts import pool_alerts, usage_alerts
from billing.selectors.dashboard import Dashboard, billing_dashboard
from billing.selectors.review import drafts_to_review, flag_counts_by_period, with_flags
from billing.selectors.unbilled import unbilled_months
from toolkit.access import require
from toolkit.charts import BarChart, Series, bar_chart
from toolkit.money import minor_unit_digits
from toolkit.templatetags.values import currency_symbol

SEE: Final = ("billing.view_invoice", "billing.view_amounts", "billing.view_charge")
_MOST_ALERTS: Final = 8
_MOST_MONTHS: Final = 6
_HALF_PAGE: Final = {"width": 480, "height": 220}  # in units of the drawing


@require_safe
@require(*SEE)
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the figures of the last twelve months in one currency, each leading to its list."""
    now = timezone.now()
    figures = billing_dashboard(now=now, currency=_currency(request))
    context = {
        "figures": figures,
        "charts": _charts(figures),
        "sparks": {
            name: [getattr(month, name) for month in figures.months]
            for name in ("billed", "collected", "minutes")
        },
        "flags": _flags(request),
        "problems": sum(problem_counts(request.user).values()),
        "not_billed": unbilled_months(now=now),
        "pools": pool_alerts(now=now)[:_MOST_ALERTS],
        "usage": usage_alerts(now=now)[:_MOST_ALERTS],
    }
    return render(request, "billing/dashboard.html", context)


def _currency(request: HttpRequest) -> str:
    """Answer the currency asked for; empty (the issuer's) where it is none."""
    code = request.GET.get("currency", "").upper()
    try:
        minor_unit_digits(code)
    except ValueError:
        return ""
    return code


def _flags(request: HttpRequest) -> list[dict[str, Any]]:
    """Count the open flags of each month with drafts that could be issued, the latest first."""
    drafts = with_flags(drafts_to_review(request.user, now=timezone.now()))
    return [
        {
            "period": period,
            "flagged": counts["flagged"],
            "clean": counts["clean"],
            "flags": [(flag, counts[flag]) for flag in Flag if counts[flag]],
        }
        for period, counts in flag_counts_by_period(drafts).items()
    ][:_MOST_MONTHS]


def _charts(figures: Dashboard) -> list[BarChart]:
    labels = [date_format(month.first_day, "M") for month in figures.months]
    symbol, digits = currency_symbol(figures.currency), minor_unit_digits(figures.currency)

    def of(name: str) -> Sequence[Decimal]:
        # A bar can't hang below its line; the table of the months says the true figure.
        return [max(Decimal(0), getattr(month, name)) for month in figures.months]

    def money(title: str, name: str) -> BarChart:
        return bar_chart(
            title, labels, [Series(title, of(name))], unit=symbol, decimals=digits, **_HALF_PAGE
        )

    return [
        money(_("Billed"), "billed"),
        money(_("Collected"), "collected"),
        money(_("Overdue"), "overdue"),
        money(_("Unbilled"), "unbilled"),
        bar_chart(
            _("Minutes"), labels, [Series(_("Minutes"), of("minutes"))], unit="min", **_HALF_PAGE
        ),
    ]
