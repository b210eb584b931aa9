"""Questions about what happened."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from integration.models import Event


def events_visible_to(user: User | AnonymousUser) -> QuerySet[Event]:
    """Return the events that the user may read: all, or none."""
    return Event.objects.all() if user.has_perm("integration.view_event") else Event.objects.none()


def events_of_customer(number: str) -> QuerySet[Event]:
    """Return the customer's events, newest first. Whether one may see them is the caller's."""
    return Event.objects.filter(customer_number=number).order_by("-id")


def events_about(kind: str, public_id: object) -> QuerySet[Event]:
    """Return the events of one object (``"contract", "CT-2026-0001"``), newest first."""
    return Event.objects.filter(subject_type=kind, subject_id=str(public_id)).order_by("-id")


def events(*, after: str | int = 0) -> QuerySet[Event]:
    """Return the feed after a cursor (position or event id), oldest first.

    Holds only events that have their place: call ``services.number_events`` before.

    Raises:
        Event.DoesNotExist: no event has the id ``after``.
        ValueError: ``after`` is neither a position nor an event id.
    """
    if isinstance(after, str) and after.startswith("evt_"):
        position = Event.objects.values_list("position", flat=True).get(event_id=after)
        if position is None:
            msg = "the event has no place in the feed yet"
            raise ValueError(msg)
        after = position
    return Event.objects.filter(position__gt=int(after)).order_by("position")
