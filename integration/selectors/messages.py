"""Questions about outgoing e-mail."""

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Q, QuerySet

from integration.models import BatchHold, OutgoingMessage, Suppression

from .purposes import purposes_told_to

State = OutgoingMessage.State


def messages_visible_to(user: User | AnonymousUser) -> QuerySet[OutgoingMessage]:
    """Return the e-mail that the user may read: all of it, or that of the purposes told to him."""
    purposes = purposes_told_to(user)
    rows = OutgoingMessage.objects.all()
    return rows if purposes is None else rows.filter(purpose__in=purposes)


def get_message_for(user: User | AnonymousUser, pk: int) -> OutgoingMessage:
    """Return the message if the user may read it.

    Raises:
        OutgoingMessage.DoesNotExist: there is none, or it is not this user's to see.
    """
    return messages_visible_to(user).get(pk=pk)


def message(key: str) -> OutgoingMessage:
    """Return the message of a key. Whether one may see it is the caller's.

    Raises:
        OutgoingMessage.DoesNotExist: none was queued under that key.
    """
    return OutgoingMessage.objects.get(key=key)


def messages_of_batch(batch: str) -> QuerySet[OutgoingMessage]:
    """Return a department's messages in the order in which they were queued."""
    return OutgoingMessage.objects.filter(batch=batch).order_by("pk")


def batch_counts(batch: str) -> dict[str, int]:
    """Count the messages of a batch by state, all states named; one query.

    ``bounced`` counts those of ``sent`` that came back; ``total`` counts all.
    """
    rows = (
        OutgoingMessage.objects.filter(batch=batch)
        .order_by()
        .values("state")
        .annotate(count=Count("pk"), came_back=Count("bounced_at"))
    )
    counts: dict[str, int] = {str(state): 0 for state in State} | {"bounced": 0, "total": 0}
    for row in rows:
        counts[row["state"]] = row["count"]
        counts["total"] += row["count"]
        if row["state"] == State.SENT:
            counts["bounced"] = row["came_back"]
    return counts


def is_held(batch: str) -> bool:
    """Say whether the batch is paused."""
    return BatchHold.objects.filter(batch=batch).exists()


def state_counts(rows: QuerySet[OutgoingMessage]) -> dict[str, int]:
    """Count messages by state."""
    return dict(rows.order_by().values_list("state").annotate(Count("pk")))


def suppressed_emails(
    emails: Iterable[str], *, bulk: bool = True, customer_number: str = ""
) -> set[str]:
    """Return those of ``emails`` (as given) that nothing would be sent to.

    ``bulk`` says whether it is mass mail, which also respects who has unsubscribed.
    ``customer_number`` adds what was said by that customer.
    """
    by_small = {email.lower(): email for email in emails}
    rows = Suppression.objects.filter(lifted_at=None).filter(
        Q(customer_number="") | Q(customer_number=customer_number)
    )
    if not bulk:
        rows = rows.exclude(reason=Suppression.Reason.UNSUBSCRIBED)
    found = set(rows.filter(email__in=["", *by_small]).values_list("email", flat=True))
    return set(by_small.values()) if "" in found else {by_small[email] for email in found}


def standing_against(message: OutgoingMessage) -> QuerySet[Suppression]:
    """Return the suppressions for which the message must not be sent, the oldest first."""
    rows = Suppression.objects.filter(
        Q(email=message.recipient.lower()) | Q(email=""),
        Q(customer_number=message.customer_number) | Q(customer_number=""),
        lifted_at=None,
    )
    if not message.bulk:
        rows = rows.exclude(reason=Suppression.Reason.UNSUBSCRIBED)
    return rows.order_by("since", "pk")
