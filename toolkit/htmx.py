"""Answer htmx: a fragment where it asked for one, the full page to everybody else.

Only the headers are read here, so that a view works the same with and without the middleware.
"""

import json
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import Promise

Tone = Literal["", "good", "bad"]


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether htmx made the request, for a fragment or by a boosted link."""
    return request.headers.get("HX-Request") == "true"


def is_fragment(request: HttpRequest) -> bool:
    """Tell whether a fragment is wanted: asked by htmx, neither boosted nor a restored page.

    When the browser goes back and htmx has lost its copy, it asks for the page again with
    HX-History-Restore-Request and needs the whole of it.
    """
    return (
        is_htmx(request)
        and request.headers.get("HX-Boosted") != "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )


def current_path(request: HttpRequest) -> str:
    """Answer path and query of the page that htmx sits on; empty when it is not ours."""
    url = urlsplit(request.headers.get("HX-Current-URL", ""))
    if url.netloc != request.get_host() or not url.path.startswith("/"):
        return ""
    return f"{url.path}?{url.query}" if url.query else url.path


def render_page_or_fragment(
    request: HttpRequest,
    page_template: str,
    fragment_template: str,
    context: Mapping[str, object] | None = None,
    status: int | None = None,
) -> HttpResponse:
    """Render the fragment for htmx and the page (which includes the fragment) for a browser.

    Both live at one address, so caches are told apart by ``Vary``, and the fragment is never
    stored: a browser going back would otherwise show a naked table.
    """
    fragment = is_fragment(request)
    template = fragment_template if fragment else page_template
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    if fragment:
        patch_cache_control(response, no_store=True, private=True)
    return response


def toast(response: HttpResponse, text: str | Promise, tone: Tone = "") -> HttpResponse:
    """Have the page show ``text`` in a corner once htmx has this response.

    Keeps what HX-Trigger already says. A toast with tone ``bad`` stays until it is dismissed.
    """
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    events["toast"] = {"text": str(text), "tone": tone}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def refresh() -> HttpResponse:
    """Have htmx load the current page anew, with the messages left for it."""
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
