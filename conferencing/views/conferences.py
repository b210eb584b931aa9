"""Conferences: list, detail with legs, the live part of it; and the bridges they are held on."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from conferencing import selectors
from conferencing.filters import ConferenceFilter
from conferencing.models import Bridge, Conference, Leg
from conferencing.services import (
    ConferenceNotLiveError,
    LegNotOpenError,
    end_conference,
    remove_leg,
)
from toolkit.access import require
from toolkit.htmx import is_fragment, render_page_or_fragment
from toolkit.tables import Column, keyset_page, neighbours

from .reservations import STOP_POLLING

COLUMNS = {
    "start": Column("scheduled_start"),
    "customer": Column("customer__sort_key", nullable=True),
}


@require_safe
@require("conferencing.view_conference")
def conference_list(request: HttpRequest) -> HttpResponse:
    """List conferences by the filter in the address."""
    visible = selectors.conferences_visible_to(request.user)
    filters = ConferenceFilter(
        request.GET, queryset=visible.select_related("customer", "bridge", "reservation")
    )
    page = keyset_page(
        selectors.with_leg_counts(filters.qs), request.GET, columns=COLUMNS, default="-start"
    )
    counts = selectors.conference_counts(visible)
    tabs = [
        ("", _("All"), sum(counts.values())),
        *((one.value, one.label, counts.get(one.value, 0)) for one in Conference.State),
    ]
    return render_page_or_fragment(
        request,
        "conferencing/conference_list.html",
        "conferencing/_conference_rows.html",
        {"filter": filters, "page": page, "tabs": tabs},
    )


@require_safe
@require("conferencing.view_conference")
def conference_detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one conference; its legs follow live while it lasts."""
    conference = _conference_or_404(request, pk)
    filters = ConferenceFilter(request.GET, queryset=selectors.conferences_visible_to(request.user))
    before, after = neighbours(
        filters.qs, conference, columns=COLUMNS, sort=request.GET.get("sort", "-start")
    )
    records = conference.call_records.order_by("received_at").defer("body")
    context = {
        **_live(conference),
        "records": records,
        "before": before,
        "after": after,
    }
    return render(request, "conferencing/conference_detail.html", context)


@require_safe
@require("conferencing.view_conference")
def conference_legs(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer the live part of a conference again and again; 286 once it is over."""
    if not is_fragment(request):
        return redirect("conferencing:conference_detail", pk=pk)
    conference = _conference_or_404(request, pk)
    status = 200 if conference.state == Conference.State.LIVE else STOP_POLLING
    response = render(
        request, "conferencing/_conference_live.html", _live(conference), status=status
    )
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@require("conferencing.view_conference", "conferencing.end_conference")
def conference_end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Have the room taken down, and everyone out of it."""
    conference = _conference_or_404(request, pk)
    try:
        end_conference(conference=conference, actor=request.user, now=timezone.now())
    except ConferenceNotLiveError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The bridge is ending the conference."))
    return redirect("conferencing:conference_detail", pk=pk)


@require_POST
@require("conferencing.view_conference", "conferencing.end_conference")
def leg_remove(request: HttpRequest, pk: uuid.UUID, leg_id: str) -> HttpResponse:
    """Have one participant put out of the room."""
    conference = _conference_or_404(request, pk)
    leg = get_object_or_404(Leg, conference=conference, leg_id=leg_id)
    try:
        remove_leg(leg=leg, actor=request.user, now=timezone.now())
    except LegNotOpenError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("The bridge is putting %(who)s out.") % {"who": leg.participant}
        )
    return redirect("conferencing:conference_detail", pk=pk)


@require_safe
@require("conferencing.view_bridge")
def bridge_list(request: HttpRequest) -> HttpResponse:
    """Show the bridges and how they are."""
    bridges = selectors.bridges_visible_to(request.user)
    return render(request, "conferencing/bridge_list.html", {"bridges": bridges})


def _live(conference: Conference) -> dict[str, object]:
    legs: list[Leg] = conference.standing_legs  # type: ignore[attr-defined]
    reservation = conference.reservation
    return {
        "conference": conference,
        "legs": legs,
        "leg_count": len(legs),
        "open_legs": sum(leg.ended_at is None for leg in legs),
        "is_live": conference.state == Conference.State.LIVE,
        "is_ending": reservation is not None and reservation.room_state != "wanted",
        "is_simulated": conference.bridge.make == Bridge.Make.SIMULATED,
        "now": timezone.now(),
    }


def _conference_or_404(request: HttpRequest, pk: uuid.UUID) -> Conference:
    try:
        return selectors.conference_for(request.user, pk)
    except Conference.DoesNotExist as error:
        raise Http404 from error
