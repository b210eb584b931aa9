"""What is known of a room, told as conferences, legs and call records."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max, Min, Q

from conferencing.bridges.base import BridgeFact, FactKind
from conferencing.bridges.story import LegStory, legs_of
from conferencing.models import (
    Bridge,
    BridgeEvent,
    Conference,
    Leg,
    LegTicket,
    Reservation,
)
from integration.services import machine, record_event
from toolkit.telephony import Access

from .records import store_own_record
from .reservations import conference_terms

_LINK_LOCK = 7_301_010  # class of the advisory locks: one for each bridge
OF_THE_BRIDGE = (FactKind.BRIDGE_STARTED, FactKind.BRIDGE_SHUTDOWN)
OF_A_HANDLE = (FactKind.ATTACHED, FactKind.MEDIA_LOST, FactKind.MEDIA_BACK)


def lock_story(bridge: Bridge) -> None:
    """Keep every other process from telling stories of this bridge until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LINK_LOCK, bridge.pk])


def share_story(bridge: Bridge) -> None:
    """Keep those who take ``lock_story`` waiting until the transaction ends, but not one another.

    For imports that write calls of which nobody else can be telling.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_LINK_LOCK, bridge.pk])


def tell_room(bridge: Bridge, room: int, *, now: datetime) -> None:
    """Bring conference, legs and call record of a room up to what is known of it.

    Tells the whole story again, so it is idempotent and the order of events does not matter. Call
    it in a transaction, after ``lock_story``.
    """
    stories = legs_of(facts_of_room(bridge, room), _last_seen(bridge, room))
    # Locked: somebody may be cancelling it just now, and there must be one conference of it.
    reservation = (
        Reservation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("customer", "bridge")
        .filter(bridge=bridge, room=room)
        .first()
    )
    if reservation is not None:
        if stories:
            _tell_conference(bridge, room, reservation, stories, now)
        return
    for sitting in sittings(stories):
        _tell_conference(bridge, room, None, sitting, now)


def facts_of_room(bridge: Bridge, room: int) -> list[BridgeFact]:
    """Return all that is known of the room, its connections, and the bridge meanwhile."""
    events = BridgeEvent.objects.filter(bridge=bridge)
    rows = list(events.filter(room=room))
    if not rows:
        return []
    handles = {row.handle for row in rows if row.handle}
    first = min(row.occurred_at for row in rows if row.occurred_at)
    rows += events.filter(
        Q(handle__in=handles, kind__in=OF_A_HANDLE)
        | Q(kind__in=OF_THE_BRIDGE, occurred_at__gte=first)
    )
    return [
        BridgeFact(
            kind=FactKind(row.kind),
            occurred_at=row.occurred_at,
            room=str(room),
            participant=row.participant_id,
            display=row.display,
            handle=row.handle,
            leg_id=row.leg_id,
        )
        for row in rows
        if row.occurred_at is not None and row.kind
    ]


def sittings(stories: Sequence[LegStory]) -> list[list[LegStory]]:
    """Split the legs of a room that nobody reserved wherever it stood empty."""
    found: list[list[LegStory]] = []
    empty_since: datetime | None = None
    for story in stories:
        if not found or (empty_since is not None and story.joined_at > empty_since):
            found.append([])
            empty_since = story.left_at
        elif empty_since is not None:
            empty_since = None if story.left_at is None else max(empty_since, story.left_at)
        found[-1].append(story)
    return found


def _last_seen(bridge: Bridge, room: int) -> dict[tuple[str, str], datetime]:
    rows = Leg.objects.filter(
        bridge=bridge, conference__room=room, last_seen_at__isnull=False
    ).values_list("participant_id", "handle", "last_seen_at")
    return {(participant, handle): seen_at for participant, handle, seen_at in rows if seen_at}


# --- one conference -------------------------------------------------------------------------------
def _tell_conference(
    bridge: Bridge,
    room: int,
    reservation: Reservation | None,
    stories: Sequence[LegStory],
    now: datetime,
) -> None:
    drafts = _drafts(bridge, room, reservation, stories)
    conference = _conference(bridge, room, reservation, drafts)
    was_live = conference.state == Conference.State.LIVE
    if conference._state.adding:
        conference.save()
    _write_legs(conference, drafts)
    _set_times(conference)
    still_in = conference.state == Conference.State.LIVE
    if reservation is not None:
        _hold(reservation)
    if still_in and not was_live:
        _record_start(conference, bridge, now)
    if not still_in:
        store_own_record(
            bridge=bridge,
            conference=conference,
            call_id=_call_id(conference, drafts),
            body=_record_body(conference, reservation, drafts),
            now=now,
        )


def _conference(
    bridge: Bridge, room: int, reservation: Reservation | None, drafts: Sequence[dict[str, Any]]
) -> Conference:
    """Return the conference of these legs, or a new one that is not saved yet."""
    rows = Conference.objects.select_for_update(of=("self",)).select_related("customer")
    if reservation is not None:
        known = rows.filter(reservation=reservation).first()
        return known or Conference(**conference_terms(reservation))
    ids = [draft["leg_id"] for draft in drafts]
    known = rows.filter(bridge=bridge, legs__leg_id__in=ids).order_by("scheduled_start").first()
    return known or Conference(
        bridge=bridge,
        room=room,
        scheduled_start=min(draft["answered_at"] for draft in drafts),
    )


def _set_times(conference: Conference) -> None:
    """Set state, start and end from all legs, those of posted call records included."""
    legs = conference.legs.filter(withdrawn=False)
    times = legs.aggregate(started=Min("answered_at"), ended=Max("ended_at"))
    still_in = legs.filter(ended_at=None).exists()
    conference.state = Conference.State.LIVE if still_in else Conference.State.ENDED
    conference.started_at = times["started"]
    conference.ended_at = None if still_in else times["ended"]
    conference.save(update_fields=["state", "started_at", "ended_at"])


def _hold(reservation: Reservation) -> None:
    """Mark the reservation as held; one that was cancelled stays so, and is billed as held."""
    if reservation.status in {Reservation.Status.BOOKED, Reservation.Status.NO_SHOW}:
        reservation.status = Reservation.Status.HELD
        reservation.save(update_fields=["status", "updated_at"])


def _record_start(conference: Conference, bridge: Bridge, now: datetime) -> None:
    record_event(
        type="conference.started",
        actor=machine(f"bridge {bridge.slug}"),
        customer_number=conference.customer.number if conference.customer else "",
        subject=("conference", conference.pk),
        data={"bridge": bridge.slug},
        now=now,
    )


# --- its legs -------------------------------------------------------------------------------------
def _drafts(
    bridge: Bridge, room: int, reservation: Reservation | None, stories: Iterable[LegStory]
) -> list[dict[str, Any]]:
    """Return the fields of each leg, with what its ticket says of access and number."""
    tickets = _Tickets(reservation)
    drafts = []
    for story in stories:
        ticket = tickets.of(story)
        own_name = story.display or story.participant
        drafts.append(
            {
                "leg_id": tickets.next_leg_id(ticket) or _untold_id(bridge, room, story),
                "participant": ticket.participant if ticket else own_name,
                "participant_id": story.participant,
                "handle": story.handle,
                "access": ticket.access if ticket else Access.VOIP,
                "number": ticket.number if ticket else "",
                "answered_at": story.joined_at,
                "answered_how": story.joined_how.value,
                "ended_at": story.left_at,
                "ended_how": story.left_how.value if story.left_how else "",
                "media_lost_at": story.media_lost_at,
                "without_ticket": ticket is None,
            }
        )
    return drafts


class _Tickets:
    """The tickets of one reservation. A ticket for another room is worth nothing here."""

    def __init__(self, reservation: Reservation | None) -> None:
        rows = LegTicket.objects.filter(reservation=reservation) if reservation else ()
        self._by_leg = {ticket.leg_id: ticket for ticket in rows}
        self._by_participant = {str(ticket.participant_id): ticket for ticket in rows}
        self._uses: dict[str, int] = {}

    def of(self, story: LegStory) -> LegTicket | None:
        """Return the ticket that was shown.

        Where the bridge could not tell which, the participant number that the ticket gave counts:
        to join without a ticket takes the bridge's own secret, which only gateways have.
        """
        if story.leg_id:
            return self._by_leg.get(story.leg_id)
        return self._by_participant.get(story.participant)

    def next_leg_id(self, ticket: LegTicket | None) -> str:
        """Return the ticket's leg id; coming back with it makes ``…-2``, ``…-3``."""
        if ticket is None:
            return ""
        uses = self._uses[ticket.leg_id] = self._uses.get(ticket.leg_id, 0) + 1
        return ticket.leg_id if uses == 1 else f"{ticket.leg_id}-{uses}"


