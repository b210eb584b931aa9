"""Make PDFs of HTML without ever reading a file or an address that the HTML names.

WeasyPrint is imported late: only documents need it, and it loads Pango.
"""

import atexit
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from weasyprint import CSS, URLFetcher
    from weasyprint.text.fonts import FontConfiguration

_FONTS = {
    "inter-ext.woff2": (
        "vendor/inter-latin-ext-wght-normal.woff2",
        'font-family: "Inter"; unicode-range: U+0100-02BA, U+1E00-1EFF',
    ),
    "inter.woff2": (
        "vendor/inter-latin-wght-normal.woff2",
        'font-family: "Inter"; unicode-range: U+0000-00FF, U+2000-22FF',
    ),
    "plex.ttf": ("vendor/plex/IBMPlexSans-Regular.ttf", 'font-family: "IBM Plex Sans"'),
    "plex-semibold.ttf": (
        "vendor/plex/IBMPlexSans-SemiBold.ttf",
        'font-family: "IBM Plex Sans"; font-weight: 600',
    ),
}
_FONT_FACES = "".join(
    f'@font-face {{ src: url("asset:{name}"); {rules}; }}'
    for name, (_path, rules) in _FONTS.items()
)


def render_pdf(html: str, *, css: str = "", images: Mapping[str, bytes] | None = None) -> bytes:
    """Return the PDF of a page of HTML, styled by ``css``.

    Its fonts are ``Inter`` and, for letters and invoices, ``IBM Plex Sans`` (Latin, Greek and
    Cyrillic, weights 400 and 600). The same input gives the same bytes.

    Args:
        html: a whole document; nothing that it names is fetched but ``data:`` images and the
            ``images``, called ``asset:<name>``.
        css: taken as it is, not cleaned.
        images: content of the named images.
    """
    from weasyprint import CSS, HTML

    fonts, faces = _fonts()
    document = HTML(string=html, url_fetcher=_fetcher(dict(images or {})))
    styles = [faces, CSS(string=css, font_config=fonts, url_fetcher=_fetcher({}))]
    content: bytes = document.write_pdf(stylesheets=styles, font_config=fonts)
    return content


@cache
def _fonts() -> "tuple[FontConfiguration, CSS]":
    """One for all documents: a new configuration for each leaks memory."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    folder = Path(settings.BASE_DIR) / "static"
    files = {name: (folder / path).read_bytes() for name, (path, _rules) in _FONTS.items()}
    fonts = FontConfiguration()
    # At the end of the process WeasyPrint can no longer remove its font files by itself.
    atexit.register(_fonts.cache_clear)
    return fonts, CSS(string=_FONT_FACES, font_config=fonts, url_fetcher=_fetcher(files))


def _fetcher(assets: Mapping[str, bytes]) -> "URLFetcher":
    from weasyprint import URLFetcher
    from weasyprint.urls import URLFetcherResponse

    class AssetFetcher(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ANN401 (WeasyPrint's)
            if url.startswith("data:image/"):
                return super().fetch(url, headers)
            name = url.removeprefix("asset:")
            if url.startswith("asset:") and name in assets:
                return URLFetcherResponse(url, assets[name])
            message = "documents fetch nothing but their own assets"
            raise ValueError(message)

    return AssetFetcher(allowed_protocols={"data"})
