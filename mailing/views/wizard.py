"""The steps of a mailing before it starts: whom, what, when; then the recipients are fixed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mailing import selectors, services
from mailing.forms.mailings import AudienceForm, ScheduleForm, StepForm, TextsForm
from mailing.models import Mailing
from toolkit.access import require
from toolkit.errors import DomainError

from .mailings import SEE, mailing_or_404

ADD = (SEE, "mailing.add_mailing", "customers.view_customer")
CHANGE = (SEE, "mailing.change_mailing", "customers.view_customer")
SHOWN = 8  # customers named before the recipients are fixed


@require(*ADD)
def mailing_new(request: HttpRequest) -> HttpResponse:
    """Begin a mailing: name it and choose whom; ``?list=`` or a filter may say so already."""
    form = AudienceForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        instance=Mailing(audience=_asked_for(request)),
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_mailing(
                actor=request.user, now=timezone.now(), **form.fields_to_save()
            )
        except ValidationError as error:
            form.refuse(error)
        else:
            return redirect("mailing:mailing_texts", number=made.number)
    return render(request, "mailing/mailing_audience.html", {"form": form})


@require(*CHANGE)
def mailing_audience(request: HttpRequest, number: str) -> HttpResponse:
    """Choose whom anew; possible as long as the recipients are not fixed."""
    mailing = mailing_or_404(request, number)
    form = AudienceForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        instance=mailing,
        initial={"expected_version": mailing.version},
    )
    return _step(request, mailing, form, "mailing/mailing_audience.html", "mailing_texts")


@require(*CHANGE)
def mailing_texts(request: HttpRequest, number: str) -> HttpResponse:
    """Choose the letter and the e-mail that announces it."""
    mailing = mailing_or_404(request, number)
    form = TextsForm(
        request.POST or None, instance=mailing, initial={"expected_version": mailing.version}
    )
    return _step(request, mailing, form, "mailing/mailing_texts.html", "mailing_schedule")


@require(*CHANGE)
def mailing_schedule(request: HttpRequest, number: str) -> HttpResponse:
    """Say the day of posting and the printer."""
    mailing = mailing_or_404(request, number)
    form = ScheduleForm(
        request.POST or None, instance=mailing, initial={"expected_version": mailing.version}
    )
    return _step(request, mailing, form, "mailing/mailing_schedule.html", "mailing_detail")


@require_safe
@require(SEE, "customers.view_customer")
def mailing_lists(request: HttpRequest, number: str) -> HttpResponse:
    """Answer who gets what as it would be now: how many, and why some get less."""
    mailing = mailing_or_404(request, number)
    lists = selectors.preview_audience(mailing, request.user, now=timezone.now())
    context = {"mailing": mailing, "lists": lists, "shown": SHOWN}
    return render(request, "mailing/_lists.html", context)


def _step(
    request: HttpRequest, mailing: Mailing, form: StepForm, template: str, following: str
) -> HttpResponse:
    """Save a step and go on to the next one; whoever saves second is told, and loses nothing."""
    newer = False
    if request.method == "POST" and form.is_valid():
        try:
            services.change_mailing(
                mailing=mailing,
                actor=request.user,
                now=timezone.now(),
                expected_version=form.cleaned_data["expected_version"],
                **form.fields_to_save(),
            )
        except ValidationError as error:
            form.refuse(error)
        except services.MailingChangedMeanwhileError:
            newer = True
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("mailing:mailing_detail", number=mailing.number)
        else:
            messages.success(request, _("Saved."))
            return redirect(f"mailing:{following}", number=mailing.number)
    context = {"form": form, "mailing": mailing, "newer": newer}
    return render(request, template, context, status=409 if newer else 200)


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """Return the audience that the address names, as the customers' list links to it."""
    if "list" in request.GET:
        pk = request.GET["list"]
        return {"list": int(pk)} if pk.isdecimal() else {}
    known = AudienceForm.filter_names()
    chosen = {name: value for name, value in request.GET.items() if name in known and value}
    return {"filter": chosen} if chosen else {}
