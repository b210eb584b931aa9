"""The page behind the link in an e-mail: an invoice without an account. A GET changes nothing."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from billing.documents.electronic import NotExpressibleError
from billing.models import Invoice
from billing.selectors.call_detail import has_call_detail
from billing.selectors.calls_of_invoice import count_calls
from billing.selectors.electronic import SYNTAXES, is_expressible
from billing.selectors.sending import LINK_PURPOSE, invoice_of_link, name_of_document
from customers.models import SignedLink
from customers.selectors import issuer
from customers.services import LinkRefusedError, open_link
from mailing.selectors.preferences import language_of_link
from toolkit.public import NO_COOKIES, public_page

from .electronic import xml_response
from .invoices import calls_response, pdf_response

LANGUAGES = dict(settings.LANGUAGES)
_UNKNOWN, _GONE = 404, 410


@require_safe
@public_page()
def public_invoice(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invoice and what can be downloaded."""
    try:
        link, invoice = _opened(token)
    except LinkRefusedError as error:
        return _refused(request, error)
    with translation.override(_language(request, link)):
        context = {
            "link": link,
            "token": token,
            "invoice": invoice,
            "name": name_of_document(invoice),
            "is_expressible": is_expressible(invoice),
            "calls": count_calls(invoice),
            "has_call_detail": has_call_detail(invoice),
        }
        return _page(request, "billing/public_invoice.html", context, status=200)


@require_safe
@public_page()
def public_invoice_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Download one of the files that the page offers."""
    try:
        link, invoice = _opened(token)
    except LinkRefusedError as error:
        return _refused(request, error)
    zone = ZoneInfo(invoice.customer.timezone)
    with translation.override(_language(request, link)), timezone.override(zone):
        return _file(invoice, name)


def _file(invoice: Invoice, name: str) -> HttpResponseBase:
    kind, _dot, ending = name.partition(".")
    if name == "invoice.pdf":
        return pdf_response(invoice)
    if kind in SYNTAXES and ending == "xml":
        try:
            return xml_response(invoice, kind)
        except NotExpressibleError as error:
            raise Http404 from error
    if kind == "calls" and ending in {"pdf", "csv", "xlsx"}:
        return calls_response(invoice, ending)
    raise Http404


def _opened(token: str) -> tuple[SignedLink, Invoice]:
    link = open_link(token=token, purpose=LINK_PURPOSE, now=timezone.now(), used=False)
    try:
        return link, invoice_of_link(link)
    except Invoice.DoesNotExist:
        raise LinkRefusedError(LinkRefusedError.UNKNOWN) from None


def _language(request: HttpRequest, link: SignedLink | None) -> str:
    chosen = request.GET.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    if link is None:
        return translation.get_language() or settings.LANGUAGE_CODE
    return language_of_link(link)


def _refused(request: HttpRequest, error: LinkRefusedError) -> HttpResponse:
    """Say why the link opens nothing, and whom to ask."""
    status = _UNKNOWN if error.reason == LinkRefusedError.UNKNOWN else _GONE
    with translation.override(_language(request, error.link)):
        context = {"reason": error.reason}
        return _page(request, "billing/public_refused.html", context, status=status)


def _page(
    request: HttpRequest, template: str, context: Mapping[str, object], *, status: int
) -> HttpResponse:
    shown = {**NO_COOKIES, "issuer": issuer(), **context}
    response = render(request, template, shown, status=status)
    response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
    return response
