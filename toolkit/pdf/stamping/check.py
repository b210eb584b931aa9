"""Seeing that two PDFs show the same: the same words, and the same pixels."""

from collections import Counter

import pypdfium2
from PIL import ImageChops

from toolkit.pdf.pictures import PDFIUM

_DPI = 100
# Of 255. Stamps are written with WeasyPrint's own numbers: in practice nothing differs at all.
_FAINT = 8


def difference(one: bytes, other: bytes) -> str:
    """Say how two PDFs differ; empty where they show the same."""
    with PDFIUM, pypdfium2.PdfDocument(one) as first, pypdfium2.PdfDocument(other) as second:
        if len(first) != len(second):
            return f"{len(first)} pages, not {len(second)}"
        for number in range(len(first)):
            if _words(first[number]) != _words(second[number]):
                return f"other words on page {number + 1}"
            faintest = _unlikeness(first[number], second[number])
            if faintest > _FAINT:
                return f"other pixels on page {number + 1}, by {faintest} of 255"
    return ""


def _words(page: pypdfium2.PdfPage) -> Counter[str]:
    # PDFium marks a hyphen at the end of a line, depending on what was painted next.
    text = page.get_textpage().get_text_bounded().replace("\x02", "-")
    return Counter(text.split())


def _unlikeness(one: pypdfium2.PdfPage, other: pypdfium2.PdfPage) -> int:
    pictures = [page.render(scale=_DPI / 72).to_pil().convert("RGB") for page in (one, other)]
    if pictures[0].size != pictures[1].size:
        return 255
    channels = ImageChops.difference(*pictures).split()
    return max(int(channel.getextrema()[1]) for channel in channels)  # type: ignore[arg-type]
