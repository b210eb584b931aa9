"""Call records of the bridge link, conferences that nobody came to, and who is told of both."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from conferencing.models import Bridge, CallRecord, Conference, Reservation
from conferencing.signals import conference_ended
from integration.services import SYSTEM, Actor, machine, record_event

from .reservations import conference_terms


def _digest_of(body: Mapping[str, Any]) -> str:
    """Return the fingerprint of a call record's content, however it is written."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def store_own_record(
    *,
    bridge: Bridge,
    conference: Conference,
    call_id: str,
    body: Mapping[str, Any],
    now: datetime,
) -> CallRecord | None:
    """Store what a bridge says of a call as the next version, and announce the conference.

    The same content as the newest version changes nothing: then None is returned and nobody is
    told. Call it in the transaction that wrote the conference's legs, holding a lock that keeps
    other records of this conference away.
    """
    digest = _digest_of(body)
    newest = CallRecord.objects.filter(bridge=bridge, call_id=call_id).order_by("-version").first()
    if newest is not None and newest.digest == digest:
        return None
    record = CallRecord.objects.create(
        bridge=bridge,
        call_id=call_id,
        version=1 + (newest.version if newest else 0),
        conference=conference,
        source=CallRecord.Source.LINK,
        digest=digest,
        body=dict(body),
        received_at=now,
    )
    announce(conference, now=now, actor=machine(f"bridge {bridge.slug}"))
    return record


def close_unattended(reservation: Reservation, *, now: datetime) -> Conference | None:
    """Record that nobody came to a booked conference; None when it was held or is closed already.

    Idempotent: a reservation has one conference. Its room, if still there, is taken down.
    """
    with transaction.atomic():
        locked = (
            Reservation.objects.select_for_update(of=("self",))
            .select_related("customer", "bridge")
            .get(pk=reservation.pk)
        )
        if (
            locked.status != Reservation.Status.BOOKED
            or Conference.objects.filter(reservation=locked).exists()
        ):
            return None
        locked.status = Reservation.Status.NO_SHOW
        if locked.room_state == Reservation.RoomState.WANTED:
            locked.room_state = Reservation.RoomState.ENDING
        locked.save(update_fields=["status", "room_state", "updated_at"])
        conference = Conference.objects.create(
            state=Conference.State.NO_SHOW, **conference_terms(locked)
        )
        announce(conference, now=now, actor=SYSTEM)
    return conference


def announce(conference: Conference, *, now: datetime, actor: Actor) -> None:
    """Count a new version of the conference and tell whoever listens, in this transaction."""
    conference.record_version += 1
    conference.recorded_at = now
    conference.save(update_fields=["record_version", "recorded_at"])
    record_event(
        type=_event_type(conference),
        actor=actor,
        customer_number=conference.customer.number if conference.customer else "",
        subject=("conference", conference.pk),
        data={"version": conference.record_version, "legs": _legs(conference)},
        now=now,
    )
    conference_ended.send(sender=Conference, conference_id=str(conference.pk))


def _event_type(conference: Conference) -> str:
    if conference.state == Conference.State.NO_SHOW:
        return "conference.missed"
    return "conference.ended" if conference.record_version == 1 else "conference.corrected"


def _legs(conference: Conference) -> int:
    return conference.legs.filter(withdrawn=False).count()
