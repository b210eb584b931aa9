"""Documents of the sales department as PDF."""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from toolkit.pdf import render_pdf

_STYLES = Path(settings.BASE_DIR) / "templates/sales/documents/rate_sheet.css"


def rate_sheet_pdf(
    context: Mapping[str, object], *, language: str, logo: bytes | None = None
) -> bytes:
    """Return the rate sheet in ``language``; ``context`` is what its template shows."""
    with translation.override(language):
        html = render_to_string("sales/documents/rate_sheet.html", dict(context))
    images = {"logo": logo} if logo else {}
    return render_pdf(html, css=_STYLES.read_text(), images=images)
