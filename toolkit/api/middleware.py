"""Headers that every answer of the API carries, whoever made it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from .handlers import is_api

if TYPE_CHECKING:
    from toolkit.limits import RateLimit


class ApiHeadersMiddleware:
    """Tell the rate limit, and keep answers out of caches that others read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve the request; add the headers under ``/api/``."""
        response = self.get_response(request)
        if not is_api(request):
            return response
        limit: RateLimit | None = getattr(request, "api_rate_limit", None)
        if limit is not None:
            response.headers["X-RateLimit-Limit"] = str(limit.limit)
            response.headers["X-RateLimit-Remaining"] = str(limit.remaining)
            response.headers["X-RateLimit-Reset"] = str(limit.reset_after)
        response.headers.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Language"])
        return response
