"""The recipients of a mailing: who gets what, the letter and the e-mail of each, files of all."""

import tempfile
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import FileResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from mailing import selectors, services
from mailing.filters import RecipientFilter
from mailing.forms.mailings import ReprintForm
from mailing.models import Chunk, Mailing, Recipient
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.exports import PDF, table_response
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

from .mailings import SEE, mailing_or_404

WHO: Final = (SEE, "customers.view_customer")
CHANGE: Final = (*WHO, "mailing.change_mailing")
FILES: Final = (*WHO, "mailing.download_recipients")
COLUMNS = {"position": Column("position"), "name": Column("customer_name")}


@require_safe
@require(*WHO)
def mailing_recipients(request: HttpRequest, number: str) -> HttpResponse:
    """List the fixed recipients with what came of each, by list and by words."""
    mailing = mailing_or_404(request, number)
    filters = RecipientFilter(request.GET, queryset=selectors.report_rows(mailing))
    page = keyset_page(filters.qs, request.GET, columns=COLUMNS, default="position")
    context = {
        "mailing": mailing,
        "page": page,
        "filter": filters,
        "tabs": _tabs(mailing),
        "may_choose": mailing.state == Mailing.State.FROZEN,
    }
    return render_page_or_fragment(
        request, "mailing/recipient_list.html", "mailing/_recipient_rows.html", context
    )


def _tabs(mailing: Mailing) -> list[tuple[str, object, int]]:
    counts = selectors.list_counts(mailing)
    tabs: list[tuple[str, object, int]] = [
        ("", pgettext("recipients", "All"), sum(counts[name] for name in selectors.LISTS))
    ]
    if mailing.output != Mailing.Output.NOTHING:
        tabs += [
            ("both", _("Letter and e-mail"), counts["both"]),
            ("letter_only", _("Letter only"), counts["letter_only"]),
        ]
    return [
        *tabs,
        ("email_only", _("E-mail only"), counts["email_only"]),
        ("excluded", _("Left out"), counts["excluded"]),
    ]


