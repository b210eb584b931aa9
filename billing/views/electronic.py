"""An issued invoice for machines: its XML to download."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from billing.documents.electronic import NotExpressibleError
from billing.models import Invoice
from billing.selectors.electronic import SYNTAXES, invoice_xml
from toolkit.access import require
from toolkit.exports import download

from .invoices import SEE, file_name, invoice_or_404

XML = "application/xml"


@require_safe
@require(*SEE)
def invoice_xml_file(request: HttpRequest, pk: int, syntax: str) -> HttpResponse:
    """Download the invoice as UBL or CII; why there is none is said on the invoice's page."""
    invoice = invoice_or_404(request, pk)
    try:
        return xml_response(invoice, syntax)
    except NotExpressibleError as error:
        messages.error(request, str(error))
        return redirect("billing:invoice_detail", pk=pk)


def xml_response(invoice: Invoice, syntax: str) -> HttpResponse:
    """Answer the file.

    Raises:
        Http404: there is no such syntax.
        NotExpressibleError: the invoice has no electronic form.
    """
    known = {str(name): name for name in SYNTAXES}
    if syntax not in known:
        raise Http404
    content = invoice_xml(invoice, known[syntax])
    name = f"{file_name(invoice)}-{syntax}.xml"
    response = download(content, filename=name, content_type=XML)
    response["Cache-Control"] = "no-store, private"
    return response
