"""The screens of billing runs: what nobody billed, start one, follow it, its outcome."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import services
from billing.filters import BillingRunFilter, RunCustomerFilter, RunItemFilter
from billing.forms import RunForm
from billing.models import BillingRun, Flag, RunItem
from billing.selectors import today
from billing.selectors.runs import (
    items_of,
    progress_of,
    run_customers,
    runs_visible_to,
    with_counts,
)
from billing.selectors.unbilled import customers_not_billed, unbilled_months
from billing.tasks import hand_over_run, run_billing
from customers.models import Customer
from customers.selectors import customers_visible_to
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.exports import table_response
from toolkit.htmx import render_page_or_fragment
from toolkit.money import from_decimal, to_decimal
from toolkit.periods import Period
from toolkit.tables import Column, keyset_page

SEE: Final = ("billing.view_billingrun", "billing.view_invoice", "billing.view_amounts")
START: Final = (*SEE, "billing.issue_invoice", "customers.view_customer")
_COLUMNS: Final = {"started": Column("created_at"), "period": Column("period")}
_ITEM_COLUMNS: Final = {
    "customer": Column("customer__sort_key"),
    "net": Column("net", nullable=True),
    "before": Column("previous_net", nullable=True),
    "difference": Column("difference", nullable=True),
}
_SHOWN = 8
STOP_POLLING: Final = 286  # what htmx takes as the last answer
_DONE: Final = {
    "pause": gettext_lazy("Paused after the customer that was being billed."),
    "resume": gettext_lazy("The run goes on."),
    "cancel": gettext_lazy("Cancelled. What is issued stays."),
}


@require_safe
@require(*SEE)
def run_list(request: HttpRequest) -> HttpResponse:
    """List the runs, and the months that nobody billed."""
    filters = BillingRunFilter(
        request.GET, queryset=with_counts(runs_visible_to(request.user)), request=request
    )
    context: dict[str, Any] = {
        "filter": filters,
        "page": keyset_page(filters.qs, request.GET, columns=_COLUMNS, default="-started"),
        "may_start": request.user.has_perms(START),
    }
    if not request.headers.get("HX-Request"):
        context["unbilled"] = unbilled_months(now=timezone.now())
    return render_page_or_fragment(
        request, "billing/run_list.html", "billing/_run_rows.html", context
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(*START)
def run_create(request: HttpRequest) -> HttpResponse:
    """Choose a month and customers, and start a run."""
    form = RunForm(request.POST or None, initial=_proposal(request))
    chosen = _chosen(request, request.POST.get("selection", request.GET.urlencode()))
    if request.method == "POST" and form.is_valid():
        order = dict(form.cleaned_data)
        order["selection"] = "" if chosen is None else order["selection"]
        run = _start(request, form=form, customers=chosen, **order)
        if run is not None:
            return redirect("billing:run_detail", pk=run.pk)
    context = {
        "form": form,
        "filter": RunCustomerFilter(request.GET, queryset=customers_visible_to(request.user)),
        "is_chosen": chosen is not None,
        "customers": chosen[:_SHOWN] if chosen is not None else (),
        "count": _count(form, chosen),
        "shown": _SHOWN,
    }
    return render(request, "billing/run_form.html", context)


@require_POST
@require(*START)
def run_unbilled(request: HttpRequest) -> HttpResponse:
    """Bill a month that nobody billed, of whom it concerns."""
    form = RunForm({"issue": BillingRun.Issue.AGREED, **request.POST.dict()})
    if not form.is_valid():
        messages.error(request, _("Write a month as 2026-11."))
        return redirect("billing:run_list")
    period = form.cleaned_data["period"]
    run = _start(
        request,
        period=period,
        issue=form.cleaned_data["issue"],
        customers=customers_not_billed(period=period, now=timezone.now()),
        selection="unbilled=1",
    )
    return redirect("billing:run_list") if run is None else redirect("billing:run_detail", run.pk)


def _start(request: HttpRequest, form: RunForm | None = None, **order: Any) -> BillingRun | None:
    """Start a run and hand it to the workers; None where it is refused, which is then said."""
    try:
        with transaction.atomic():
            run = services.start_run(
                actor=request.user, now=timezone.now(), task=run_billing.name, **order
            )
            transaction.on_commit(lambda: hand_over_run(run.pk), robust=True)
    except DomainError as error:
        if form is None:
            messages.error(request, str(error))
        else:
            form.add_error(None, str(error))
        return None
    return run


def _proposal(request: HttpRequest) -> dict[str, str]:
    """Propose the month before today's, and the customers of the filter in the address."""
    month = Period.of_date(today()).previous
    return {
        "period": request.GET.get("period") or str(month),
        "selection": request.GET.urlencode(),
    }


def _chosen(request: HttpRequest, selection: str) -> QuerySet[Customer] | None:
    """Answer the customers of a filter; None where it chooses nobody in particular."""
    filters = RunCustomerFilter(QueryDict(selection), queryset=customers_visible_to(request.user))
    if not any(filters.data.get(name) for name in filters.filters):
        return None
    customers: QuerySet[Customer] = filters.qs.order_by("sort_key", "pk")
    return customers


