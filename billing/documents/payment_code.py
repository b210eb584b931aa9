"""The code that a bank's app scans to fill in a transfer."""

import io
from decimal import Decimal

from .invoice import InvoiceDocument

_LONGEST_NAME = 70
_LONGEST_REFERENCE = 140
_LARGEST = Decimal("999999999.99")


def payment_code(document: InvoiceDocument) -> bytes:
    """Return the QR (PNG) of a SEPA transfer of the whole invoice, nothing where there is none.

    Only for euros owed to an account with an IBAN, and never on a draft.

    Source: EPC069-12 v3.1, "Quick Response Code: Guidelines to enable the data capture for the
    initiation of a SEPA credit transfer".
    """
    text = _transfer(document)
    if not text:
        return b""
    from qrcode import QRCode
    from qrcode.constants import ERROR_CORRECT_M

    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, box_size=6)
    code.add_data(text.encode())
    image = io.BytesIO()
    code.make_image().save(image, "PNG")
    return image.getvalue()


def _transfer(document: InvoiceDocument) -> str:
    issuer = document.issuer
    if document.is_draft or document.is_credit_note or not issuer.get("iban"):
        return ""
    if document.currency != "EUR" or not 0 < document.total <= _LARGEST:
        return ""
    lines = [
        *("BCD", "002", "1", "SCT"),
        issuer.get("bic", ""),
        _one_line(issuer["legal_name"])[:_LONGEST_NAME],
        issuer["iban"],
        f"EUR{document.total:.2f}",
        "",  # purpose
        "",  # structured reference
        document.number[:_LONGEST_REFERENCE],
    ]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())
