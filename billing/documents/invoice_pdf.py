"""An invoice as PDF, in the customer's language and on the customer's clocks."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from toolkit.pdf import Attachment, compile_template, render_pdf

from .invoice import BilledConference, InvoiceDocument
from .payment_code import payment_code

FACTUR_X = "factur-x.xml"  # the name that Factur-X 1.07 demands
_STYLES = Path(settings.BASE_DIR) / "templates/billing/documents/invoice.css"


def invoice_pdf(
    document: InvoiceDocument, *, xml: bytes = b"", changed_at: dt.datetime | None = None
) -> bytes:
    """Return the PDF; the same document gives the same bytes.

    With ``xml``, the same invoice as CII, written at ``changed_at`` (aware), it is a Factur-X: a
    PDF/A-3b that carries it. Nothing that a customer's or the issuer's texts name is ever fetched
    (``toolkit.pdf``).
    """
    code = payment_code(document)
    html = invoice_html(document, has_code=bool(code))
    images = {"logo": document.logo, "code": code}
    if not xml or changed_at is None:
        return render_pdf(html, css=_STYLES.read_text(), images=images)
    archive = compile_template(
        html, css=_STYLES.read_text(), assets=images, archival=True, plain=True
    )
    carried = Attachment(
        name=FACTUR_X, content=xml, changed_at=changed_at, description="Factur-X invoice"
    )
    return archive.pdf({}, attachment=carried)


def invoice_html(document: InvoiceDocument, *, has_code: bool = False) -> str:
    """Return the page that is laid out; ``has_code`` leaves room for the code of a transfer."""
    context = {
        "it": document,
        "zone": document.customer["timezone"],
        "iban": _in_fours(document.issuer.get("iban", "")),
        "has_code": has_code,
        "leg_decimals": decimals_of(document.conferences),
        "has_free": any(leg.free_seconds for each in document.conferences for leg in each.legs),
        "has_estimated": any(leg.estimated for each in document.conferences for leg in each.legs),
    }
    with translation.override(document.language), timezone.override(ZoneInfo(context["zone"])):
        return render_to_string("billing/documents/invoice.html", context)


def _in_fours(iban: str) -> str:
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


def decimals_of(conferences: Iterable[BilledConference]) -> int:
    """Answer how many decimals the calls need, so that all have as many: their sum is checked."""
    amounts = {leg.amount for conference in conferences for leg in conference.legs}
    return max((_needed(amount) for amount in amounts), default=2)


def _needed(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(2, -exponent) if isinstance(exponent, int) else 2