def _count(form: RunForm, chosen: QuerySet[Customer] | None) -> int:
    """Count the customers of the run as it would be started now."""
    if chosen is not None:
        return chosen.count()
    text = str(form["period"].value() or "")
    try:
        month = Period.parse(text)
    except ValueError:
        return 0
    return len({customer for customer, _currency in run_customers(month=month, customers=None)})


@require_safe
@require(*SEE)
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a run is, and what came of each customer."""
    run = _run_or_404(request, pk)
    filters = RunItemFilter(request.GET, queryset=_with_difference(run), request=request)
    progress = progress_of(run, now=timezone.now())
    tabs: list[tuple[str, object, int]] = [("", _("All"), run.total)]
    tabs += [
        (value, label, progress.counts[value])
        for value, label in RunItem.State.choices
        if value in progress.counts
    ]
    context = {
        "run": run,
        "progress": progress,
        "filter": filters,
        "page": keyset_page(filters.qs, request.GET, columns=_ITEM_COLUMNS, default="customer"),
        "totals": _totals(filters.qs),
        "tabs": tabs,
        "flag_names": dict(Flag.choices),
        "may_start": request.user.has_perms(START),
    }
    return render_page_or_fragment(
        request, "billing/run_detail.html", "billing/_run_items.html", context
    )


@require_safe
@require(*SEE)
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer how far a run is; the last answer tells htmx to ask no more."""
    run = _run_or_404(request, pk)
    context = {
        "run": run,
        "progress": progress_of(run, now=timezone.now()),
        "may_start": request.user.has_perms(START),
        "is_last": run.is_over,
    }
    status = STOP_POLLING if run.is_over and request.headers.get("HX-Request") else 200
    response = render(request, "billing/_run_progress.html", context, status=status)
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@require(*START)
def run_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop after the customer that is being billed."""
    return _change(request, pk, "pause", services.pause_run)


@require_POST
@require(*START)
def run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a paused run."""
    return _change(request, pk, "resume", services.resume_run, go_on=True)


@require_POST
@require(*START)
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave alone who waits."""
    return _change(request, pk, "cancel", services.cancel_run)


def _change(
    request: HttpRequest,
    pk: int,
    what: str,
    change: Callable[..., BillingRun],
    *,
    go_on: bool = False,
) -> HttpResponse:
    run = _run_or_404(request, pk)
    try:
        with transaction.atomic():
            change(run=run, actor=request.user, now=timezone.now())
            if go_on:
                transaction.on_commit(lambda: hand_over_run(pk), robust=True)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _DONE[what])
    return redirect("billing:run_detail", pk=pk)


@require_safe
@require(*SEE)
def run_export(request: HttpRequest, pk: int, export: str) -> HttpResponseBase:
    """Download what came of each customer as CSV or XLSX."""
    run = _run_or_404(request, pk)
    filters = RunItemFilter(request.GET, queryset=_with_difference(run), request=request)
    name = _("dry-run") if run.dry_run else _("billing-run")
    return table_response(
        export,
        name=f"{name}-{run.period}-{run.pk}",
        head=[
            _("Customer number"),
            _("Customer"),
            _("Outcome"),
            _("Flags"),
            _("Currency"),
            _("Net"),
            _("Period before"),
            _("Net before"),
            _("Difference"),
            _("Reason"),
        ],
        rows=_export_rows(filters.qs.order_by("customer__sort_key", "pk")),
    )


def _export_rows(items: QuerySet[RunItem]) -> Iterator[list[Any]]:
    names = dict(Flag.choices)
    for item in items.iterator(chunk_size=1000):
        yield [
            item.customer.number,
            item.customer.name,
            item.get_state_display(),
            ", ".join(str(names[flag]) for flag in item.flags),
            item.currency,
            _amount(item.net, item.currency),
            item.previous_period,
            _amount(item.previous_net, item.currency),
            _amount(item.difference, item.currency),  # type: ignore[attr-defined]
            item.reason,
        ]


def _amount(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else to_decimal(from_decimal(amount), currency)


def _with_difference(run: BillingRun) -> QuerySet[RunItem]:
    """Return a run's customers with ``difference``: to the month before, or to nothing."""
    zero = Decimal(0)
    return items_of(run).annotate(difference=F("net") - Coalesce("previous_net", zero))


def _totals(items: QuerySet[RunItem]) -> list[dict[str, Any]]:
    """Add up the customers of the filter, each currency for itself."""
    sums = items.order_by().values("currency")
    rows = sums.annotate(
        count=Count("pk"),
        net_sum=Sum("net", default=Decimal(0)),
        previous_sum=Sum("previous_net", default=Decimal(0)),
        difference_sum=Sum("difference", default=Decimal(0)),
    )
    return [dict(row) for row in rows.order_by("currency")]


def _run_or_404(request: HttpRequest, pk: int) -> BillingRun:
    run = runs_visible_to(request.user).filter(pk=pk).first()
    if run is None:
        raise Http404
    return run
