"""Take in what a bridge says of a finished call, once, however often and in how many parts."""

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext as _

from conferencing.models import Bridge, CallRecord, Conference, Leg, LegTicket, Reservation
from integration.services import machine
from toolkit.telephony import Access

from .call_records import CallTold, InvalidCallRecordError, LegRecord, read_call_record, span_of
from .link_stories import lock_story
from .records import announce
from .reservations import conference_terms

if TYPE_CHECKING:
    from django.db.models import QuerySet

# A record that names no reservation is of the one whose room it names, within this distance.
ROOM_WINDOW: Final = dt.timedelta(hours=12)
_TOLD_OF_LEGS: Final = (
    "conference",
    "participant",
    "access",
    "number",
    "without_ticket",
    "answered_at",
    "answered_how",
    "ended_at",
    "ended_how",
    "withdrawn",
)
_STATUS_AFTER: Final = {
    Conference.State.ENDED: Reservation.Status.HELD,
    Conference.State.NO_SHOW: Reservation.Status.NO_SHOW,
    Conference.State.CANCELLED: Reservation.Status.CANCELLED,
}


class OutcomeKind(StrEnum):
    """What became of a call record."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call record; an orphan waits for somebody to say whose it is."""

    kind: OutcomeKind
    conference: Conference
    call_record: CallRecord

    @property
    def is_orphan(self) -> bool:
        """Whether no customer is known for the call."""
        return self.conference.customer_id is None


def accept_call_record(
    *,
    bridge: Bridge,
    record: Mapping[str, Any],
    now: dt.datetime,
    source: CallRecord.Source | str = CallRecord.Source.FEED,
    message_id: str = "",
) -> Outcome:
    """Store a call record as a new version and bring its conference and legs up to date.

    The conference is the reservation's (by number, by room and window), else the one named or
    open in that room, else a new one without customer. One transaction, and one record at a time
    for each bridge: repeated or simultaneous deliveries have one effect. ``conference_ended`` is
    sent inside the transaction when something changed and nobody is left in the room.

    Args:
        bridge: who speaks; a record never touches conferences of another bridge.
        record: the body of ``bridges/{slug}/call-records/`` in API.md. ``answered_how`` and
            ``ended_how`` of a leg may say how its times are known.
        now: when it came in.
        source: the link, or the signed feed.
        message_id: name of the delivery, to know a late repetition of an older version.

    Raises:
        InvalidCallRecordError: it can't be read, or a leg belongs to another call.
    """
    told = read_call_record(record)
    with transaction.atomic():
        lock_story(bridge)
        versions = CallRecord.objects.filter(bridge=bridge, call_id=told.call_id).select_related(
            "conference"
        )
        newest = versions.order_by("-version").first()
        repeated = _repeated(versions, newest, told, message_id)
        if repeated:
            return Outcome(OutcomeKind.UNCHANGED, repeated.conference, repeated)
        conference = _conference_for(bridge, told, newest)
        call_record = CallRecord.objects.create(
            bridge=bridge,
            call_id=told.call_id,
            version=newest.version + 1 if newest else 1,
            conference=conference,
            source=source,
            message_id=message_id[:255],
            digest=told.digest,
            body=json.loads(json.dumps(record, cls=DjangoJSONEncoder)),
            received_at=now,
        )
        _save_legs(conference, told, newest)
        _finish(conference)
        if conference.state != Conference.State.LIVE:
            announce(conference, now=now, actor=machine(f"bridge {bridge.slug}"))
        kind = OutcomeKind.CORRECTED if newest else OutcomeKind.NEW
    return Outcome(kind, conference, call_record)


def _repeated(
    versions: "QuerySet[CallRecord]", newest: CallRecord | None, told: CallTold, message_id: str
) -> CallRecord | None:
    """Answer the stored version that this is a repetition of.

    The newest with the same content; or an older one that came with the same delivery: a retry
    that was overtaken by the correction is not a correction back.
    """
    if newest is None or newest.digest == told.digest:
        return newest
    if not message_id:
        return None
    return versions.filter(message_id=message_id[:255], digest=told.digest).first()


# --- whose it is ----------------------------------------------------------------------------------
def _conference_for(bridge: Bridge, told: CallTold, newest: CallRecord | None) -> Conference:
    """Answer the conference that the record is a part of, its row locked."""
    reservation = _reservation_for(bridge, told)
    if newest is not None:
        conference = newest.conference
    elif reservation is not None:
        conference, _created = Conference.objects.get_or_create(
            reservation=reservation,
            defaults={"state": Conference.State.LIVE, **conference_terms(reservation)},
        )
    else:
        conference = _named(bridge, told) or Conference.objects.create(
            bridge=bridge,
            room=told.room or 0,
            state=Conference.State.LIVE,
            scheduled_start=told.started_at,
        )
    locked = (
        Conference.objects.select_for_update(of=("self",))
        .select_related("customer", "bridge")
        .get(pk=conference.pk)
    )
    if locked.customer_id is None and reservation is not None:
        _adopt(locked, reservation)
    return locked


def _adopt(conference: Conference, reservation: Reservation) -> None:
    """Give an orphan to the reservation that a correction names, unless that has its own."""
    if not Conference.objects.filter(reservation=reservation).exists():
        for name, value in conference_terms(reservation).items():
            setattr(conference, name, value)


