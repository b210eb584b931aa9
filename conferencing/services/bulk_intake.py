"""Take in many finished calls at once, from a file: those about which there is no question."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from conferencing.models import Bridge, CallRecord, Conference, Leg, LegTicket, Reservation
from customers.models import Customer
from toolkit.copying import copy_rows, next_ids

from .call_records import HOW, CallTold, InvalidCallRecordError, LegRecord, read_call_record
from .intake import billed_as
from .link_stories import share_story

# What a file may say of a conference that nobody booked, with the longest text.
_TEXTS = {"title": 120, "billing_reference": 60}
_TRUTHS = ("operator_assisted", "recorded")
_MOST_PORTS = 10_000
_CONFERENCE_COLUMNS = (
    *("id", "customer_id", "bridge_id", "room", "title", "state", "scheduled_start"),
    *("started_at", "ended_at", "operator_assisted", "recorded", "reserved_ports"),
    *("billing_reference", "record_version", "recorded_at"),
)
_RECORD_COLUMNS = (
    *("bridge_id", "call_id", "version", "conference_id", "source", "message_id", "digest"),
    *("body", "received_at"),
)
_LEG_COLUMNS = (
    *("id", "bridge_id", "conference_id", "leg_id", "participant", "participant_id", "handle"),
    *("access", "number", "answered_at", "answered_how", "ended_at", "ended_how"),
    *("without_ticket", "withdrawn"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCall:
    """A call record of a file: what the signed feed would say, and whose the call is.

    ``customer`` is a number, or empty. ``booked`` are fields of the conference that a reservation
    would have said.
    """

    record: Mapping[str, Any]
    told: CallTold
    conference_id: uuid.UUID
    customer: str
    booked: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class BilledLeg:
    """A leg as it is written and billed."""

    id: int
    told: LegRecord
    access: str
    number: str
    without_ticket: bool

    @property
    def is_estimated(self) -> bool:
        """Whether a time of this leg is not from the bridge's own event or record."""
        told = self.told
        if told.answered_how == told.ended_how == HOW:
            return False
        return Leg(answered_how=told.answered_how, ended_how=told.ended_how).is_estimated


@dataclass(slots=True, kw_only=True)
class NewCall:
    """A call that is to be written: its conference is not kept yet."""

    imported: ImportedCall
    conference: Conference
    legs: list[BilledLeg]


@dataclass(slots=True)
class Sorted:
    """Calls by what is to be done with them: nothing, the ordinary path, or writing them."""

    known: list[ImportedCall] = field(default_factory=list)
    unusual: list[ImportedCall] = field(default_factory=list)
    plain: list[ImportedCall] = field(default_factory=list)


def read_imported_call(bridge: Bridge, record: object) -> ImportedCall:
    """Read a line of a file of call records.

    The conference of a call is named by bridge and call, so that a repetition finds it.

    Raises:
        InvalidCallRecordError: as for the signed feed, or for what only files say.
    """
    told = read_call_record(record)
    assert isinstance(record, Mapping)  # noqa: S101 (or it could not be read)
    errors: list[dict[str, str]] = []
    customer = record.get("customer") or ""
    if not isinstance(customer, str):
        errors.append({"pointer": "/customer", "code": "invalid", "detail": _("Expected a text.")})
    booked = dict(_booked(record, errors))
    if errors:
        raise InvalidCallRecordError(errors)
    return ImportedCall(
        record=record,
        told=told,
        conference_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{bridge.slug}/{told.call_id}"),
        customer=customer,
        booked=booked,
    )


def _booked(
    record: Mapping[str, Any], errors: list[dict[str, str]]
) -> Iterator[tuple[str, str | bool | int]]:
    for name, longest in _TEXTS.items():
        text = record.get(name)
        if not text:
            continue
        if isinstance(text, str) and len(text) <= longest and "\x00" not in text:
            yield name, text
        else:
            detail = _("At most %(longest)d characters.") % {"longest": longest}
            errors.append({"pointer": f"/{name}", "code": "max_length", "detail": detail})
    for name in _TRUTHS:
        if record.get(name) is True:
            yield name, True
        elif record.get(name):
            detail = _("Expected true or false.")
            errors.append({"pointer": f"/{name}", "code": "invalid", "detail": detail})
    if record.get("reserved_ports") is not None:
        yield "reserved_ports", _ports(record["reserved_ports"], errors)


def _ports(value: object, errors: list[dict[str, str]]) -> int:
    if type(value) is int and 0 <= value <= _MOST_PORTS:
        return value
    detail = _("Expected a number of ports.")
    errors.append({"pointer": "/reserved_ports", "code": "invalid", "detail": detail})
    return 0


