"""Pages for people without an account: the address that they were given is the permission."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from rest_framework.throttling import BaseThrottle

from toolkit.limits import count_request

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# Put into the context of a public page: it asks for no session and sets no cookie.
NO_COOKIES: dict[str, object] = {"csrf_token": "", "messages": ()}


def public_page(limit: str = "page") -> Callable[[View[P]], View[P]]:
    """Guard a page whose secret is in its address.

    The address leaks neither by a cache, nor by the referrer of the next page, nor by a search
    engine; one caller may ask as often as ``settings.PUBLIC_RATE_LIMITS[limit]`` says. There is no
    check of a CSRF token, which would need a cookie: no right comes with the browser here, whoever
    can make the request knows the secret.
    """

    def decorate(view: View[P]) -> View[P]:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            response = _too_many(request, limit) or view(request, *args, **kwargs)
            response.headers["Cache-Control"] = "private, no-store"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return cast("View[P]", guarded)

    return decorate


def _too_many(request: HttpRequest, name: str) -> HttpResponse | None:
    caller = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    limit = count_request(f"{name}:{caller}", settings.PUBLIC_RATE_LIMITS.get(name, ""))
    if limit is None or not limit.is_exceeded:
        return None
    response = render(request, "429.html", NO_COOKIES, status=429)
    response.headers["Retry-After"] = str(limit.reset_after)
    return response
