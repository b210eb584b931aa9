"""Let a view be used only by whom it is for: logged in, and with every permission it names."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers

from toolkit.htmx import current_path, is_htmx

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def require(*permissions: str) -> Callable[[View[P]], View[P]]:
    """Guard a view: a stranger is sent to the log-in, a user without a permission gets 403.

    ``permissions`` are full names (``"customers.view_customer"``) and all are needed; with none
    named, being logged in is enough. The names stay readable as ``view.required_permissions``,
    from which the matrix test of roles and URLs works. For a class use
    ``@method_decorator(require(...), name="dispatch")``.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if not request.user.has_perms(permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_permissions = permissions  # type: ignore[attr-defined]
        return cast("View[P]", guarded)

    return decorate


def _to_login(request: HttpRequest) -> HttpResponseBase:
    """Send the whole page to the log-in, also when only a fragment was asked for."""
    if not is_htmx(request):
        return redirect_to_login(request.get_full_path())
    login = redirect_to_login(current_path(request) or resolve_url("home"))
    response = HttpResponse(status=401, headers={"HX-Redirect": login.url})
    patch_vary_headers(response, ["HX-Request"])
    return response
