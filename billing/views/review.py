"""The screens of review by exception: drafts with flags, what each is about, the rest issued."""

from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import services
from billing.filters import CLEAN, ReviewFilter
from billing.forms import AcceptFlagForm
from billing.models import BillingRun, Flag, Invoice
from billing.selectors.flag_details import changes_by_kind, charges_behind
from billing.selectors.review import (
    billing_settings,
    clean_ones,
    drafts_to_review,
    flag_counts,
    flags_of,
    review_periods,
    with_flags,
)
from billing.tasks import hand_over_run, run_billing
from customers.models import Customer
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

SEE: Final = ("billing.view_invoice", "billing.view_amounts")
DECIDE: Final = (*SEE, "billing.issue_invoice")
_COLUMNS: Final = {
    "customer": Column("customer__sort_key"),
    "total": Column("total"),
    "created": Column("created_at"),
}
_CHARGES_SHOWN: Final = 100


@require_safe
@require(*SEE)
def review_list(request: HttpRequest) -> HttpResponse:
    """List the drafts of a month by their flags."""
    drafts = drafts_to_review(request.user, now=timezone.now())
    periods = review_periods(drafts)
    period = request.GET.get("period") or (periods[0][0] if periods else "")
    of_month = with_flags(drafts.filter(period=period))
    counts = flag_counts(of_month)
    filters = ReviewFilter(
        request.GET, queryset=of_month.prefetch_related("acceptances"), request=request
    )
    tabs: list[tuple[str, object, int]] = [("", _("To look at"), counts["flagged"])]
    tabs += [(flag.value, flag.label, counts[flag]) for flag in Flag if counts[flag]]
    tabs.append((CLEAN, _("Without a flag"), counts["clean"]))
    page = keyset_page(filters.qs, request.GET, columns=_COLUMNS, default="customer")
    context = {
        "filter": filters,
        "page": page,
        "rows": [(draft, flags_of(draft)) for draft in page.rows],
        "tabs": tabs,
        "periods": periods,
        "period": period,
        "clean": counts["clean"],
        "change_percent": billing_settings().change_percent,
        "may_issue": request.user.has_perms((*DECIDE, "billing.view_billingrun")),
    }
    return render_page_or_fragment(
        request, "billing/review_list.html", "billing/_review_rows.html", context
    )


@require_POST
@require(*DECIDE, "billing.view_billingrun")
def review_issue(request: HttpRequest) -> HttpResponse:
    """Issue every draft of a month that has no flag, as a billing run."""
    period = request.POST.get("period", "")
    drafts = drafts_to_review(request.user, now=timezone.now()).filter(period=period)
    clean = clean_ones(with_flags(drafts))
    customers = Customer.objects.filter(pk__in=list(clean.values_list("customer", flat=True)))
    if not customers:
        messages.error(request, _("No draft of that month is without a flag."))
        return redirect("billing:review_list")
    try:
        with transaction.atomic():
            run = services.start_run(
                period=period,
                issue=BillingRun.Issue.UNFLAGGED,
                customers=customers,
                selection="review=1",
                actor=request.user,
                now=timezone.now(),
                task=run_billing.name,
            )
            transaction.on_commit(lambda: hand_over_run(run.pk), robust=True)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("billing:review_list")
    return redirect("billing:run_detail", pk=run.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*SEE)
def review_flag(request: HttpRequest, pk: int, flag: str) -> HttpResponse:
    """Show what a flag of a draft is about; let it pass with a reason."""
    draft = _draft_or_404(request, pk)
    found = next((one for one in flags_of(draft) if one.flag == flag), None)
    if found is None:
        messages.info(request, _("The draft has this flag no longer."))
        return redirect("billing:invoice_detail", pk=pk)
    form = AcceptFlagForm(request.POST or None)
    if request.method == "POST" and not request.user.has_perms(DECIDE):
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        try:
            services.accept_flag(
                invoice=draft,
                flag=flag,
                reason=form.cleaned_data["reason"],
                actor=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Accepted. It holds as long as the draft stays so."))
            return redirect(f"{reverse('billing:review_list')}?period={draft.period}")
    charges = charges_behind(draft, found.flag)
    context = {
        "invoice": draft,
        "found": found,
        "form": form,
        "charges": charges[:_CHARGES_SHOWN],
        "changes": changes_by_kind(draft) if found.flag == Flag.CHANGE else [],
        "others": [one for one in flags_of(draft) if one.flag != flag],
        "may_accept": request.user.has_perms(DECIDE),
    }
    return render(request, "billing/review_flag.html", context)


def _draft_or_404(request: HttpRequest, pk: int) -> Invoice:
    drafts = with_flags(drafts_to_review(request.user, now=timezone.now()).filter(pk=pk))
    draft = drafts.prefetch_related("acceptances").first()
    if draft is None:
        raise Http404
    return draft
