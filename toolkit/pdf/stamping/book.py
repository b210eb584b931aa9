"""The fonts of all stamped pages: every glyph that a stamp may need, once in a document."""

import html
import io
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf

from toolkit.pdf.fonts import PLEX, PLEX_FAMILY, PLEX_ITALIC
from toolkit.pdf.parts import PartBuilder, PdfPart
from toolkit.pdf.render import Stationery

from .words import ALPHABET, LIGATURES, NO_BREAK_SPACE, UnstampableError

# Before the names of fonts of the book that stamps use: a page's own may be called the same.
STAMPED = "B"


@dataclass(frozen=True, slots=True)
class BookFont:
    """A font of the book: its file, its name in content streams, its objects, its place there."""

    path: Path
    name: str
    part: PdfPart
    place: int
    glyphs: frozenset[int]


def font_of_file(content: bytes) -> BookFont:
    """Return the font of the book that was made of a file.

    Raises:
        UnstampableError: none was.
    """
    path = _paths().get(sha256(content).digest())
    for font in font_book().values():
        if font.path == path:
            return font
    message = "a font outside of the book"
    raise UnstampableError(message)


@cache
def font_book() -> dict[str, BookFont]:
    """Return the fonts by WeasyPrint's names for them.

    It makes them itself, once, so that they are like those it makes for any document.
    """
    text = html.escape(f"{' '.join(ALPHABET)} {LIGATURES} {NO_BREAK_SPACE}x")
    page = "".join(
        f'<p style="font-weight:{weight};font-style:{style}">{text}</p>'
        for weight in PLEX
        for style in ("normal", "italic")
    )
    stationery = Stationery(css=f'p {{ font-family: "{PLEX_FAMILY}" }}')
    document = stationery.lay_out(stationery.page(page))
    book = {}
    with pikepdf.open(io.BytesIO(stationery.paint(document))) as pdf:
        objects: Any = pdf.pages[0].obj.Resources.Font
        for font in document.fonts.values():
            path = _paths().get(sha256(_file_of(font)).digest())
            if path is not None and font.hash not in book:
                builder = PartBuilder()
                place = builder.take_object(objects[f"/{font.hash}"])
                glyphs = frozenset(font.to_unicode)
                book[font.hash] = BookFont(path, font.hash, builder.part, place, glyphs)
    return book


@cache
def _paths() -> dict[bytes, Path]:
    return {
        sha256(path.read_bytes()).digest(): path for path in (*PLEX.values(), *PLEX_ITALIC.values())
    }


def _file_of(font: Any) -> bytes:  # noqa: ANN401 (WeasyPrint's)
    from weasyprint.text.fonts import get_hb_object_data

    content: bytes = get_hb_object_data(font.hb_face)
    return content
