"""The ordinary way from HTML to PDF: WeasyPrint, kept warm.

WeasyPrint is imported late: only documents need it, and it loads Pango.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .fetcher import closed_fetcher, disarm
from .fonts import fonts, stylesheet

if TYPE_CHECKING:
    from weasyprint import HTML
    from weasyprint.document import Document


@dataclass(frozen=True, kw_only=True)
class Stationery:
    """What many documents share: the style and the assets, with the pictures decoded so far."""

    css: str = ""
    assets: Mapping[str, bytes] = field(default_factory=dict)
    pictures: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def page(self, html: str) -> "HTML":
        """Parse a page; what would fetch, style or stall it is gone."""
        from weasyprint import HTML

        page = HTML(string=html, url_fetcher=closed_fetcher(self.assets))
        disarm(page)
        return page

    def options(self) -> dict[str, Any]:
        """Return what rendering and writing take."""
        return {"stylesheets": [fonts()[1], stylesheet(self.css)], "cache": self.pictures}

    def lay_out(self, html: str, **options: Any) -> "Document":
        """Lay a page out, without painting it yet."""
        return self.page(html).render(font_config=fonts()[0], **self.options(), **options)


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
    content: bytes = Stationery(css=css, assets=dict(images or {})).lay_out(html).write_pdf()
    return content


def render_together(stationery: Stationery, pages: Sequence[str]) -> tuple[bytes, list[int]]:
    """Return one PDF of several documents, with their numbers of pages; fonts are shared.

    Each is laid out for itself: counters, page numbers and running heads begin anew.
    """
    documents = [stationery.lay_out(html) for html in pages]
    together = documents[0].copy([page for each in documents for page in each.pages])
    return together.write_pdf(), [len(each.pages) for each in documents]
