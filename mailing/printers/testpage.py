"""The test page: which printer, when, on what paper, and how near the edge it prints."""

import datetime as dt
from html import escape
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from toolkit.pdf import render_pdf

from .base import Options
from .media import A4, media_in_words, size_of, tray_in_words

_BORDERS_MM: Final = (5, 10, 20)
_CSS: Final = """
@page { size: WIDTHmm HEIGHTmm; margin: 0 }
body { font: 11pt "IBM Plex Sans"; margin: 0; color: #000 }
.border { position: absolute; border: 0.3mm solid #000 }
.border span { position: absolute; top: 0.6mm; left: 1mm; font-size: 7pt }
main { position: absolute; left: 25mm; right: 25mm; top: 30mm }
h1 { font-size: 20pt; font-weight: 600; margin: 0 0 6mm }
table { border-collapse: collapse; table-layout: fixed; width: 100% }
th { text-align: left; font-weight: 600; width: 32mm }
th, td { padding: 1mm 0; vertical-align: top; overflow-wrap: anywhere }
.grey { position: absolute; left: 25mm; bottom: 30mm; height: 8mm; width: 15mm }
"""


def test_page(*, name: str, address: str, model: str, options: Options, now: dt.datetime) -> bytes:
    """Return the page as a PDF of the printer's paper, in the active language.

    Frames stand at 5, 10 and 20 mm from the edge: what is missing of them is not printable, and a
    printer that scales shows them at other distances.
    """
    size = size_of(options.media) or size_of(A4)
    assert size is not None  # noqa: S101
    width, height = size.x / 100, size.y / 100
    borders = "".join(_border(distance, width, height) for distance in _BORDERS_MM)
    rows = {
        _("Printer"): name,
        _("Address"): address,
        _("Model"): model,
        _("Time"): date_format(timezone.localtime(now), "DATETIME_FORMAT"),
        _("Paper"): media_in_words(options.media) if options.media else _("the printer's own"),
        _("Tray"): tray_in_words(options.tray) if options.tray else tray_in_words("auto"),
        _("Sides"): _("both sides") if options.duplex else _("one side"),
        _("Colour"): _("colour") if options.color else _("black and white"),
    }
    table = "".join(
        f"<tr><th>{escape(str(label))}</th><td>{escape(str(value))}</td></tr>"
        for label, value in rows.items()
        if value
    )
    greys = "".join(
        f'<div class="grey" style="left: {25 + 15 * step}mm; background: {shade}"></div>'
        for step, shade in enumerate(("#000", "#444", "#888", "#bbb", "#ddd"))
    )
    html = (
        f'<html lang="{get_language() or "en"}"><head><title>{escape(_("Test page"))}</title>'
        f"</head><body>{borders}<main><h1>{escape(_('Test page'))}</h1>"
        f"<table>{table}</table></main>{greys}</body></html>"
    )
    css = _CSS.replace("WIDTH", f"{width:g}").replace("HEIGHT", f"{height:g}")
    return render_pdf(html, css=css)


def _border(distance: int, width: float, height: float) -> str:
    inner = f"width: {width - 2 * distance:g}mm; height: {height - 2 * distance:g}mm"
    place = f"left: {distance}mm; top: {distance}mm; {inner}"
    return f'<div class="border" style="{place}"><span>{distance} mm</span></div>'
