"""The outbox: what was sent to whom, how it looks, what became of it."""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from integration import services
from integration.filters import MessageFilter
from integration.models import OutgoingMessage
from integration.selectors import (
    MESSAGE_WORDS,
    events_about,
    get_message_for,
    is_held,
    messages_visible_to,
    purpose_label,
    standing_against,
    state_counts,
    written_message,
)
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

COLUMNS = {"created": Column("created_at"), "sent": Column("sent_at", nullable=True)}
SEE_ALL = "integration.view_outgoingmessage"
RESEND = "integration.resend_message"
State = OutgoingMessage.State


@require_safe
@require(SEE_ALL)
def message_list(request: HttpRequest) -> HttpResponse:
    """List outgoing e-mail by the filter in the address, the newest first."""
    rows = messages_visible_to(request.user)
    filters = MessageFilter(request.GET, queryset=rows)
    others = request.GET.copy()
    others.pop("state", None)
    of_all = MessageFilter(others, queryset=rows).qs
    batch = request.GET.get("batch", "").strip()
    page = keyset_page(
        filters.qs.defer("text", "html", "headers"),
        request.GET,
        columns=COLUMNS,
        default="-created",
    )
    context = {
        "filter": filters,
        "page": page,
        "rows": [(row, purpose_label(row.purpose)) for row in page.rows],
        "tabs": _tabs(of_all),
        "is_held": bool(batch) and is_held(batch),
    }
    return render_page_or_fragment(
        request, "integration/message_list.html", "integration/_message_rows.html", context
    )


def _tabs(rows: Any) -> list[tuple[str, object, int]]:  # noqa: ANN401 (a queryset of the filter)
    counts = state_counts(rows)
    tabs: list[tuple[str, object, int]] = [("", _("All"), sum(counts.values()))]
    tabs += [
        (state, State(state).label, counts.get(state, 0))
        for state in State
        # On their way for an instant only: shown where there are any.
        if counts.get(state) or state not in {State.CLAIMED, State.SENDING}
    ]
    came_back = rows.filter(bounced_at__isnull=False).count()
    return [*tabs, ("bounced", _("Came back"), came_back)]


@require_safe
@require()
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # it knows no arguments of views
def message_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a message as it was written, and what became of it."""
    message = _message_or_404(request, pk)
    history = [
        (event, *MESSAGE_WORDS.get(event.type, ("activity", event.type)))
        for event in events_about("message", message.key)
    ]
    context = {
        "message": message,
        "purpose": purpose_label(message.purpose),
        "attachments": message.attachments.select_related("file").defer("file__content"),
        "history": history,
        "against": standing_against(message).first(),
        "is_held": bool(message.batch) and is_held(message.batch),
        "may_resend": message.state in services.AGAIN and request.user.has_perm(RESEND),
        "may_confirm": message.state == State.UNCERTAIN and request.user.has_perm(RESEND),
        "sees_all": request.user.has_perm(SEE_ALL),
    }
    return render(request, "integration/message_detail.html", context)


@require_safe
@require()
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": ["data:"],
        "frame-ancestors": [SELF],
        "sandbox": [True],
    }
)
def message_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve the HTML of a message for the frame on its page: no script, no form, no stranger."""
    return HttpResponse(_message_or_404(request, pk).html)


@require_safe
@require(SEE_ALL)
def message_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the message as it goes over the wire."""
    message = _message_or_404(request, pk)
    content = written_message(message, message.sending_at or timezone.now())
    return _download(content, "message/rfc822", f"message-{message.pk}.eml")


@require_safe
@require()
def message_attachment(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """Download a file that goes with the message."""
    message = _message_or_404(request, pk)
    attachment = message.attachments.select_related("file").filter(position=position).first()
    if attachment is None:
        raise Http404
    return _download(bytes(attachment.file.content), attachment.media_type, attachment.name)


@require_POST
@require(RESEND)
def message_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the message again, under the same Message-ID."""
    message = _message_or_404(request, pk)
    try:
        services.resend_message(message=message, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It will be sent again at once."))
    return redirect("integration:message_detail", pk)


@require_POST
@require(RESEND)
def message_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that an uncertain message was sent after all."""
    message = _message_or_404(request, pk)
    try:
        services.confirm_message(message=message, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Noted as sent."))
    return redirect("integration:message_detail", pk)


def _download(content: bytes, media_type: str, name: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name)
    assert disposition is not None  # noqa: S101 (an attachment always has one)
    return HttpResponse(
        content, content_type=media_type, headers={"Content-Disposition": disposition}
    )


def _message_or_404(request: HttpRequest, pk: int) -> OutgoingMessage:
    try:
        return get_message_for(request.user, pk)
    except OutgoingMessage.DoesNotExist:
        raise Http404 from None
