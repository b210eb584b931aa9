"""Errors outside of API views: as problems under ``/api/``, as Django's pages elsewhere.

For the root URLconf: ``handler404 = "toolkit.api.handlers.not_found"`` and its siblings; and
``path("api/", include("toolkit.api.urls"))`` as the last line, so that unknown addresses are
answered the same with and without ``DEBUG``.
"""

import json

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions

from .exceptions import Problem, internal_error, problem_body
from .problem_types import PROBLEM_JSON

API_PREFIX = "/api/"


def is_api(request: HttpRequest) -> bool:
    """Say whether the request is for the API."""
    return request.path_info.startswith(API_PREFIX)


def problem(exc: exceptions.APIException) -> HttpResponse:
    """Return the problem as a plain Django answer, in the active language."""
    return HttpResponse(
        json.dumps(problem_body(exc), ensure_ascii=False).encode(),
        status=exc.status_code,
        content_type=PROBLEM_JSON,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 400 (413 for a body that is too large)."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        text, name, status = _("The request is too large."), "payload-too-large", 413
    else:
        text, name, status = _("The request can't be read."), "malformed-request", 400
    return problem(Problem(text, type_name=name, status=status))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 403."""
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return problem(exceptions.PermissionDenied())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404."""
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return problem(exceptions.NotFound())


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer 500; Django has logged the trace."""
    return problem(internal_error()) if is_api(request) else defaults.server_error(request)


def unknown_address(request: HttpRequest, path: str = "") -> HttpResponse:  # noqa: ARG001 (URL)
    """Answer 404 to an address under ``/api/`` that leads nowhere, with a hint at the slash."""
    if request.path_info.endswith("/"):
        return problem(exceptions.NotFound())
    return problem(exceptions.NotFound(_("Not found. Addresses of the API end with a slash.")))
