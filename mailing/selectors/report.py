"""What came of a mailing: in numbers, and recipient by recipient."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    Count,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer
from integration.models import Event, OutgoingMessage
from integration.selectors import batch_counts, events_about
from mailing.models import Chunk, Mailing, Recipient
from toolkit.exports import Value as Cell

from .progress import OPEN_MESSAGES, batch_of

_AT_ONCE: Final = 1_000
LETTER_STATES: Final[dict[str, Promise]] = {
    "none": gettext_lazy("No letter"),
    "waiting": gettext_lazy("Waiting"),
    "merged": gettext_lazy("Merged"),
    "printed": gettext_lazy("Printed"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Cancelled"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A mailing in numbers.

    ``sheets`` and ``pages`` are those printed (merged, where there is no printer), separator
    sheets among them. ``opted_out`` counts e-mails that were suppressed because the customer had
    meanwhile said no, ``outdated`` letters printed as approved though the customer was corrected
    since. ``minutes`` go from the creation to the last sheet (without paper: to the last e-mail),
    ``people`` are the users who had a hand in it, both read from the event log.
    """

    letters: int
    letters_printed: int
    pages: int
    sheets: int
    emails: int
    sent: int
    bounced: int
    opted_out: int
    uncertain: int
    failed: int
    cancelled: int
    waiting: int
    outdated: int
    no_letter: int
    no_email: int
    minutes: int | None
    people: list[str]


def report(mailing: Mailing) -> Report:
    """Return the mailing in numbers; five queries, however many recipients."""
    rows = mailing.recipients.aggregate(
        letters=Count("pk", filter=Q(letter_reason="")),
        emails=Count("pk", filter=Q(notice_reason="")),
        outdated=Count("pk", filter=Q(outdated=True, letter_reason="")),
        no_letter=Count("pk", filter=_left_out("letter_reason")),
        no_email=Count("pk", filter=_left_out("notice_reason")),
    )
    final = [Chunk.State.PRINTED]
    if mailing.printer_id is None:
        final.append(Chunk.State.MERGED)
    printed = [chunk for chunk in mailing.chunks.all() if Chunk.State(chunk.state) in final]
    messages = batch_counts(batch_of(mailing))
    written = mailing.recipients.filter(notice_reason="").exclude(message="").count()
    return Report(
        **rows,
        letters_printed=sum(chunk.letters for chunk in printed),
        pages=sum(chunk.pages for chunk in printed),
        sheets=sum(chunk.sheets for chunk in printed),
        sent=messages["sent"],
        bounced=messages["bounced"],
        opted_out=messages["suppressed"],
        uncertain=messages["uncertain"],
        failed=messages["perm_failed"],
        cancelled=messages["cancelled"],
        waiting=sum(messages[state] for state in OPEN_MESSAGES) + rows["emails"] - written,
        minutes=_minutes(mailing),
        people=_people(events_about("mailing", mailing.number)),
    )


def report_rows(mailing: Mailing) -> QuerySet[Recipient]:
    """Return the recipients with what came of each, in the order of the letters.

    Beside the columns: ``letter_state`` (of LETTER_STATES), ``notice_state`` (of
    ``OutgoingMessage.State``, blank where none was written), ``notice_at``, ``bounced_at``.
    """
    rows = mailing.recipients.select_related("chunk")
    return _with_fate(rows).order_by("position")


def letters_of(customer: Customer) -> QuerySet[Recipient]:
    """Return the customer in each mailing that was started, newest first, as ``report_rows``."""
    rows = Recipient.objects.filter(customer=customer).exclude(mailing__started_at=None)
    return _with_fate(rows.select_related("chunk", "mailing")).order_by("-mailing__started_at")


def _with_fate(rows: QuerySet[Recipient]) -> QuerySet[Recipient]:
    message = OutgoingMessage.objects.filter(key=OuterRef("message")).exclude(key="")
    return rows.annotate(
        letter_state=_letter_state(),
        notice_state=Subquery(message.values("state")[:1]),
        notice_at=Subquery(message.values("sent_at")[:1]),
        bounced_at=Subquery(message.values("bounced_at")[:1]),
    )


def report_table(mailing: Mailing) -> tuple[list[Cell], Iterator[list[Cell]]]:
    """Return head and rows of the report, for a file; read while it is written."""
    head: list[Cell] = [
        _("Customer"),
        _("Name"),
        _("E-mail"),
        _("Postcode"),
        _("City"),
        _("Country"),
        _("Letter"),
        _("Why no letter"),
        _("Part"),
        _("First page"),
        _("Last page"),
        _("Address changed before printing"),
        _("E-mail state"),
        _("Why no e-mail"),
        _("Sent at"),
        _("Bounced at"),
        _("Expected arrival"),
        _("Detail"),
    ]
    states = dict(OutgoingMessage.State.choices)
    rows: Iterator[Any] = report_rows(mailing).iterator(chunk_size=_AT_ONCE)
    return head, (
        [
            row.customer_number,
            row.customer_name,
            row.email,
            row.postcode,
            row.city,
            row.country,
            LETTER_STATES[row.letter_state],
            row.get_letter_reason_display(),
            row.chunk.number if row.chunk else None,
            row.first_page,
            row.last_page,
            _("yes") if row.outdated else "",
            states.get(row.notice_state or "", ""),
            row.get_notice_reason_display(),
            row.notice_at,
            row.bounced_at,
            row.arrives_on,
            row.detail,
        ]
        for row in rows
    )


def notice_table(mailing: Mailing) -> tuple[list[Cell], Iterator[list[Cell]]]:
    """Return head and rows of those who get an e-mail, for a file and another mailer."""
    head: list[Cell] = [
        _("E-mail"),
        _("Contact"),
        _("Customer"),
        _("Name"),
        _("Language"),
        _("Expected arrival"),
    ]
    rows = mailing.recipients.filter(notice_reason="").order_by("position")
    columns = (
        "email",
        "contact_name",
        "customer_number",
        "customer_name",
        "language",
        "arrives_on",
    )
    found = rows.values_list(*columns).iterator(chunk_size=_AT_ONCE)
    return head, (list(row) for row in found)


def _left_out(column: str) -> Q:
    return ~Q(**{f"{column}__in": ["", Recipient.Reason.NOT_WANTED]})


def _letter_state() -> Case:
    """Return the state of a letter; what never began says so after a cancellation."""
    states = [
        When(chunk__state=chunk_state, then=Value(state))
        for chunk_state, state in (
            (Chunk.State.PRINTED, "printed"),
            (Chunk.State.MERGED, "merged"),
            (Chunk.State.FAILED, "failed"),
            (Chunk.State.CANCELLED, "cancelled"),
        )
    ]
    return Case(
        When(~Q(letter_reason=""), then=Value("none")),
        *states,
        When(mailing__state=Mailing.State.CANCELLED, then=Value("cancelled")),
        default=Value("waiting"),
        output_field=CharField(),
    )


def _minutes(mailing: Mailing) -> int | None:
    last = mailing.printed_at or mailing.finished_at
    if mailing.printer_id is None and mailing.chunks.exists():
        last = mailing.chunks.aggregate(last=Max("merged_at"))["last"]
    return math.ceil((last - mailing.created_at).total_seconds() / 60) if last else None


def _people(events: QuerySet[Event]) -> list[str]:
    people = events.filter(actor_kind=Event.ActorKind.USER)
    return sorted(set(people.order_by().values_list("actor", flat=True)))
