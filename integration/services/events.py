"""The event log: one row for everything that happened, in the transaction of the change."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.utils import timezone

from integration.models import Event
from toolkit.request_id import acting_user, current_request_id

_TYPE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+")
_NUMBERING_LOCK = 7_301_001  # any number that no other advisory lock of ours uses
_NUMBERED_AT_ONCE = 5_000
_WRITTEN_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: the kind, and a name that stays readable when the account is gone."""

    kind: Event.ActorKind
    name: str


SYSTEM = Actor(Event.ActorKind.SYSTEM, "system")


def machine(name: str) -> Actor:
    """Return the actor for a bridge, a printer or a program with its own key."""
    return Actor(Event.ActorKind.MACHINE, name)


def record_event(
    *,
    type: str,  # noqa: A002 (the word of API.md)
    actor: Actor | AbstractBaseUser | AnonymousUser | str | None = None,
    customer_number: str = "",
    subject: tuple[str, object] = ("", ""),
    data: Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> Event:
    """Write one event. Call it inside the transaction of the change that it tells of.

    Args:
        type: what happened, from the general to the particular: ``contract.activated``.
        actor: a user, ``machine("bridge main")``, ``SYSTEM``, or the name of a part of the system
            as text. By default whoever makes the request being served, else the system.
        customer_number: the customer concerned; puts the event on that customer's timeline.
        subject: kind and public id of the object, ``("contract", "CT-2026-0001")``.
        data: what changed, as JSON. No money and no personal data: events are kept for ever.
        now: when it happened (aware); by default the present moment.

    Raises:
        ValueError: ``type`` is not dotted lower-case words.
    """
    _check_type(type)
    who = _actor_from(acting_user() if actor is None else actor)
    subject_type, subject_id = subject
    return Event.objects.create(
        type=type,
        occurred_at=now or timezone.now(),
        actor=who.name[:150],
        actor_kind=who.kind,
        request_id=current_request_id(),
        customer_number=customer_number,
        subject_type=subject_type,
        subject_id=str(subject_id),
        data=dict(data or {}),
    )


def record_events(
    *,
    type: str,  # noqa: A002 (as above)
    customers: Iterable[str],
    actor: Actor | AbstractBaseUser | AnonymousUser | str | None = None,
    subject: tuple[str, object] = ("", ""),
    data: Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> int:
    """Write the same event for many customers, by their numbers; return how many.

    For what happened to all of them at once, so that each has it on the timeline. Otherwise as
    ``record_event``.

    Raises:
        ValueError: ``type`` is not dotted lower-case words.
    """
    _check_type(type)
    who = _actor_from(acting_user() if actor is None else actor)
    subject_type, subject_id = subject
    moment = now or timezone.now()
    rows = Event.objects.bulk_create(
        [
            Event(
                type=type,
                occurred_at=moment,
                actor=who.name[:150],
                actor_kind=who.kind,
                request_id=current_request_id(),
                customer_number=number,
                subject_type=subject_type,
                subject_id=str(subject_id),
                data=dict(data or {}),
            )
            for number in customers
        ],
        batch_size=_WRITTEN_AT_ONCE,
    )
    return len(rows)


def _check_type(name: str) -> None:
    if not _TYPE.fullmatch(name):
        msg = f"event type {name!r}: write dotted lower-case words, as in contract.activated"
        raise ValueError(msg)


def _actor_from(who: Actor | AbstractBaseUser | AnonymousUser | str | None) -> Actor:
    match who:
        case Actor():
            return who
        case str():
            return Actor(Event.ActorKind.SYSTEM, who)
        case None:
            return SYSTEM
    if not who.is_authenticated:
        return Actor(Event.ActorKind.SYSTEM, "anonymous")
    # A machine's key also stands in for a user (toolkit.api.machines) and says so.
    kind = Event.ActorKind.MACHINE if getattr(who, "is_machine", False) else Event.ActorKind.USER
    return Actor(kind, who.get_username())


def number_events() -> int:
    """Give committed events their place in the feed; return how many got one.

    The serial ``id`` can't be a feed's cursor: a transaction that took its id early and commits
    late would appear behind readers that have passed. So one writer at a time (advisory lock)
    numbers what it sees, and what commits later is numbered later. Safe to repeat, safe in
    parallel; every reader of the feed calls it first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERING_LOCK])
        cursor.execute(
            """
            WITH fresh AS (
                SELECT id, row_number() OVER (ORDER BY id) AS place
                FROM integration_event WHERE position IS NULL ORDER BY id LIMIT %s
            )
            UPDATE integration_event event
            SET position = place + (SELECT coalesce(max(position), 0) FROM integration_event)
            FROM fresh WHERE fresh.id = event.id
            """,
            [_NUMBERED_AT_ONCE],
        )
        return int(cursor.rowcount)
