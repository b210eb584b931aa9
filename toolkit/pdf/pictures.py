"""Pages of a PDF as pictures, for screens."""

import threading

import pypdfium2
from PIL.Image import Image

# PDFium is one for the whole process and does one thing at a time: take this before using it.
PDFIUM = threading.Lock()


def page_pictures(pdf: bytes, *, dpi: int = 96, at_most: int = 4) -> tuple[list[Image], int]:
    """Return the first pages of a PDF as pictures, and how many pages it has."""
    with PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        pictures = [
            document[number].render(scale=dpi / 72).to_pil()
            for number in range(min(at_most, len(document)))
        ]
        return pictures, len(document)
