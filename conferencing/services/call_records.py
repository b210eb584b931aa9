"""Read a call record as API.md describes it, and say precisely what is wrong with one.

The same record always gives the same digest: order of keys, order of legs and the way of writing
a moment make no difference.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from toolkit.errors import DomainError
from toolkit.telephony import Access

MOST_LEGS: Final = 10_000
LARGEST_ROOM: Final = 2**63 - 1
HOW: Final = "record"
_ACCESSES: Final = frozenset(Access.values)  # made anew at each look otherwise
_NUMBER: Final = re.compile(r"\+?[0-9]{2,19}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")


class InvalidCallRecordError(DomainError):
    """The record can't be read; ``errors`` has a pointer, a code and a sentence for each fault."""

    code = "validation-error"
    title = _("The input is not valid")
    status = 400

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(" ".join(error["detail"] for error in errors), errors=errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class LegRecord:
    """One participant's stay, as told; ``access`` and ``number`` may be empty.

    ``index`` is its place in the record as it was sent.
    ``answered_how`` and ``ended_how`` are told by our own bridge link only (BRIDGE.md).
    """

    index: int
    leg_id: str
    participant: str
    access: str
    number: str
    answered_at: dt.datetime
    ended_at: dt.datetime
    answered_how: str = HOW
    ended_how: str = HOW


@dataclass(frozen=True, slots=True)
class CallTold:
    """A call record that could be read. Moments are aware, in UTC."""

    call_id: str
    conference_id: str
    room: int | None
    reservation: str
    started_at: dt.datetime
    ended_at: dt.datetime
    legs: tuple[LegRecord, ...]
    digest: str

    def place_of(self, leg_id: str) -> str:
        """Answer the JSON pointer to the id of a leg, as the record was sent."""
        return next(f"/legs/{leg.index}/id" for leg in self.legs if leg.leg_id == leg_id)


def read_call_record(record: object) -> CallTold:
    """Answer what a record says.

    Raises:
        InvalidCallRecordError: with everything that is wrong, not only the first fault.
    """
    reader = _Reader()
    if not isinstance(record, Mapping):
        reader.fault("", "invalid", _("Expected a JSON object."))
        raise InvalidCallRecordError(reader.errors)
    started = reader.moment(record, "started_at", "")
    ended = reader.moment(record, "ended_at", "")
    call_id = reader.text(record, "call_id", "", required=True, longest=100)
    conference_id = reader.text(record, "conference_id", "", longest=100)
    reservation = reader.text(record, "reservation", "", longest=40)
    room = reader.room(record)
    legs = _legs(reader, record)
    if started and ended and ended < started:
        reader.fault("/ended_at", "ends_before_start", _("It ends before it starts."))
    if reader.errors or started is None or ended is None:
        raise InvalidCallRecordError(reader.errors)
    digest = _digest(record, started, ended, legs)
    return CallTold(call_id, conference_id, room, reservation, started, ended, tuple(legs), digest)


def span_of(body: Mapping[str, Any]) -> tuple[dt.datetime, dt.datetime]:
    """Answer when a stored record began and ended, in UTC."""
    reader = _Reader()
    started, ended = reader.moment(body, "started_at", ""), reader.moment(body, "ended_at", "")
    if started is None or ended is None:
        raise InvalidCallRecordError(reader.errors)
    return started, ended


def _legs(reader: "_Reader", record: Mapping[str, Any]) -> list[LegRecord]:
    rows = record.get("legs")
    if not isinstance(rows, list) or len(rows) > MOST_LEGS:
        reader.fault("/legs", "invalid", _("Expected a list of legs."))
        return []
    legs: dict[str, LegRecord] = {}
    for index, row in enumerate(rows):
        leg = _leg(reader, row, index)
        if leg is None:
            continue
        if leg.leg_id in legs:
            reader.fault(f"/legs/{index}/id", "duplicate", _("This id stands twice in the record."))
        legs[leg.leg_id] = leg
    return [legs[leg_id] for leg_id in sorted(legs)]


def _leg(reader: "_Reader", row: object, index: int) -> LegRecord | None:
    at = f"/legs/{index}"
    if not isinstance(row, Mapping):
        reader.fault(at, "invalid", _("Expected a JSON object."))
        return None
    leg_id = reader.text(row, "id", at, required=True, longest=64)
    participant = reader.text(row, "participant", at, longest=120)
    access = reader.text(row, "access", at, longest=20)
    if access and access not in _ACCESSES:
        reader.fault(f"{at}/access", "invalid_choice", _("No such kind of access."))
    number = reader.text(row, "number", at, longest=20)
    if number and not _NUMBER.fullmatch(number):
        reader.fault(f"{at}/number", "invalid", _("Expected a number such as +34910000000."))
    answered = reader.moment(row, "answered_at", at)
    ended = reader.moment(row, "ended_at", at)
    answered_how = reader.text(row, "answered_how", at, longest=24) or HOW
    ended_how = reader.text(row, "ended_how", at, longest=24) or HOW
    if answered is None or ended is None:
        return None
    # A leg that ends before it was answered is kept: rating reports it as a problem.
    return LegRecord(
        index,
        leg_id,
        participant or leg_id,
        access,
        number,
        answered,
        ended,
        answered_how,
        ended_how,
    )


def _digest(
    record: Mapping[str, Any], started: dt.datetime, ended: dt.datetime, legs: list[LegRecord]
) -> str:
    told = {leg["id"]: leg for leg in record["legs"]}
    normal = dict(record) | {
        "started_at": started.isoformat(),
        "ended_at": ended.isoformat(),
        "legs": [
            dict(told[leg.leg_id])
            | {"answered_at": leg.answered_at.isoformat(), "ended_at": leg.ended_at.isoformat()}
            for leg in legs
        ],
    }
    canonical = json.dumps(normal, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass
class _Reader:
    """Takes values out of the record and notes each fault with its JSON pointer."""

    errors: list[dict[str, str]] = field(default_factory=list)

    def fault(self, pointer: str, code: str, detail: str) -> None:
        self.errors.append({"pointer": pointer, "code": code, "detail": detail})

    def text(
        self, row: Mapping[str, Any], key: str, at: str, *, longest: int, required: bool = False
    ) -> str:
        value = row.get(key)
        if value is None or value == "":
            if required:
                self.fault(f"{at}/{key}", "required", _("This field is required."))
            return ""
        if not isinstance(value, str) or "\x00" in value or not _is_encodable(value):
            self.fault(f"{at}/{key}", "invalid", _("Expected a text."))
            return ""
        if len(value) > longest:
            detail = _("At most %(longest)d characters.") % {"longest": longest}
            self.fault(f"{at}/{key}", "max_length", detail)
        return value

    def room(self, row: Mapping[str, Any]) -> int | None:
        value = row.get("room")
        if value is None or value == "":
            return None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_ROOM:
            self.fault("/room", "invalid", _("Expected the number of a room."))
            return None
        return value

    def moment(self, row: Mapping[str, Any], key: str, at: str) -> dt.datetime | None:
        value = row.get(key)
        if value is None or value == "":
            self.fault(f"{at}/{key}", "required", _("This field is required."))
            return None
        moment = _moment(value)
        if moment is None:
            detail = _("Expected a moment such as 2026-11-24T09:00:00.000000Z.")
            self.fault(f"{at}/{key}", "invalid", detail)
        return moment


def _moment(value: object) -> dt.datetime | None:
    """Answer an RFC 3339 moment in UTC; None when it is none, or has no offset."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        return dt.datetime.fromisoformat(value.upper()).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _is_encodable(value: str) -> bool:
    """Tell whether the database can hold it: JSON may carry half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
