"""Screens of the settings."""

import datetime as dt
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing import services as billing
from billing.models import ExchangeRate, Invoice, InvoiceSeries, VatRate
from billing.selectors import review
from billing.services.exchange import MOST_TOLD
from customers.models import Holiday, Issuer
from customers.services import IssuerChangedMeanwhileError, save_holidays, save_issuer
from mailing import selectors as mailings
from mailing.services import save_mailing_settings
from toolkit.access import require
from toolkit.errors import DomainError

from .forms import (
    BillingSettingsForm,
    EcbFileForm,
    ExchangeRateForm,
    HolidaysForm,
    IssuerForm,
    MailingSettingsForm,
    SeriesForm,
    VatRateForm,
)

RATES_SHOWN = 100


@require("customers.view_issuer")
def issuer(request: HttpRequest) -> HttpResponse:
    """Show and change our company's data."""
    current = Issuer.objects.first()
    initial = {"expected_version": current.version if current else None}
    form = IssuerForm(
        request.POST or None, request.FILES or None, instance=current, initial=initial
    )
    # The form's own instance is not saved: the service checks, saves and records.
    if _saved(
        request,
        form,
        lambda: save_issuer(
            actor=request.user,
            now=timezone.now(),
            expected_version=form.cleaned_data["expected_version"],
            **form.changes(),
        ),
    ):
        messages.success(request, _("Settings saved. Documents issued before keep theirs."))
        return redirect("settings:issuer")
    return render(request, "office/issuer.html", {"form": form, "issuer": current})


@require_safe
@require("customers.view_issuer")
def issuer_logo(_request: HttpRequest) -> HttpResponse:
    """Serve the logo."""
    current = get_object_or_404(Issuer, logo__isnull=False)
    return HttpResponse(bytes(current.logo or b""), content_type=current.logo_type)


@require("billing.view_vatrate")
def vat(request: HttpRequest) -> HttpResponse:
    """Show the VAT rates, and set a new one from a day on."""
    form = VatRateForm(request.POST or None)
    if _saved(
        request,
        form,
        lambda: billing.set_vat_rate(actor=request.user, now=timezone.now(), **form.cleaned_data),
    ):
        messages.success(request, _("VAT rate saved."))
        return redirect("settings:vat")
    rates = VatRate.objects.all()
    return render(request, "office/vat.html", {"form": form, "rates": rates})


@require("billing.view_exchangerate")
def exchange(request: HttpRequest) -> HttpResponse:
    """Show the latest exchange rates; take one by hand, or a file of the ECB."""
    if request.method == "POST" and not request.user.has_perm("billing.change_exchangerate"):
        raise PermissionDenied
    is_file = bool(request.FILES)
    form = ExchangeRateForm(None if is_file else request.POST or None)
    year_before = timezone.localdate().replace(month=1, day=1) - dt.timedelta(days=365)
    file_form = EcbFileForm(
        request.POST if is_file else None,
        request.FILES or None,
        initial={"since": year_before.replace(day=1)},
        prefix="ecb",
    )
    bad: tuple[str, ...] = ()
    sent: forms.Form = file_form if is_file else form
    if request.method == "POST" and sent.is_valid():
        try:
            bad = _take_rates(request, sent, is_file=is_file)
        except DomainError as error:
            sent.add_error(None, str(error))
        else:
            if not bad:
                return redirect("settings:exchange")
    context = {
        "form": form,
        "file_form": file_form,
        "rates": ExchangeRate.objects.all()[:RATES_SHOWN],
        "bad": bad[:MOST_TOLD],
        "bad_count": len(bad),
    }
    return render(request, "office/exchange.html", context)


def _take_rates(request: HttpRequest, form: forms.Form, *, is_file: bool) -> tuple[str, ...]:
    """Do what a valid form asks; answer what could not be read."""
    data = form.cleaned_data
    if not is_file:
        billing.set_exchange_rate(actor=request.user, now=timezone.now(), **data)
        messages.success(request, _("Exchange rate saved."))
        return ()
    came = billing.read_ecb_rates(
        content=data["file"], since=data["since"], actor=request.user, now=timezone.now()
    )
    messages.success(
        request,
        _("%(new)s new rates; %(known)s were known.") % {"new": came.new, "known": came.known},
    )
    return came.bad


@require("billing.view_invoiceseries")
def series(request: HttpRequest) -> HttpResponse:
    """Show the number series, and open one for a kind and year."""
    form = SeriesForm(request.POST or None, initial={"year": timezone.localdate().year})
    if _saved(
        request,
        form,
        lambda: billing.open_series(actor=request.user, now=timezone.now(), **form.cleaned_data),
    ):
        messages.success(request, _("Series saved."))
        return redirect("settings:series")
    rows = [(row, Invoice.Kind(row.kind).label) for row in InvoiceSeries.objects.all()]
    return render(request, "office/series.html", {"form": form, "rows": rows})


@require("customers.view_issuer")
def holidays(request: HttpRequest) -> HttpResponse:
    """Show and change the calendar of the house."""
    written = "\n".join(str(holiday) for holiday in Holiday.objects.all())
    form = HolidaysForm(request.POST or None, initial={"holidays": written})
    if _saved(
        request,
        form,
        lambda: save_holidays(
            holidays=form.cleaned_data["holidays"], actor=request.user, now=timezone.now()
        ),
    ):
        messages.success(request, _("Holidays saved."))
        return redirect("settings:holidays")
    last = Holiday.objects.aggregate(last=Max("date"))["last"]
    return render(request, "office/holidays.html", {"form": form, "last": last})


@require("billing.view_billingsettings")
def billing_settings(request: HttpRequest) -> HttpResponse:
    """Show and change what makes a draft unusual."""
    current = review.billing_settings()
    form = BillingSettingsForm(
        request.POST or None, instance=current, initial={"expected_version": current.version}
    )
    if request.method == "POST" and not request.user.has_perm("billing.change_billingsettings"):
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        try:
            billing.save_review_settings(
                **form.cleaned_data, actor=request.user, now=timezone.now()
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Settings saved."))
            return redirect("settings:billing")
    return render(request, "office/billing.html", {"form": form})


@require("mailing.change_mailingsettings")
def mailing_settings(request: HttpRequest) -> HttpResponse:
    """Show and change what holds for all mailings."""
    current = mailings.mailing_settings()
    form = MailingSettingsForm(
        request.POST or None, instance=current, initial={"expected_version": current.version}
    )
    if request.method == "POST" and form.is_valid():
        try:
            save_mailing_settings(**form.cleaned_data, actor=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Settings saved."))
            return redirect("settings:mailing")
    return render(request, "office/mailing.html", {"form": form})


def _saved(request: HttpRequest, form: forms.BaseForm, save: Callable[[], object]) -> bool:
    """Do ``save`` where a valid form was sent; what it refuses is shown with all that was typed.

    Raises:
        PermissionDenied: something was sent by a user who may only look.
    """
    if request.method != "POST":
        return False
    if not request.user.has_perm("customers.change_issuer"):
        raise PermissionDenied
    if not form.is_valid():
        return False
    try:
        save()
    except ValidationError as error:
        form.add_error(None, error)
        return False
    except IssuerChangedMeanwhileError:
        form.add_error(
            None, _("Somebody else saved these settings meanwhile: reload before you save yours.")
        )
        return False
    return True