def _untold_id(bridge: Bridge, room: int, story: LegStory) -> str:
    """Name a leg without a ticket by what does not change when its times are corrected."""
    name = f"{bridge.slug}/{room}/{story.participant}/{story.handle}/{story.turn}"
    return f"x-{uuid.uuid5(uuid.NAMESPACE_URL, name).hex}"


def _write_legs(conference: Conference, drafts: Sequence[dict[str, Any]]) -> None:
    known = {leg.leg_id: leg for leg in conference.legs.all()}
    for draft in drafts:
        leg = known.pop(draft["leg_id"], None)
        if leg is None:
            Leg.objects.create(conference=conference, bridge_id=conference.bridge_id, **draft)
            continue
        changed = [name for name, value in draft.items() if getattr(leg, name) != value]
        if leg.withdrawn:
            changed.append("withdrawn")
            leg.withdrawn = False
        for name in changed:
            setattr(leg, name, draft.get(name, getattr(leg, name)))
        if changed:
            leg.save(update_fields=changed)
    for leg in known.values():
        _withdraw(conference, leg)


def _withdraw(conference: Conference, leg: Leg) -> None:
    """Take back a leg that turned out to be another one; what was recorded is kept."""
    if conference.record_version == 0:
        leg.delete()
    elif not leg.withdrawn and not _from_feed(leg):
        leg.withdrawn = True
        leg.ended_at = leg.ended_at or leg.answered_at
        leg.save(update_fields=["withdrawn", "ended_at"])


