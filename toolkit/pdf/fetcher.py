"""What a document may fetch: its own assets by name, and nothing else on this machine or any other.

WeasyPrint reads files and calls servers by default, for everything that an HTML text names.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from weasyprint import HTML, URLFetcher

SCHEME = "asset:"

# Fetch something by themselves, or bring styles of their own; styles come by ``css`` alone.
_REFUSED = frozenset({"base", "embed", "iframe", "link", "object", "script", "style"})
# Nested flexible boxes and grids take time that doubles with every level.
_EXPENSIVE = re.compile(r"flex|grid", re.IGNORECASE)


def closed_fetcher(assets: Mapping[str, bytes]) -> "URLFetcher":
    """Return a fetcher that knows the ``assets``, called ``asset:<name>``, and ``data:`` images.

    It refuses everything else; WeasyPrint then goes on without it.
    """
    return _fetcher_class()(assets)


@cache
def _fetcher_class() -> Any:  # noqa: ANN401 (a class of WeasyPrint, which is imported late)
    from weasyprint import URLFetcher
    from weasyprint.urls import URLFetcherResponse

    class AssetFetcher(URLFetcher):
        def __init__(self, assets: Mapping[str, bytes]) -> None:
            super().__init__(allowed_protocols={"data"}, allow_redirects=False)
            self._assets = assets

        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ANN401 (WeasyPrint's)
            if url.startswith("data:image/"):
                return super().fetch(url, headers)
            name = url.removeprefix(SCHEME)
            if url.startswith(SCHEME) and name in self._assets:
                return URLFetcherResponse(url, self._assets[name])
            message = "documents fetch nothing but their own assets"
            raise ValueError(message)

    return AssetFetcher


def disarm(page: "HTML") -> None:
    """Take out of a parsed page what would fetch, style or stall it."""
    page.base_url = None
    for parent in page.etree_element.iter():
        for child in list(parent):
            if child.tag in _REFUSED:
                _remove(parent, child)
        style = parent.get("style")
        if style and _EXPENSIVE.search(style):
            kept = [each for each in style.split(";") if not _EXPENSIVE.search(each)]
            parent.set("style", ";".join(kept))


def _remove(parent: "Element", child: "Element") -> None:
    """Remove an element and keep the text behind it."""
    at = list(parent).index(child)
    if child.tail:
        if at:
            parent[at - 1].tail = (parent[at - 1].tail or "") + child.tail
        else:
            parent.text = (parent.text or "") + child.tail
    parent.remove(child)