def _reservation_for(bridge: Bridge, told: CallTold) -> Reservation | None:
    """Answer the reservation, its row locked: somebody may be cancelling it just now."""
    rows = (
        Reservation.objects.select_for_update(of=("self",))
        .select_related("customer", "bridge")
        .filter(bridge=bridge)
    )
    if told.reservation:
        by_number = rows.filter(number=told.reservation).first()
        if by_number is not None:
            return by_number
    if told.room is None:
        return None
    return rows.filter(
        room=told.room,
        scheduled_start__lte=told.ended_at + ROOM_WINDOW,
        scheduled_end__gte=told.started_at - ROOM_WINDOW,
    ).first()


def _named(bridge: Bridge, told: CallTold) -> Conference | None:
    """Answer the conference that the record names by its id, or that is live in its room."""
    own = Conference.objects.filter(bridge=bridge)
    try:
        named = own.filter(pk=uuid.UUID(told.conference_id)).first()
    except ValueError:
        named = None
    if named is not None or told.room is None:
        return named
    return own.filter(
        reservation=None,
        room=told.room,
        state=Conference.State.LIVE,
        scheduled_start__gte=told.started_at - ROOM_WINDOW,
        scheduled_start__lte=told.ended_at,
    ).first()


# --- its legs -------------------------------------------------------------------------------------
def _save_legs(conference: Conference, told: CallTold, newest: CallRecord | None) -> None:
    """Bring the legs up to the record; those that a correction no longer has are withdrawn."""
    bridge = conference.bridge
    ids = [leg.leg_id for leg in told.legs]
    rows = Leg.objects.select_for_update().filter(bridge=bridge, leg_id__in=ids)
    known = {leg.leg_id: leg for leg in rows}
    _refuse_foreign_legs(conference, told, known)
    tickets = {
        ticket.leg_id: ticket
        for ticket in LegTicket.objects.filter(leg_id__in=ids, reservation__bridge=bridge)
    }
    fresh = []
    for row in told.legs:
        leg = known.get(row.leg_id) or Leg(bridge=bridge, leg_id=row.leg_id)
        leg.conference = conference
        _apply(leg, row, tickets.get(row.leg_id), bridge)
        if row.leg_id not in known:
            fresh.append(leg)
    Leg.objects.bulk_create(fresh, batch_size=1000)
    Leg.objects.bulk_update(known.values(), _TOLD_OF_LEGS, batch_size=500)
    if newest is not None:
        before = {leg["id"] for leg in newest.body["legs"]}
        conference.legs.filter(leg_id__in=before - set(ids)).update(withdrawn=True)


def _refuse_foreign_legs(conference: Conference, told: CallTold, known: Mapping[str, Leg]) -> None:
    """Refuse a leg id that stands for somebody's stay in another conference.

    Raises:
        InvalidCallRecordError: a leg billed there would be billed here again.
    """
    foreign = {
        leg_id
        for leg_id, leg in known.items()
        if leg.conference_id != conference.pk and not leg.withdrawn
    }
    if foreign:
        detail = _("This leg id belongs to another call.")
        raise InvalidCallRecordError(
            [
                {
                    "pointer": told.place_of(leg_id),
                    "code": "leg_of_another_call",
                    "detail": detail,
                }
                for leg_id in sorted(foreign)
            ]
        )


def _apply(leg: Leg, row: LegRecord, ticket: LegTicket | None, bridge: Bridge) -> None:
    leg.participant = row.participant
    leg.access, leg.number, leg.without_ticket = billed_as(row, ticket, bridge)
    leg.answered_at, leg.answered_how = row.answered_at, row.answered_how
    leg.ended_at, leg.ended_how = row.ended_at, row.ended_how
    leg.withdrawn = False


def billed_as(row: LegRecord, ticket: LegTicket | None, bridge: Bridge) -> tuple[str, str, bool]:
    """Answer access, number and "without ticket" of a leg.

    The ticket says it; else the bridge, in as many words or by the number that was dialled; a leg
    of which nobody knows anything is one from the internet, and flagged.
    """
    if ticket is not None:
        return ticket.access, ticket.number, False
    if row.access:
        return row.access, row.number, False
    dialled = row.number.removeprefix("+")
    for line in bridge.dial_in:
        if dialled and str(line.get("number", "")).removeprefix("+") == dialled:
            return str(line["access"]), row.number, False
    return Access.VOIP, row.number, True


# --- what it comes to -----------------------------------------------------------------------------
def _finish(conference: Conference) -> None:
    """Set times and state from the newest version of each of its records, and from its legs."""
    parts = CallRecord.objects.filter(conference=conference).order_by("call_id", "-version")
    spans = [span_of(body) for body in parts.distinct("call_id").values_list("body", flat=True)]
    conference.started_at = min(started for started, _ended in spans)
    conference.ended_at = max(ended for _started, ended in spans)
    conference.state = _state(conference)
    conference.save()
    status = _STATUS_AFTER.get(conference.state)
    if conference.reservation_id and status:
        Reservation.objects.filter(pk=conference.reservation_id).update(status=status)


def _state(conference: Conference) -> Conference.State:
    legs = conference.legs.filter(withdrawn=False)
    if legs.filter(ended_at=None).exists():
        return Conference.State.LIVE
    if conference.reservation_id is None or legs.exists():
        return Conference.State.ENDED
    return Conference.State.CANCELLED if conference.cancelled_at else Conference.State.NO_SHOW
