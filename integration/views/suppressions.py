"""Whom nothing is sent to: the list, an entry by hand, lifting one with a reason."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from integration import services
from integration.filters import SuppressionFilter
from integration.forms import LiftForm, SuppressionForm
from integration.models import Suppression
from integration.selectors import suppressions_visible_to
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

COLUMNS = {"since": Column("since"), "email": Column("email")}
SEE = "integration.view_suppression"
CHANGE = (SEE, "integration.change_suppression")


@require_safe
@require(SEE)
def suppression_list(request: HttpRequest) -> HttpResponse:
    """List whom nothing is sent to, the newest first."""
    rows = suppressions_visible_to(request.user)
    filters = SuppressionFilter(request.GET, queryset=rows)
    others = request.GET.copy()
    others.pop("standing", None)
    counts = SuppressionFilter(others, queryset=rows).qs.aggregate(
        all=Count("pk"), standing=Count("pk", filter=Q(lifted_at=None))
    )
    context = {
        "filter": filters,
        "page": keyset_page(filters.qs, request.GET, columns=COLUMNS, default="-since"),
        "tabs": [
            ("", _("All"), counts["all"]),
            ("yes", _("In force"), counts["standing"]),
            ("no", _("Lifted"), counts["all"] - counts["standing"]),
        ],
        "may_change": request.user.has_perms(CHANGE),
    }
    return render_page_or_fragment(
        request, "integration/suppression_list.html", "integration/_suppression_rows.html", context
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(*CHANGE)
def suppression_add(request: HttpRequest) -> HttpResponse:
    """Enter an address that nothing is to be sent to."""
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.suppress(
            email=form.cleaned_data["email"],
            detail=form.cleaned_data["detail"],
            reason=Suppression.Reason.BY_HAND,
            actor=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Nothing more is sent to this address."))
        return redirect("integration:suppression_list")
    return render(request, "integration/suppression_form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@require(*CHANGE)
def suppression_lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Write to an address again, and say why."""
    suppression = suppressions_visible_to(request.user).filter(pk=pk).first()
    if suppression is None:
        raise Http404
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.lift_suppression(
                suppression=suppression,
                because=form.cleaned_data["because"],
                actor=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("E-mail is sent there again."))
            return redirect("integration:suppression_list")
    context = {"form": form, "suppression": suppression}
    return render(request, "integration/suppression_lift.html", context)