@require_safe
@require(*WHO)
def recipient_letter(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Show the letter of one recipient: the one that was printed, before that as it would be."""
    mailing = mailing_or_404(request, number)
    recipient = _recipient(mailing, pk)
    if recipient.letter_reason:
        raise Http404
    content = selectors.letter_pdf(recipient) or selectors.letters_pdf(
        mailing, [recipient], now=timezone.now()
    )
    return _shown(content, f"{mailing.number}-{recipient.customer_number}.pdf")


@require_safe
@require(*WHO)
def recipient_notice(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Show the e-mail of one recipient: the one that was written, before that as it would be."""
    mailing = mailing_or_404(request, number)
    recipient = _recipient(mailing, pk)
    if mailing.notice_id is None or recipient.notice_reason:
        raise Http404
    context = {
        "mailing": mailing,
        "recipient": recipient,
        "mail": selectors.notice_of(mailing, recipient, now=timezone.now()),
        "message": selectors.message_of(recipient),
    }
    return render(request, "mailing/recipient_notice.html", context)


@require_safe
@require(*WHO)
def mailing_proof(request: HttpRequest, number: str) -> HttpResponse:
    """Show the first five as they will be printed."""
    mailing = mailing_or_404(request, number)
    recipients = selectors.proof_recipients(mailing)
    if not recipients:
        raise Http404
    content = selectors.letters_pdf(mailing, recipients, now=timezone.now())
    return _shown(content, f"{mailing.number}-proof.pdf")


@require_POST
@require(*CHANGE)
def mailing_proof_print(request: HttpRequest, number: str) -> HttpResponse:
    """Print the first five, or the one at a position, on the mailing's printer."""
    mailing = mailing_or_404(request, number)
    position = request.POST.get("position", "")
    try:
        services.print_proof(
            mailing=mailing,
            actor=request.user,
            now=timezone.now(),
            positions=[int(position)] if position.isdecimal() else [],
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The proof is at the printer."))
    return redirect("mailing:mailing_detail", number=number)


@require_POST
@require(*CHANGE)
def recipient_take_out(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Leave one out by hand."""
    return _act(request, number, pk, services.take_out)


@require_POST
@require(*CHANGE)
def recipient_put_back(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Put one back who was left out by hand, or for an address that somebody has looked at."""
    return _act(request, number, pk, services.put_back)


@require_POST
@require(*CHANGE)
def recipient_take_new(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Copy a customer anew who was changed since the recipients were fixed."""
    return _act(request, number, pk, services.take_new_address)


def _act(request: HttpRequest, number: str, pk: int, service: Any) -> HttpResponse:  # noqa: ANN401
    recipient = _recipient(mailing_or_404(request, number), pk)
    try:
        service(recipient=recipient, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    back = request.POST.get("back", "")
    return redirect(f"mailing:{'mailing_recipients' if back else 'mailing_detail'}", number=number)


@require_safe
@require(*FILES)
def mailing_export(request: HttpRequest, number: str, export: str) -> HttpResponseBase:
    """Download the report, recipient by recipient, as CSV or XLSX."""
    mailing = mailing_or_404(request, number)
    head, rows = selectors.report_table(mailing)
    what = _("report")
    return table_response(export, name=f"{mailing.number}-{what}", head=head, rows=rows)


@require_safe
@require(*FILES)
def mailing_notices(request: HttpRequest, number: str, export: str) -> HttpResponseBase:
    """Download the list of those who get an e-mail, for another mailer."""
    mailing = mailing_or_404(request, number)
    head, rows = selectors.notice_table(mailing)
    what = _("e-mails")
    return table_response(export, name=f"{mailing.number}-{what}", head=head, rows=rows)


@require_safe
@require(*FILES)
def chunk_pdf(request: HttpRequest, number: str, part: int) -> FileResponse:
    """Download one part as it goes to the printer."""
    mailing = mailing_or_404(request, number)
    chunk = mailing.chunks.exclude(document="").filter(number=part).first()
    if chunk is None:
        raise Http404
    path = selectors.chunk_path(chunk, mailing)
    if not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=PDF, filename=f"{mailing.number}-{part:04d}.pdf"
    )


@require_safe
@require(*FILES)
def mailing_letters(request: HttpRequest, number: str) -> FileResponse:
    """Download all parts that are merged as one document."""
    mailing = mailing_or_404(request, number)
    whole = tempfile.TemporaryFile()  # noqa: SIM115 (the answer closes it)
    try:
        selectors.write_whole(mailing, whole)
    except ValueError as error:
        whole.close()
        raise Http404 from error
    whole.seek(0)
    return FileResponse(whole, content_type=PDF, filename=f"{mailing.number}.pdf")


@require_POST
@require(SEE, "mailing.start_mailing")
def mailing_reprint(request: HttpRequest, number: str) -> HttpResponse:
    """Print letters again, from one on or a range, as after a jam."""
    mailing = mailing_or_404(request, number)
    form = ReprintForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for text in form.errors_in_words()))
        return redirect("mailing:mailing_detail", number=number)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    try:
        services.print_again(
            mailing=mailing,
            first=first,
            last=last or mailing.recipients.count(),
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("They are printed again."))
    return redirect("mailing:mailing_detail", number=number)


@require_POST
@require(SEE, "mailing.start_mailing")
def chunk_printed(request: HttpRequest, number: str, part: int) -> HttpResponse:
    """Take a part as printed: somebody has seen the paper."""
    chunk = _chunk(request, number, part)
    return _told(request, number, services.mark_printed, chunk)


@require_POST
@require(SEE, "mailing.start_mailing")
def chunk_retry(request: HttpRequest, number: str, part: int) -> HttpResponse:
    """Merge a part again that could not be merged."""
    chunk = _chunk(request, number, part)
    return _told(request, number, services.retry_chunk, chunk)


def _told(request: HttpRequest, number: str, service: Any, chunk: Chunk) -> HttpResponse:  # noqa: ANN401
    try:
        service(chunk=chunk, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return redirect("mailing:mailing_detail", number=number)


def _chunk(request: HttpRequest, number: str, part: int) -> Chunk:
    chunk = mailing_or_404(request, number).chunks.filter(number=part).first()
    if chunk is None:
        raise Http404
    return chunk


def _recipient(mailing: Mailing, pk: int) -> Recipient:
    recipient = mailing.recipients.select_related("chunk", "mailing", "customer").filter(pk=pk)
    found = recipient.first()
    if found is None:
        raise Http404
    return found


def _shown(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=PDF)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "no-store, private"
    return response
