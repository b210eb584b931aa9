"""Reservations: list, detail, cancel, calendar file, and the page that participants get."""

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conferencing import selectors
from conferencing.filters import ReservationFilter
from conferencing.forms import CancellationForm
from conferencing.models import Bridge, Reservation
from conferencing.services import ReservationNotOpenError, cancel_reservation
from customers.models import Customer
from customers.selectors import customer_for
from toolkit.access import require
from toolkit.htmx import is_fragment, render_page_or_fragment
from toolkit.tables import Column, keyset_page, neighbours

STOP_POLLING = 286  # htmx: swap this, and ask no more
NEAR = dt.timedelta(hours=1)
COLUMNS = {
    "start": Column("scheduled_start"),
    "number": Column("number"),
    "customer": Column("customer__sort_key"),
    "ports": Column("reserved_ports"),
}


@require_safe
@require("conferencing.view_reservation")
def reservation_list(request: HttpRequest) -> HttpResponse:
    """List reservations by the filter in the address."""
    visible = selectors.reservations_visible_to(request.user)
    filters = ReservationFilter(
        request.GET, queryset=visible.select_related("customer", "bridge", "conference")
    )
    page = keyset_page(filters.qs, request.GET, columns=COLUMNS, default="-start")
    counts = selectors.reservation_counts(visible)
    tabs = [
        ("", _("All"), sum(counts.values())),
        *((one.value, one.label, counts.get(one.value, 0)) for one in Reservation.Status),
    ]
    return render_page_or_fragment(
        request,
        "conferencing/reservation_list.html",
        "conferencing/_reservation_rows.html",
        {"filter": filters, "page": page, "tabs": tabs},
    )


@require_safe
@require("conferencing.view_reservation")
def reservation_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Show one reservation: how to join, the room, its tickets, what became of it."""
    reservation = reservation_or_404(request, number)
    filters = ReservationFilter(
        request.GET, queryset=selectors.reservations_visible_to(request.user)
    )
    before, after = neighbours(
        filters.qs, reservation, columns=COLUMNS, sort=request.GET.get("sort", "-start")
    )
    context = {
        **_room(reservation),
        "tickets": selectors.tickets_of(reservation),
        "dial_in": selectors.dial_in_of(reservation),
        "join_url": selectors.join_url(reservation),
        "is_open": reservation.status == Reservation.Status.BOOKED,
        "is_simulated": reservation.bridge.make == Bridge.Make.SIMULATED,
        "before": before,
        "after": after,
    }
    return render(request, "conferencing/reservation_detail.html", context)


@require_safe
@require("conferencing.view_reservation")
def reservation_room(request: HttpRequest, number: str) -> HttpResponse:
    """Answer the state of the room again and again; 286 once it does not change any more."""
    if not is_fragment(request):
        return redirect("conferencing:reservation_detail", number=number)
    reservation = reservation_or_404(request, number)
    context = _room(reservation)
    status = 200 if context["is_near"] else STOP_POLLING
    response = render(request, "conferencing/_reservation_room.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def _room(reservation: Reservation) -> dict[str, object]:
    """Tell of the room; ``is_near``: its state may change while somebody looks."""
    now = timezone.now()
    opens, closes = reservation.scheduled_start - NEAR, reservation.scheduled_end + NEAR
    settled = reservation.room_state == Reservation.RoomState.ENDED
    return {
        "reservation": reservation,
        "conference": getattr(reservation, "conference", None),
        "is_near": opens <= now <= closes and not settled,
    }


@require("conferencing.view_reservation", "conferencing.cancel_reservation")
def reservation_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel a reservation, saying why."""
    reservation = reservation_or_404(request, number)
    form = CancellationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_reservation(
                reservation=reservation,
                reason=form.cleaned_data["reason"],
                actor=request.user,
                now=timezone.now(),
            )
        except ReservationNotOpenError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("%(number)s is cancelled.") % {"number": number})
        return redirect("conferencing:reservation_detail", number=number)
    return render(
        request,
        "conferencing/reservation_cancel.html",
        {"reservation": reservation, "form": form},
    )


@require_safe
@require("conferencing.view_reservation")
def reservation_ics(request: HttpRequest, number: str) -> HttpResponse:
    """Download the reservation as calendar file."""
    reservation = reservation_or_404(request, number)
    answer = HttpResponse(
        selectors.calendar_of(reservation), content_type="text/calendar; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{reservation.number}.ics"'
    return answer


@require_safe
@require("conferencing.view_reservation", "customers.view_customer")
def customer_conferences(request: HttpRequest, number: str) -> HttpResponse:
    """Show what a customer has booked and held lately: a part of the customer's page."""
    try:
        customer = customer_for(request.user, number)
    except Customer.DoesNotExist as error:
        raise Http404 from error
    coming, past = selectors.reservations_around(request.user, customer, timezone.now())
    return render_page_or_fragment(
        request,
        "conferencing/customer_conferences.html",
        "conferencing/_customer_conferences.html",
        {"customer": customer, "coming": coming, "past": past},
    )


@require_safe
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Tell participants how to join; open to whoever was given the address."""
    try:
        reservation = selectors.reservation_to_join(token)
    except Reservation.DoesNotExist as error:
        raise Http404 from error
    with translation.override(reservation.language):
        response = render(
            request,
            "conferencing/join.html",
            {
                "reservation": reservation,
                "dial_in": selectors.dial_in_of(reservation),
                "is_cancelled": reservation.status == Reservation.Status.CANCELLED,
                "is_over": reservation.scheduled_end <= timezone.now(),
            },
        )
    # The address is the permission: it must not leak by caches or by the next page's referrer.
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def reservation_or_404(request: HttpRequest, number: str) -> Reservation:
    """Return the reservation, if this user may see it.

    Raises:
        Http404: there is none.
    """
    try:
        return selectors.reservation_for(request.user, number)
    except Reservation.DoesNotExist as error:
        raise Http404 from error
