"""The ordinary way from HTML to PDF: WeasyPrint, kept warm.

WeasyPrint is imported late: only documents need it, and it loads Pango.
"""

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pikepdf

from .archive import Metadata
from .fetcher import SCHEME, closed_fetcher, disarm
from .fonts import fonts, stylesheet
from .parts import Chunks, PartBuilder, PdfPart

if TYPE_CHECKING:
    from weasyprint import HTML
    from weasyprint.document import Document

ARCHIVE = "pdf/a-3b"

# All documents share their fonts, which Pango can't serve to two threads at once.
_PANGO = threading.Lock()


@dataclass(frozen=True, kw_only=True, eq=False)
class Stationery:
    """What many documents share: the style and the assets, with the pictures decoded so far."""

    css: str = ""
    assets: Mapping[str, bytes] = field(default_factory=dict)
    archival: bool = False
    _pictures: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def dropped(self) -> frozenset[str]:
        """Return the entries that an archive must not have: it lets no picture be smoothed."""
        return frozenset({"/Interpolate"}) if self.archival else frozenset()

    def with_pictures(self, pictures: Mapping[str, bytes]) -> "Stationery":
        """Return the same with a record's own pictures; decoded ones are kept for it alone."""
        if not pictures:
            return self
        own = {f"{SCHEME}{name}" for name in pictures}
        kept = {url: image for url, image in self._pictures.items() if url not in own}
        return replace(self, assets={**self.assets, **pictures}, _pictures=kept)

    def page(self, html: str) -> "HTML":
        """Parse a page; what would fetch, style or stall it is gone."""
        from weasyprint import HTML

        page = HTML(string=html, url_fetcher=closed_fetcher(self.assets))
        disarm(page)
        return page

    def options(self) -> dict[str, Any]:
        """Return what WeasyPrint is told for every document."""
        return {
            "stylesheets": [fonts()[1], stylesheet(self.css)],
            "cache": self._pictures,
            "pdf_variant": ARCHIVE if self.archival else None,
        }

    def lay_out(self, page: "HTML") -> "Document":
        """Lay a page out, without painting it yet."""
        with _PANGO:
            document = page.render(font_config=fonts()[0], **self.options())
        if self.archival:
            document.color_profiles["srgb"] = _srgb()
        return document

    def paint(self, document: "Document") -> bytes:
        """Paint what is laid out."""
        # Told of another intent, it doesn't open the profile that the document has already.
        options = {"pdf_variant": ARCHIVE, "output_intent": "its own"} if self.archival else {}
        with _PANGO:
            content: bytes = document.write_pdf(**options)
        return content


@cache
def _srgb() -> Any:  # noqa: ANN401 (WeasyPrint's)
    """Return the colour profile of archives; WeasyPrint would leave its file open each time."""
    import weasyprint.pdf
    from weasyprint.css import ColorProfile

    file = (Path(weasyprint.pdf.__file__).parent / "sRGB2014.icc").read_bytes()

    class AsItIs(ColorProfile):
        content = file  # Pillow writes it anew, and otherwise the first time than later

    return AsItIs(io.BytesIO(file), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))


def render_pdf(html: str, *, css: str = "", images: Mapping[str, bytes] | None = None) -> bytes:
    """Return the PDF of a page of HTML, styled by ``css``.

    Its fonts are ``Inter`` and, for letters and invoices, ``IBM Plex Sans`` (Latin, Greek and
    Cyrillic, weights 400 and 600). The same input gives the same bytes.

    Args:
        html: a whole document; nothing that it names is fetched but ``data:`` images and the
            ``images``, called ``asset:<name>``. Its own style sheets, links and frames are left
            out, and so are flexible boxes and grids in ``style`` attributes.
        css: taken as it is, not cleaned.
        images: content of the named images.
    """
    stationery = Stationery(css=css, assets=dict(images or {}))
    return stationery.paint(stationery.lay_out(stationery.page(html)))


def metadata_of(document: "Document") -> Metadata:
    """Return what a page says of itself in its head."""
    own = document.metadata
    return Metadata(title=own.title or "", authors=tuple(own.authors), language=own.lang or "")


@dataclass(frozen=True, slots=True)
class PlainPages:
    """Pages of several documents in one part: the places of each one's pages, and their sizes."""

    part: PdfPart
    documents: Sequence[Sequence[int]]
    sizes: Sequence[Sequence[tuple[float, float]]]
    output_intents: Chunks
    metadata: Metadata


def render_together(stationery: Stationery, pages: Sequence[str]) -> PlainPages:
    """Render several documents the ordinary way; their fonts and pictures are shared.

    Each is laid out for itself: counters, page numbers and running heads begin anew.
    """
    documents = [stationery.lay_out(stationery.page(html)) for html in pages]
    together = documents[0].copy([page for each in documents for page in each.pages])
    with pikepdf.open(io.BytesIO(stationery.paint(together))) as pdf:
        tree = pdf.Root.Pages.objgen
        builder = PartBuilder(
            lambda thing: "pages" if number_of(thing) == tree else None, stationery.dropped
        )
        places = [builder.take_object(page.obj) for page in pdf.pages]
        sizes = [size_of(page) for page in pdf.pages]
        intents = builder.take(pdf.Root.OutputIntents) if stationery.archival else ()
    ends = [0]
    for each in documents:
        ends.append(ends[-1] + len(each.pages))
    cuts = [slice(start, end) for start, end in pairwise(ends)]
    return PlainPages(
        builder.part,
        [places[cut] for cut in cuts],
        [sizes[cut] for cut in cuts],
        intents,
        metadata_of(documents[0]),
    )


def number_of(thing: Any) -> tuple[int, int] | None:  # noqa: ANN401 (any object of a PDF)
    """Return an indirect object's number, None for any other value."""
    return thing.objgen if isinstance(thing, pikepdf.Object) and thing.is_indirect else None


def size_of(page: pikepdf.Page) -> tuple[float, float]:
    """Return a page's width and height in points."""
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    return right - left, top - bottom
