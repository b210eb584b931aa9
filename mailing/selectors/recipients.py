"""The recipients of a mailing: who gets what, and who does not, with the reason."""

import datetime as dt
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractUser
from django.db.models import Count, Q, QuerySet

from mailing.models import Mailing, Recipient

from .audience import Reader, unknown_numbers
from .copies import copies_of

Reason = Recipient.Reason

BOTH = Q(letter_reason="", notice_reason="")
LETTER_ONLY = Q(letter_reason="") & ~Q(notice_reason="")
EMAIL_ONLY = Q(notice_reason="") & ~Q(letter_reason="")
EXCLUDED = ~Q(letter_reason="") & ~Q(notice_reason="")
LISTS: dict[str, Q] = {
    "both": BOTH,
    "letter_only": LETTER_ONLY,
    "email_only": EMAIL_ONLY,
    "excluded": EXCLUDED,
}


@dataclass(frozen=True, slots=True)
class Lists:
    """The three lists before the start, who is left out, and which numbers are nobody's.

    ``reasons`` counts who is left out of a channel: ``(channel, reason, how many)``, the channel
    being ``letter`` or ``email``. What is no part of the mailing is not counted.
    """

    both: list[Recipient] = field(default_factory=list)
    letter_only: list[Recipient] = field(default_factory=list)
    email_only: list[Recipient] = field(default_factory=list)
    excluded: list[Recipient] = field(default_factory=list)
    reasons: list[tuple[str, str, int]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many are on each list, by its name."""
        return {name: len(getattr(self, name)) for name in LISTS}


def preview_audience(mailing: Mailing, user: Reader, *, now: dt.datetime) -> Lists:
    """Return the lists as they would be if the recipients were fixed now, or as they are fixed.

    The recipients of a draft are not saved and have no ``pk``; few queries, however many.

    Raises:
        ValidationError: the audience of the draft can't be read.
    """
    if mailing.state == Mailing.State.DRAFT:
        rows, unknown = copies_of(mailing, user, now=now), unknown_numbers(mailing.audience, user)
    else:
        rows, unknown = list(mailing.recipients.order_by("position")), []
    lists = Lists(unknown=unknown)
    reasons: dict[tuple[str, str], int] = {}
    for row in rows:
        _list_of(lists, row).append(row)
        for key in (("letter", row.letter_reason), ("email", row.notice_reason)):
            if key[1] not in {"", Reason.NOT_WANTED}:
                reasons[key] = reasons.get(key, 0) + 1
    lists.reasons.extend((*key, count) for key, count in sorted(reasons.items()))
    return lists


def _list_of(lists: Lists, row: Recipient) -> list[Recipient]:
    match bool(row.letter_reason), bool(row.notice_reason):
        case False, False:
            return lists.both
        case False, True:
            return lists.letter_only
        case True, False:
            return lists.email_only
    return lists.excluded


def recipients_of(mailing: Mailing, user: AbstractUser) -> QuerySet[Recipient]:
    """Return the fixed recipients that ``user`` may see, in the order of the letters."""
    rows = mailing.recipients.order_by("position")
    return rows if user.has_perm("customers.view_customer") else rows.none()


def list_counts(mailing: Mailing) -> dict[str, int]:
    """Return how many recipients are on each list, by its name, and ``letters``, ``emails``."""
    return mailing.recipients.aggregate(
        **{name: Count("pk", filter=which) for name, which in LISTS.items()},
        letters=Count("pk", filter=Q(letter_reason="")),
        emails=Count("pk", filter=Q(notice_reason="")),
    )


def reason_counts(mailing: Mailing) -> list[tuple[str, str, int]]:
    """Count who is left out: ``(channel, reason, how many)``, the channel letter or email."""
    found: list[tuple[str, str, int]] = []
    for channel, column in (("email", "notice_reason"), ("letter", "letter_reason")):
        rows = (
            mailing.recipients.exclude(**{f"{column}__in": ["", Reason.NOT_WANTED]})
            .order_by(column)
            .values_list(column)
            .annotate(Count("pk"))
        )
        found += [(channel, reason, count) for reason, count in rows]
    return found
