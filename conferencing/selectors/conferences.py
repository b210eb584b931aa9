"""Which conferences somebody may see, with their legs."""

import uuid
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Lower

from conferencing.models import Bridge, Conference, Leg, Reservation
from toolkit.sql import Unaccent

from .reservations import closes_at

User = AbstractBaseUser | AnonymousUser
_STANDING = Q(legs__withdrawn=False)


def conferences_visible_to(user: User) -> QuerySet[Conference]:
    """Answer the conferences that ``user`` may read: all of them, or none."""
    if user.has_perm("conferencing.view_conference"):  # type: ignore[union-attr]
        return Conference.objects.all()
    return Conference.objects.none()


def conference_for(user: User, id: str | uuid.UUID) -> Conference:  # noqa: A002 (API.md's word)
    """Answer one conference that ``user`` may read, with its legs (``standing_legs``).

    Raises:
        Conference.DoesNotExist: there is none of that id, or not for this user.
    """
    return with_legs(conferences_visible_to(user)).get(pk=id)


def with_legs(queryset: QuerySet[Conference]) -> QuerySet[Conference]:
    """Add customer, bridge, reservation and ``standing_legs``: those not withdrawn, in order."""
    legs = Leg.objects.filter(withdrawn=False).order_by("answered_at", "leg_id")
    return queryset.select_related("customer", "bridge", "reservation").prefetch_related(
        Prefetch("legs", queryset=legs, to_attr="standing_legs")
    )


def with_leg_counts(queryset: QuerySet[Conference]) -> QuerySet[Conference]:
    """Add ``leg_count`` and ``open_leg_count`` (who is in the room now)."""
    return queryset.annotate(
        leg_count=Count("legs", filter=_STANDING),
        open_leg_count=Count("legs", filter=_STANDING & Q(legs__ended_at=None)),
    )


def search_conferences(queryset: QuerySet[Conference], text: str) -> QuerySet[Conference]:
    """Narrow to those in whose title, reservation or customer every word occurs."""
    queryset = queryset.alias(plain_title=Lower(Unaccent("title")))
    for word in text.split():
        plain = Lower(Unaccent(Value(word)))
        found = (
            Q(plain_title__contains=plain)
            | Q(reservation__number__icontains=word)
            | Q(customer__search_text__contains=plain)
        )
        if word.isascii() and word.isdigit() and len(word) < 19:
            found |= Q(room=int(word))
        queryset = queryset.filter(found)
    return queryset


def may_go_on(conference: Conference, *, now: datetime) -> bool:
    """Tell whether somebody may still come back: its room is wanted, and its time is not over.

    What ended for now is charged at once; what can't be taken back (an invoice of its own) waits.
    """
    reservation = conference.reservation
    return (
        reservation is not None
        and conference.state == Conference.State.ENDED
        and reservation.room_state == Reservation.RoomState.WANTED
        and now < closes_at(reservation)
    )


def conference_counts(queryset: QuerySet[Conference]) -> dict[str, int]:
    """Answer how many conferences are in each state."""
    return dict(queryset.order_by().values_list("state").annotate(Count("pk")))


def bridges_visible_to(user: User) -> QuerySet[Bridge]:
    """Answer the bridges that ``user`` may see, with how many conferences are live on each."""
    if not user.has_perm("conferencing.view_bridge"):  # type: ignore[union-attr]
        return Bridge.objects.none()
    live = Q(conferences__state=Conference.State.LIVE)
    return Bridge.objects.annotate(live_conferences=Count("conferences", filter=live)).order_by(
        "-active", "slug"
    )