def sort_calls(
    *, bridge: Bridge, calls: Sequence[ImportedCall], customers: Collection[str], is_careful: bool
) -> Sorted:
    """Say what is to be done with calls of a file; five queries for all.

    Plain is a new call of a known customer with legs, in a room that was never booked and where
    nobody is now. Until the end of the transaction nobody else tells anything of this bridge.
    ``is_careful`` looks for each leg, too, which costs more than writing it: without it a leg that
    is known already is found by the unique constraint.
    """
    share_story(bridge)
    digests = _known_digests(bridge, calls)
    rooms = {call.told.room for call in calls if call.told.room is not None}
    busy = _busy_rooms(bridge, rooms)
    seen: set[str] = set(_known_legs(bridge, calls, is_careful=is_careful))
    found = Sorted()
    new: set[str] = set()
    for call in calls:
        told = call.told
        legs = {leg.leg_id for leg in told.legs}
        if digests.get(told.call_id) == told.digest:
            found.known.append(call)
        elif (
            told.call_id in digests
            or told.call_id in new
            or call.customer not in customers
            or told.reservation
            or told.conference_id
            or told.room in busy
            or not legs
            or not seen.isdisjoint(legs)
        ):
            found.unusual.append(call)
        else:
            new.add(told.call_id)
            seen |= legs
            found.plain.append(call)
    return found


def _known_digests(bridge: Bridge, calls: Sequence[ImportedCall]) -> dict[str, str]:
    """Answer the newest digest of each call that is known."""
    records = CallRecord.objects.filter(
        bridge=bridge, call_id__in=[call.told.call_id for call in calls]
    )
    return dict(records.order_by("version").values_list("call_id", "digest"))


def _busy_rooms(bridge: Bridge, rooms: Collection[int]) -> set[int]:
    booked = Reservation.objects.filter(bridge=bridge, room__in=rooms)
    live = Conference.objects.filter(
        bridge=bridge, room__in=rooms, state=Conference.State.LIVE, reservation=None
    )
    return {*booked.values_list("room", flat=True), *live.values_list("room", flat=True)}


def _known_legs(
    bridge: Bridge, calls: Sequence[ImportedCall], *, is_careful: bool
) -> Iterable[str]:
    """Answer which legs have a ticket or, if careful, a row."""
    if not is_careful and not LegTicket.objects.filter(reservation__bridge=bridge).exists():
        return []
    ids = [leg.leg_id for call in calls for leg in call.told.legs]
    tickets = LegTicket.objects.filter(Q(reservation__bridge=bridge), leg_id__in=ids)
    found = set(tickets.values_list("leg_id", flat=True))
    if is_careful:
        found |= set(
            Leg.objects.filter(bridge=bridge, leg_id__in=ids).values_list("leg_id", flat=True)
        )
    return found


def new_calls(
    *,
    bridge: Bridge,
    calls: Sequence[ImportedCall],
    customers: Mapping[str, Customer],
    now: dt.datetime,
) -> list[NewCall]:
    """Make conferences and legs of plain calls, with the ids that they will have."""
    ids = next_ids(Leg, sum(len(call.told.legs) for call in calls))
    return [
        NewCall(
            imported=call,
            conference=_conference(bridge, call, customers[call.customer], now),
            legs=[_leg(bridge, told, next(ids)) for told in call.told.legs],
        )
        for call in calls
    ]


def _conference(
    bridge: Bridge, call: ImportedCall, customer: Customer, now: dt.datetime
) -> Conference:
    return Conference(
        id=call.conference_id,
        customer=customer,
        bridge=bridge,
        room=call.told.room or 0,
        state=Conference.State.ENDED,
        scheduled_start=call.told.started_at,
        started_at=call.told.started_at,
        ended_at=call.told.ended_at,
        record_version=1,
        recorded_at=now,
        **call.booked,
    )


def _leg(bridge: Bridge, told: LegRecord, pk: int) -> BilledLeg:
    access, number, without_ticket = billed_as(told, None, bridge)
    return BilledLeg(id=pk, told=told, access=access, number=number, without_ticket=without_ticket)


def write_calls(*, bridge: Bridge, calls: Sequence[NewCall], now: dt.datetime) -> None:
    """Write new calls as ``accept_call_record`` would: conferences, call records, legs.

    Nobody is told: the caller charges them in the same transaction.

    Raises:
        IntegrityError: a leg is known already.
    """
    conferences = [call.conference for call in calls]
    copy_rows(
        Conference,
        _CONFERENCE_COLUMNS,
        ([getattr(one, name) for name in _CONFERENCE_COLUMNS] for one in conferences),
    )
    copy_rows(CallRecord, _RECORD_COLUMNS, (_record_row(bridge, call, now) for call in calls))
    copy_rows(Leg, _LEG_COLUMNS, _leg_rows(bridge, calls))


def _record_row(bridge: Bridge, call: NewCall, now: dt.datetime) -> tuple[Any, ...]:
    told = call.imported.told
    source = str(CallRecord.Source.FEED)
    body = dict(call.imported.record)
    return bridge.pk, told.call_id, 1, call.conference.pk, source, "", told.digest, body, now


def _leg_rows(bridge: Bridge, calls: Sequence[NewCall]) -> Iterator[tuple[Any, ...]]:
    for call in calls:
        for leg in call.legs:
            told = leg.told
            yield (
                *(leg.id, bridge.pk, call.conference.pk, told.leg_id, told.participant, "", ""),
                *(leg.access, leg.number, told.answered_at, told.answered_how),
                *(told.ended_at, told.ended_how, leg.without_ticket, False),
            )
