"""Book and change reservations: one form, from which nothing that was typed is ever lost."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from conferencing.forms import ReservationForm
from conferencing.models import Reservation
from conferencing.selectors import Slot
from conferencing.selectors.booking import customers_meant
from conferencing.services import (
    BridgeFullError,
    CreditLimitReachedError,
    CustomerClosedError,
    CustomerSuspendedError,
    ReferenceRefusedError,
    ReservationChangedError,
    ReservationInvalidError,
    book_reservation,
    move_reservation,
)
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.telephony import Access

from .reservations import reservation_or_404

# Buttons that fill the form further instead of booking: look the customer up, choose one of
# several, take one of the times offered.
LOOK_UP, PICK, TAKE = "find", "pick", "alternative"


@require("conferencing.view_reservation", "conferencing.add_reservation")
def reservation_create(request: HttpRequest) -> HttpResponse:
    """Book; the address may say customer, start, bridge … beforehand."""
    if request.method != "POST":
        return _page(request, _form(request, request.GET))
    if {LOOK_UP, PICK, TAKE} & set(request.POST):
        return _page(request, _form(request, request.POST), taken=TAKE in request.POST)
    form = _bound(request)
    if form.is_valid() and form.known_customer is not None:
        try:
            reservation = book_reservation(
                customer=form.known_customer,
                override_reason=form.cleaned_data.get("override_reason", ""),
                actor=request.user,
                now=timezone.now(),
                **form.terms(),
            )
        except DomainError as error:
            return _page(request, form, slots=_refused(form, error))
        messages.success(request, _("%(number)s is booked.") % {"number": reservation.number})
        return redirect("conferencing:reservation_detail", number=reservation.number)
    return _page(request, form)


@require("conferencing.view_reservation", "conferencing.change_reservation")
def reservation_edit(request: HttpRequest, number: str) -> HttpResponse:
    """Change a reservation; whoever saves second is told, and loses nothing of what was typed."""
    reservation = reservation_or_404(request, number)
    if reservation.status != Reservation.Status.BOOKED:
        messages.error(request, _("The reservation can no longer be changed."))
        return redirect("conferencing:reservation_detail", number=number)
    if request.method != "POST":
        form = ReservationForm(customer=reservation.customer, reservation=reservation)
        return _page(request, form)
    if TAKE in request.POST:
        return _page(request, _form(request, request.POST, reservation), taken=True)
    form = ReservationForm(request.POST, customer=reservation.customer, reservation=reservation)
    if form.is_valid():
        try:
            move_reservation(
                reservation=reservation,
                expected_version=form.cleaned_data["expected_version"],
                actor=request.user,
                now=timezone.now(),
                **form.terms(),
            )
        except DomainError as error:
            return _page(request, form, slots=_refused(form, error))
        messages.success(request, _("Saved."))
        return redirect("conferencing:reservation_detail", number=number)
    return _page(request, form)


def _bound(request: HttpRequest) -> ReservationForm:
    found = customers_meant(request.user, request.POST.get("customer", ""))
    return ReservationForm(
        request.POST,
        customer=found[0] if len(found) == 1 else None,
        found=found,
        may_override=_may_override(request),
    )


def _form(
    request: HttpRequest, given: QueryDict, reservation: Reservation | None = None
) -> ReservationForm:
    """Fill the form with what is given without judging it yet."""
    raw: dict[str, Any] = {name: given.get(name) for name in given if name != "access"}
    if given:
        raw["access"] = given.getlist("access") or [Access.VOIP, Access.TOLL]
    if reservation is not None:
        form = ReservationForm(customer=reservation.customer, reservation=reservation)
        zone = reservation.customer.timezone
    else:
        found = customers_meant(request.user, given.get(PICK) or given.get("customer", ""))
        customer = found[0] if len(found) == 1 else None
        zone = customer.timezone if customer else ""
        form = ReservationForm(customer=customer, found=found, may_override=_may_override(request))
    form.initial.update(raw)
    form.initial.update(_taken(given.get(TAKE, ""), zone) | _wished(given.get("at", ""), zone))
    return form


def _taken(text: str, zone: str) -> dict[str, Any]:
    """Read an alternative that was chosen: a moment and a bridge."""
    moment, _comma, bridge = text.partition(",")
    return _wished(moment, zone) | ({"bridge": bridge} if bridge else {})


def _wished(text: str, zone: str) -> dict[str, Any]:
    """Write a moment (UTC, ISO) on the clocks of ``zone``, telling a doubled hour apart."""
    try:
        moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return {}
    local = moment.astimezone(ZoneInfo(zone) if zone else timezone.get_current_timezone())
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return {
        "scheduled_start": local.replace(tzinfo=None),
        "which": ("2" if local.fold else "1") if twice else "",
    }


def _refused(form: ReservationForm, error: DomainError) -> list[Slot]:
    """Show the refusal where it belongs; answer the times that would do."""
    match error:
        case BridgeFullError():
            form.refuse("scheduled_start", str(error))
            return error.alternatives
        case ReservationInvalidError():
            form.refuse(error.field, str(error))
        case ReferenceRefusedError():
            form.refuse("billing_reference", str(error))
        case CustomerSuspendedError() | CreditLimitReachedError() if error.may_override:
            form.refuse("override_reason", str(error))
        case CustomerSuspendedError() | CreditLimitReachedError() | CustomerClosedError():
            form.refuse("customer", str(error))
        case ReservationChangedError():
            message = _("%(error)s Look at it in another window, then decide.")
            form.refuse("", message % {"error": error})
        case _:
            form.refuse("", str(error))
    return []


def _may_override(request: HttpRequest) -> bool:
    return request.user.has_perm("conferencing.book_for_suspended")


def _page(
    request: HttpRequest,
    form: ReservationForm,
    *,
    slots: list[Slot] | None = None,
    taken: bool = False,
) -> HttpResponse:
    context = {
        "form": form,
        "reservation": form.reservation,
        "customer": form.known_customer,
        "slots": slots,
        "taken": taken,
        "now": timezone.now(),
    }
    return render(request, "conferencing/reservation_form.html", context)
