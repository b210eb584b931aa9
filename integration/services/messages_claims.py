"""Who sends what: messages are taken for a while, fairly, and come back when a worker dies."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Count, QuerySet, Value, When

from integration.models import BatchHold, OutgoingMessage

from .messages_outcomes import move

State = OutgoingMessage.State
WAITING = (State.QUEUED, State.TEMP_FAILED)

# Kept up between messages. Whoever needs longer for one loses the others, which does no harm.
CLAIM_LEASE = dt.timedelta(seconds=20)
_RATE_WINDOW = dt.timedelta(minutes=1)
_CLAIM_LOCK = 7_301_002  # any number that no other advisory lock of ours uses
_LOOK_AHEAD = 4
# Where a message waits that nobody has taken: one that was tried before says so.
_BACK = Case(
    When(attempts__gt=0, then=Value(State.TEMP_FAILED.value)), default=Value(State.QUEUED.value)
)


def new_claim(worker: str) -> str:
    """Return a name for what a worker takes at one time, never used again."""
    return f"{worker[:50]}#{uuid.uuid4().hex[:16]}"


@transaction.atomic
def claim_due(*, claim: str, now: dt.datetime, size: int) -> list[OutgoingMessage]:
    """Take up to ``size`` messages that are due, mass mail last; nobody else gets them.

    One claim at a time is given out (advisory lock, a few milliseconds), so that the limits of
    domains and of senders hold whoever asks.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])
    if _senders_at_work(now) >= settings.EMAIL_SENDERS:
        return []
    taken = _taken_of_domains(now)
    full = [domain for domain, count in taken.items() if _is_full(domain, count)]
    rows = list(
        due(now)
        .exclude(domain__in=full)
        .select_for_update(skip_locked=True, no_key=True)
        .only("pk", "domain")[: size * _LOOK_AHEAD]
    )
    mine = _within_limits(rows, taken)[:size]
    OutgoingMessage.objects.filter(pk__in=mine).update(
        state=State.CLAIMED, claimed_by=claim, claimed_at=now, lease_until=now + CLAIM_LEASE
    )
    return list(
        OutgoingMessage.objects.filter(pk__in=mine)
        .order_by("bulk", "next_attempt_at", "pk")
        .prefetch_related("attachments")
    )


def due(now: dt.datetime) -> QuerySet[OutgoingMessage]:
    """Return what may be sent now, in the order of its turn."""
    return (
        OutgoingMessage.objects.filter(state__in=WAITING, next_attempt_at__lte=now)
        .exclude(batch__in=BatchHold.objects.values("batch"))
        .order_by("bulk", "next_attempt_at", "pk")
    )


def keep_claim(*, claim: str, now: dt.datetime) -> None:
    """Say that the worker still lives: what it has taken stays its own."""
    OutgoingMessage.objects.filter(claimed_by=claim, state=State.CLAIMED).update(
        lease_until=now + CLAIM_LEASE
    )


def give_back(*, claim: str, next_attempt_at: dt.datetime | None = None, answer: str = "") -> int:
    """Put back what was taken and not begun; return how many. It does not count as an attempt."""
    fields: dict[str, object] = {"state": _BACK, "lease_until": None, "claimed_at": None}
    if next_attempt_at is not None:
        fields |= {"next_attempt_at": next_attempt_at, "last_code": None, "last_answer": answer}
    return OutgoingMessage.objects.filter(claimed_by=claim, state=State.CLAIMED).update(**fields)


def take_up_abandoned(*, now: dt.datetime) -> tuple[int, int]:
    """Look after the messages of workers that were not heard of again. Safe to repeat.

    What was taken and not begun goes back to the queue. What was being sent is uncertain: the
    server may have it, and only a person sends it again.

    Returns:
        How many went back, and how many are uncertain.
    """
    expired = OutgoingMessage.objects.filter(lease_until__lt=now)
    back = expired.filter(state=State.CLAIMED).update(
        state=_BACK, lease_until=None, claimed_at=None
    )
    uncertain = [
        move(
            message,
            State.UNCERTAIN,
            now=now,
            among=(State.SENDING,),
            claim=message.claimed_by,
            last_code=None,
            last_answer=OutgoingMessage.Note.WORKER_LOST,
        )
        for message in expired.filter(state=State.SENDING)
    ]
    return back, sum(uncertain)


def _senders_at_work(now: dt.datetime) -> int:
    return (
        OutgoingMessage.objects.filter(state=State.CLAIMED, lease_until__gte=now)
        .order_by()
        .values("claimed_by")
        .distinct()
        .count()
    )


def _taken_of_domains(now: dt.datetime) -> Counter[str]:
    """Count what was taken of each domain within the last minute."""
    rows = (
        OutgoingMessage.objects.filter(claimed_at__gt=now - _RATE_WINDOW)
        .order_by()
        .values_list("domain")
        .annotate(Count("pk"))
    )
    return Counter(dict(rows))


def _within_limits(rows: Iterable[OutgoingMessage], taken: Counter[str]) -> list[int]:
    mine = []
    for row in rows:
        if not _is_full(row.domain, taken[row.domain]):
            taken[row.domain] += 1
            mine.append(row.pk)
    return mine


def _is_full(domain: str, count: int) -> bool:
    limit = settings.EMAIL_DOMAIN_RATES.get(domain, settings.EMAIL_DOMAIN_RATE)
    return bool(limit) and count >= limit
