"""The queue of problems: what could not be charged, why, and what cures it."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import services
from billing.filters import ProblemFilter
from billing.forms import AssignForm
from billing.models import Charge, RatedLeg
from billing.selectors import (
    charges_visible_to,
    estimated_charges,
    problem_counts,
    problems_visible_to,
    uncharged_conferences,
)
from customers.selectors import customers_visible_to
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

COLUMNS = {"held": Column("sort_at"), "customer": Column("customer__sort_key", nullable=True)}
ESTIMATED = "estimated"
CURE = ("billing.view_charge", "billing.change_charge")
SUGGESTED = 300
_SHORT = {
    Charge.Problem.NO_CUSTOMER: gettext_lazy("No customer"),
    Charge.Problem.NO_CONTRACT: gettext_lazy("No contract"),
    Charge.Problem.UNPRICED_LEGS: gettext_lazy("No rate"),
    Charge.Problem.BAD_TIMES: gettext_lazy("Bad times"),
    Charge.Problem.CORRECTION: gettext_lazy("Changed after credit"),
}


@require_safe
@require("billing.view_charge")
def problem_list(request: HttpRequest) -> HttpResponse:
    """List what waits, the oldest first, with its reason and its cures."""
    is_estimated = request.GET.get("problem") == ESTIMATED
    estimated = estimated_charges(request.user)
    rows = estimated if is_estimated else problems_visible_to(request.user)
    given = request.GET.copy()
    if is_estimated:
        given.pop("problem")
    filters = ProblemFilter(given, queryset=rows)
    shown = filters.qs.prefetch_related(
        Prefetch("rated_legs", queryset=RatedLeg.objects.exclude(problem=""), to_attr="odd_legs")
    )
    context = {
        "filter": filters,
        "page": keyset_page(shown, request.GET, columns=COLUMNS, default="held"),
        "tabs": _tabs(request, estimated.count()),
        "is_estimated": is_estimated,
        "uncharged": uncharged_conferences().count(),
        "may_cure": request.user.has_perms(CURE),
    }
    return render_page_or_fragment(
        request, "billing/problem_list.html", "billing/_problem_rows.html", context
    )


def _tabs(request: HttpRequest, estimated: int) -> list[tuple[str, object, int]]:
    counts = problem_counts(request.user)
    tabs: list[tuple[str, object, int]] = [("", _("All"), sum(counts.values()))]
    tabs += [
        (value, _SHORT.get(Charge.Problem(value), label), counts.get(value, 0))
        for value, label in Charge.Problem.choices
        if value
    ]
    return [*tabs, (ESTIMATED, _("Estimated times"), estimated)]


@require_POST
@require(*CURE)
def problem_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again to charge what waits."""
    charge = _charge_or_404(request, pk)
    try:
        retried = services.retry_charge(charge=charge, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        _tell(request, retried)
    return redirect("billing:problem_list")


@require_POST
@require(*CURE)
def problem_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave what changed after all that was billed of it was credited."""
    charge = _charge_or_404(request, pk)
    try:
        services.leave_charge(charge=charge, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Left as it is: nothing is billed of it."))
    return redirect("billing:problem_list")


@require_http_methods(["GET", "HEAD", "POST"])
@require(*CURE, "customers.view_customer")
def problem_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whose call it was; it is charged at once."""
    charge = _charge_or_404(request, pk)
    form = AssignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            assigned = services.assign_conference(
                conference=charge.conference,
                customer=form.cleaned_data["customer"],
                actor=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            _tell(request, assigned)
            return redirect("billing:problem_list")
    context: dict[str, Any] = {
        "form": form,
        "charge": charge,
        "legs": charge.conference.legs.filter(withdrawn=False),
        "customers": customers_visible_to(request.user).order_by("sort_key")[:SUGGESTED],
    }
    return render(request, "billing/problem_assign.html", context)


def _tell(request: HttpRequest, charge: Charge) -> None:
    """Say what came of a cure."""
    if charge.problem:
        reason = charge.get_problem_display()
        messages.warning(request, _("It still waits: %(reason)s.") % {"reason": reason})
    else:
        messages.success(request, _("Charged. It stands on its invoice now."))


def _charge_or_404(request: HttpRequest, pk: int) -> Charge:
    charge = charges_visible_to(request.user).filter(pk=pk).first()
    if charge is None:
        raise Http404
    return charge
