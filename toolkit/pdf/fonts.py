"""The fonts of documents, and what is parsed once for all of them."""

import atexit
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .fetcher import closed_fetcher

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

_FOLDER = Path(__file__).resolve().parents[2] / "static" / "vendor"

# TTF where letters are made by the thousand: WOFF2 costs its unpacking.
PLEX = {
    400: _FOLDER / "plex/IBMPlexSans-Regular.ttf",
    600: _FOLDER / "plex/IBMPlexSans-SemiBold.ttf",
}
PLEX_ITALIC = {
    400: _FOLDER / "plex/IBMPlexSans-Italic.ttf",
    600: _FOLDER / "plex/IBMPlexSans-SemiBoldItalic.ttf",
}
PLEX_FAMILY = "IBM Plex Sans"

_FONTS = {
    "inter-ext.woff2": (
        _FOLDER / "inter-latin-ext-wght-normal.woff2",
        'font-family: "Inter"; unicode-range: U+0100-02BA, U+1E00-1EFF',
    ),
    "inter.woff2": (
        _FOLDER / "inter-latin-wght-normal.woff2",
        'font-family: "Inter"; unicode-range: U+0000-00FF, U+2000-22FF',
    ),
    "plex.ttf": (PLEX[400], f'font-family: "{PLEX_FAMILY}"'),
    "plex-semibold.ttf": (PLEX[600], f'font-family: "{PLEX_FAMILY}"; font-weight: 600'),
    "plex-italic.ttf": (
        PLEX_ITALIC[400],
        f'font-family: "{PLEX_FAMILY}"; font-style: italic',
    ),
    "plex-semibold-italic.ttf": (
        PLEX_ITALIC[600],
        f'font-family: "{PLEX_FAMILY}"; font-style: italic; font-weight: 600',
    ),
}
_FONT_FACES = "".join(
    f'@font-face {{ src: url("asset:{name}"); {rules}; }}'
    for name, (_path, rules) in _FONTS.items()
)


@cache
def fonts() -> "tuple[FontConfiguration, CSS]":
    """Return the one configuration of all documents and the sheet that declares its fonts.

    A new configuration for each document leaks 0.3 MB.
    """
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    files = {name: path.read_bytes() for name, (path, _rules) in _FONTS.items()}
    configuration = FontConfiguration()
    # At the end of the process WeasyPrint can no longer remove its font files by itself.
    atexit.register(fonts.cache_clear)
    sheet = CSS(string=_FONT_FACES, font_config=configuration, url_fetcher=closed_fetcher(files))
    return configuration, sheet


@lru_cache(maxsize=32)
def stylesheet(css: str) -> "CSS":
    """Return ``css`` parsed; it is trusted, though what it names is fetched no more than HTML's."""
    from weasyprint import CSS

    return CSS(string=css, font_config=fonts()[0], url_fetcher=closed_fetcher({}))
