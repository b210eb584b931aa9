"""The mailings' screens: the list, and one mailing with its progress and what came of it."""

from typing import Any, Final

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from mailing import selectors
from mailing.filters import MailingFilter
from mailing.models import Mailing
from toolkit.access import require
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

SEE: Final = "mailing.view_mailing"
COLUMNS = {
    "created": Column("created_at"),
    "number": Column("number"),
    "name": Column("name"),
    "day": Column("mail_on", nullable=True),
}
State = Mailing.State
MOVING: Final = (State.RUNNING, State.PAUSED)
OVER: Final = (State.DONE, State.CANCELLED)
STOP_POLLING: Final = 286  # htmx asks no more
PROOFS: Final = 5  # recipients whose letter and e-mail are offered to be looked at


@require_safe
@require(SEE)
def mailing_list(request: HttpRequest) -> HttpResponse:
    """List mailings by the filter in the address."""
    visible = selectors.mailings_visible_to(request.user)
    filters = MailingFilter(request.GET, queryset=visible)
    page = keyset_page(filters.qs, request.GET, columns=COLUMNS, default="-created")
    context = {"filter": filters, "page": page, "tabs": _tabs(request)}
    return render_page_or_fragment(
        request, "mailing/mailing_list.html", "mailing/_mailing_rows.html", context
    )


def _tabs(request: HttpRequest) -> list[tuple[str, object, int]]:
    """Count the mailings of each state that the rest of the filter lets pass."""
    others = request.GET.copy()
    others.pop("state", None)
    found = MailingFilter(others, queryset=selectors.mailings_visible_to(request.user)).qs
    counts: dict[str, int] = dict(found.order_by().values_list("state").annotate(Count("pk")))
    tabs: list[tuple[str, object, int]] = [("", pgettext("mailings", "All"), sum(counts.values()))]
    return tabs + [(value, label, counts.get(value, 0)) for value, label in State.choices]


@require_safe
@require(SEE)
def mailing_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Show what will happen, what happens, or what came of it."""
    mailing = mailing_or_404(request, number)
    return render(request, "mailing/mailing_detail.html", facts_of(mailing))


@require_safe
@require(SEE)
def mailing_progress(request: HttpRequest, number: str) -> HttpResponse:
    """Answer how far it is; once nothing moves any more the page stops asking."""
    mailing = mailing_or_404(request, number)
    status = 200 if mailing.state in MOVING else STOP_POLLING
    return render(request, "mailing/_progress.html", facts_of(mailing), status=status)


def facts_of(mailing: Mailing) -> dict[str, Any]:
    """Return what the page of a mailing shows: estimates before the start, then progress."""
    now = timezone.now()
    facts: dict[str, Any] = {
        "mailing": mailing,
        "today": timezone.localdate(now),
        "is_moving": mailing.state in MOVING,
        "is_over": mailing.state in OVER,
    }
    if mailing.state == State.DRAFT:
        return facts
    facts |= {
        "counts": selectors.list_counts(mailing),
        "reasons": selectors.reason_counts(mailing),
    }
    if mailing.started_at is None:
        return facts | {
            "estimates": selectors.estimates(mailing),
            "changed": selectors.changed_since_frozen(mailing, now=now),
            "proofs": mailing.recipients.exclude(selectors.EXCLUDED).order_by("position")[:PROOFS],
        }
    return facts | {
        "progress": selectors.progress(mailing, now=now),
        "chunks": mailing.chunks.select_related("print_job__printer").order_by("number"),
        "report": selectors.report(mailing),
        "notices_wait_until": selectors.notices_wait_until(mailing, now=now),
    }


def mailing_or_404(request: HttpRequest, number: str) -> Mailing:
    """Return the mailing that the user may see.

    Raises:
        Http404: there is none of that number.
    """
    try:
        return selectors.mailing_for(request.user, number)
    except Mailing.DoesNotExist as error:
        raise Http404 from error