def _from_feed(leg: Leg) -> bool:
    return leg.answered_how == "record"


# --- its record -----------------------------------------------------------------------------------
def _call_id(conference: Conference, drafts: Sequence[dict[str, Any]]) -> str:
    """Name the call: a reserved room is used once; another one by its first leg."""
    if conference.reservation_id is not None:
        return f"room-{conference.room}"
    return f"room-{conference.room}-{drafts[0]['leg_id']}"


def _record_body(
    conference: Conference, reservation: Reservation | None, drafts: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the call record, in the form in which other bridges post theirs."""
    return {
        "call_id": _call_id(conference, drafts),
        "conference_id": str(conference.pk),
        "room": conference.room,
        "reservation": reservation.number if reservation else None,
        "started_at": _text(conference.started_at),
        "ended_at": _text(conference.ended_at),
        "legs": [
            {
                "id": draft["leg_id"],
                "participant": draft["participant"],
                "access": str(draft["access"]),
                "number": draft["number"] or None,
                "answered_at": _text(draft["answered_at"]),
                "answered_how": draft["answered_how"],
                "ended_at": _text(draft["ended_at"]),
                "ended_how": draft["ended_how"],
                "without_ticket": draft["without_ticket"],
            }
            for draft in drafts
        ],
    }


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
