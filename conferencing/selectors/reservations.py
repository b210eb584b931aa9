"""Which reservations somebody may see, and what a participant of one needs to know."""

import datetime as dt
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.urls import reverse

from conferencing.models import LegTicket, Reservation
from customers.models import Customer
from toolkit.sql import Unaccent

User = AbstractBaseUser | AnonymousUser
_JOIN = "conferencing.join"
_STANDING = (Reservation.Status.BOOKED, Reservation.Status.HELD)
MOST_AROUND = 5


def reservations_visible_to(user: User) -> QuerySet[Reservation]:
    """Answer the reservations that ``user`` may read: all of them, or none."""
    if user.has_perm("conferencing.view_reservation"):  # type: ignore[union-attr]
        return Reservation.objects.all()
    return Reservation.objects.none()


def reservation_for(user: User, number: str) -> Reservation:
    """Answer one reservation that ``user`` may read, with its customer and bridge.

    Raises:
        Reservation.DoesNotExist: there is none of that number, or not for this user.
    """
    rows = reservations_visible_to(user).select_related("customer", "bridge", "conference")
    return rows.get(number=number)


def search_reservations(queryset: QuerySet[Reservation], text: str) -> QuerySet[Reservation]:
    """Narrow to those in whose number, title or customer every word occurs, accents ignored."""
    queryset = queryset.alias(plain_title=Lower(Unaccent("title")))
    for word in text.split():
        plain = Lower(Unaccent(Value(word)))
        queryset = queryset.filter(
            Q(number__icontains=word)
            | Q(plain_title__contains=plain)
            | Q(customer__search_text__contains=plain)
        )
    return queryset


def reservation_counts(queryset: QuerySet[Reservation]) -> dict[str, int]:
    """Answer how many reservations have each status."""
    return dict(queryset.order_by().values_list("status").annotate(Count("pk")))


def tickets_of(reservation: Reservation) -> QuerySet[LegTicket]:
    """Answer the tickets issued, in order."""
    return reservation.tickets.order_by("pk")


def reservations_around(
    user: User, customer: Customer, now: dt.datetime
) -> tuple[list[Reservation], list[Reservation]]:
    """Answer the next reservations of a customer, soonest first, and the latest, newest first."""
    rows = (
        reservations_visible_to(user)
        .filter(customer=customer)
        .select_related("customer", "bridge", "conference")
    )
    coming = rows.filter(scheduled_end__gt=now, status__in=_STANDING)
    past = rows.exclude(scheduled_end__gt=now, status__in=_STANDING)
    return (
        list(coming.order_by("scheduled_start", "pk")[:MOST_AROUND]),
        list(past.order_by("-scheduled_start", "-pk")[:MOST_AROUND]),
    )


def dial_in_of(reservation: Reservation) -> list[dict[str, str]]:
    """Answer the telephone numbers of the bridge for the kinds of access that were booked."""
    return [line for line in reservation.bridge.dial_in if line.get("access") in reservation.access]


def closes_at(reservation: Reservation) -> datetime:
    """Answer when the room closes, whoever is in it; tickets end then too."""
    return reservation.scheduled_end + timedelta(seconds=settings.ROOM_GRACE_SECONDS)


def join_url(reservation: Reservation) -> str:
    """Answer the address of the page that tells participants how to join; open to who has it."""
    token = signing.Signer(salt=_JOIN).sign(reservation.number)
    return settings.PUBLIC_URL.rstrip("/") + reverse("conferencing:join", args=[token])


def reservation_to_join(token: str) -> Reservation:
    """Answer the reservation of a join address.

    Raises:
        Reservation.DoesNotExist: the address is none of ours.
    """
    try:
        number = signing.Signer(salt=_JOIN).unsign(token)
    except signing.BadSignature as error:
        raise Reservation.DoesNotExist from error
    return Reservation.objects.select_related("customer", "bridge").get(number=number)
