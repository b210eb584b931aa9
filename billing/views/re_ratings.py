"""Correct a rate that was wrong: who is touched and by how much, then one adjustment each."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing import services
from billing.forms import RateCorrectionForm
from billing.models import ReRating
from billing.selectors.re_ratings import rates_alike, re_ratings_visible_to, sums_of
from billing.tasks import re_rate
from sales.models import Contract, ContractRate
from sales.selectors import contract_for, rates_known
from sales.services import ContractInvalidError
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.tables import Column, keyset_page

RE_RATE = ("billing.view_invoice", "billing.view_amounts", "sales.view_contract", "billing.re_rate")
COLUMNS = {"created": Column("created_at")}
MOST_OTHERS = 200


@require_safe
@require(*RE_RATE)
def re_rating_list(request: HttpRequest) -> HttpResponse:
    """List what was corrected; ``?contract=`` offers the rates of one contract."""
    number = request.GET.get("contract", "").strip()
    contract, rates = None, None
    if number:
        try:
            contract = contract_for(request.user, number.split()[0].upper())
        except Contract.DoesNotExist:
            messages.error(request, _("There is no contract of that number."))
        else:
            rates = rates_known(contract)
    found = re_ratings_visible_to(request.user)
    context = {
        "number": number,
        "contract": contract,
        "rates": rates,
        "page": keyset_page(found, request.GET, columns=COLUMNS, default="-created"),
    }
    return render(request, "billing/re_rating_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*RE_RATE)
def re_rating_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a rate should have said; nothing is written before its effect was seen."""
    rate = _rate_or_404(pk)
    others = rates_alike(rate)
    form = RateCorrectionForm(request.POST or None, rate=rate, others=rates_alike(rate))
    preview = None
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("step") == "start":
                return _started(request, form)
            preview = services.preview_rate_correction(now=timezone.now(), **form.asked)
        except ContractInvalidError as error:
            form.refuse(error)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {
        "form": form,
        "rate": rate,
        "contract": rate.contract,
        "preview": preview,
        "alike": others.count(),
    }
    return render(request, "billing/re_rating_form.html", context)


def _started(request: HttpRequest, form: RateCorrectionForm) -> HttpResponse:
    with transaction.atomic():
        started = services.start_re_rating(
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
            actor=request.user,
            now=timezone.now(),
            **form.asked,
        )
        transaction.on_commit(lambda: re_rate.delay(started.pk), robust=True)
    return redirect("billing:re_rating_detail", pk=started.pk)


@require_safe
@require(*RE_RATE)
def re_rating_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a correction is, and what it made of each month."""
    row = _re_rating_or_404(request, pk)
    months = row.months.select_related("contract__customer", "rate")
    return render(
        request,
        "billing/re_rating_detail.html",
        {"row": row, "months": months, "sums": sums_of(row)},
    )


@require_safe
@require(*RE_RATE)
def re_rating_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer how far a correction is; the last answer asks no more."""
    row = _re_rating_or_404(request, pk)
    response = render(request, "billing/_re_rating_progress.html", {"row": row})
    response["Cache-Control"] = "no-store, private"
    return response


def _rate_or_404(pk: int) -> ContractRate:
    rates = ContractRate.objects.select_related("contract__customer").exclude(
        contract__status=Contract.Status.DRAFT
    )
    rate = rates.filter(pk=pk).first()
    if rate is None:
        raise Http404
    return rate


def _re_rating_or_404(request: HttpRequest, pk: int) -> ReRating:
    row = re_ratings_visible_to(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
