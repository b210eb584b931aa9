"""States, kinds of access and the ways in which a time is known, in words and colours."""

import datetime as dt
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conferencing.models import Bridge, Conference, Leg, Reservation
from toolkit.telephony import Access
from toolkit.templatetags.ui import pill

register = template.Library()
SILENT_AFTER = dt.timedelta(minutes=1)

_RESERVATION_TONES = {
    Reservation.Status.BOOKED: "info",
    Reservation.Status.HELD: "good",
    Reservation.Status.NO_SHOW: "warn",
    Reservation.Status.CANCELLED: "neutral",
}
_CONFERENCE_TONES = {
    Conference.State.LIVE: "live",
    Conference.State.ENDED: "good",
    Conference.State.NO_SHOW: "warn",
    Conference.State.CANCELLED: "neutral",
}
_ROOMS = {
    Reservation.RoomState.WANTED: ("info", _("Closed until its time")),
    Reservation.RoomState.ENDING: ("warn", _("Being taken down")),
    Reservation.RoomState.ENDED: ("neutral", _("Taken down")),
}
_HOW = {
    "event": _("told by the bridge"),
    "event-late": _("told by the bridge, late"),
    "record": _("from the call record"),
    "room-destroyed": _("the room was closed"),
    "poll": _("found by asking: estimated"),
    "bridge-started": _("the bridge started again: estimated"),
    "media-lost": _("nothing heard any more: estimated"),
}


@register.simple_tag
def reservation_pill(reservation: Reservation) -> SafeString:
    """Show the status of a reservation; one whose conference is live says so."""
    conference = getattr(reservation, "conference", None)
    if conference is not None and conference.state == Conference.State.LIVE:
        return pill("live", _("Live"))
    tone = _RESERVATION_TONES[Reservation.Status(reservation.status)]
    return pill(tone, reservation.get_status_display(), reservation.cancel_reason)


@register.simple_tag
def conference_pill(conference: Conference) -> SafeString:
    """Show the state of a conference."""
    tone = _CONFERENCE_TONES[Conference.State(conference.state)]
    return pill(tone, conference.get_state_display())


@register.simple_tag
def room_pill(reservation: Reservation) -> SafeString:
    """Show whether the room exists on the bridge."""
    state = Reservation.RoomState(reservation.room_state)
    if state == Reservation.RoomState.WANTED and reservation.room_asserted_at:
        return pill("good", _("Open on the bridge"))
    tone, label = _ROOMS[state]
    return pill(tone, label)


@register.simple_tag
def moment_text(value: dt.datetime, zone: str, style: str) -> str:
    """Write a moment on the clocks of ``zone`` without markup, for drawings and labels."""
    return date_format(value.astimezone(ZoneInfo(zone)), style)


@register.filter
def access_label(value: str) -> str:
    """Say a kind of access in words."""
    return str(Access(value).label) if value in Access.values else value


@register.filter
def access_labels(values: list[str]) -> str:
    """Say several kinds of access in words."""
    return ", ".join(map(access_label, values))


@register.filter
def how(value: str) -> str:
    """Say how a time is known."""
    return str(_HOW.get(value, value))


@register.filter
def seconds_of(of: Leg | Conference | Reservation, now: dt.datetime | None = None) -> int | None:
    """Answer whole seconds from beginning to end, any fraction counted as one; or up to ``now``."""
    start: dt.datetime | None
    end: dt.datetime | None
    match of:
        case Leg():
            start, end = of.answered_at, of.ended_at
        case Reservation():
            start, end = of.scheduled_start, of.scheduled_end
        case _:
            start, end = of.started_at, of.ended_at
    end = end or now
    if start is None or end is None:
        return None
    return max(0, -((start - end) // dt.timedelta(seconds=1)))


@register.filter
def is_simulated(bridge: Bridge) -> bool:
    """Tell whether the bridge plays calls instead of carrying them."""
    return bridge.make == Bridge.Make.SIMULATED


@register.simple_tag
def bridge_pill(bridge: Bridge) -> SafeString:
    """Show how a bridge is: what it last said of itself, and when it was last heard."""
    if not bridge.active:
        return pill("neutral", _("Not in use"))
    if bridge.last_error:
        return pill("bad", _("In trouble"), bridge.last_error)
    if bridge.make == Bridge.Make.FEED:
        return pill("info", _("Posts its records"))
    if bridge.last_poll_at is None:
        return pill("neutral", _("Not heard yet"))
    if timezone.now() - bridge.last_poll_at > SILENT_AFTER:
        return pill("bad", _("Silent"), _("It has not answered for more than a minute."))
    return pill("good", _("Answers"))
