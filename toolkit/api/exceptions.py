"""Every refusal of the API as problem+json (RFC 9457), never HTML, never a trace."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core import exceptions as django_exceptions
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, models
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import set_rollback

from toolkit.errors import DomainError
from toolkit.request_id import current_request_id

from .pointers import pointed_errors
from .problem_types import PROBLEM_JSON, TITLES, TYPE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_stubs_ext import StrOrPromise
    from rest_framework.request import Request

_LOST_A_RACE = {"23505", "23P01"}  # unique_violation, exclusion_violation

_TYPE_OF_CODE = {
    "parse_error": "malformed-request",
    "not_authenticated": "not-authenticated",
    "authentication_failed": "authentication-failed",
    "permission_denied": "permission-denied",
    "not_found": "not-found",
    "method_not_allowed": "method-not-allowed",
    "not_acceptable": "not-acceptable",
    "unsupported_media_type": "unsupported-media-type",
    "throttled": "too-many-requests",
}

logger = logging.getLogger(__name__)


class Problem(exceptions.APIException):
    """A refusal with its own type and further members.

    ``Problem(detail, type_name="tax-id-taken", customer="C-0001")`` answers 409 with the type
    ``/problems/tax-id-taken`` and the member ``customer``. Services don't raise it: they raise a
    ``toolkit.errors.DomainError``, which becomes one.
    """

    def __init__(
        self,
        detail: StrOrPromise,
        *,
        type_name: str = "conflict",
        status: int = HTTPStatus.CONFLICT,
        title: StrOrPromise | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail, type_name)
        self.type_name = type_name
        self.title = title
        self.status_code = status
        self.members = members


class InvalidParameter(exceptions.ValidationError):
    """Something in the query string is wrong; keys of the detail are names of parameters."""


def problem_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Answer any exception of an API view (``EXCEPTION_HANDLER`` of REST framework).

    What is nobody's refusal but a fault of ours is logged with its trace and answered 500.
    """
    api_exc = _of_view(exc, context.get("view")) or _known(exc)
    if api_exc is None:
        request = getattr(context.get("request"), "_request", None)
        logger.error("unhandled exception in the API", exc_info=exc)
        got_request_exception.send(sender=problem_handler, request=request)
        api_exc = internal_error()
    set_rollback()
    if (request := context.get("request")) is not None:
        _answer_in_json(request)
    return problem_response(api_exc)


def internal_error() -> Problem:
    """Return what people are told of a fault of ours; the log has the rest."""
    return Problem(
        _("Something went wrong on our side. Tell us the request id if it happens again."),
        type_name="internal-error",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def problem_response(exc: exceptions.APIException) -> Response:
    """Return the answer that tells of ``exc``, in the active language."""
    return Response(
        problem_body(exc),
        status=exc.status_code,
        headers=_headers(exc),
        content_type=PROBLEM_JSON,
    )


def problem_body(exc: exceptions.APIException) -> dict[str, Any]:
    """Return the members of the problem document."""
    type_name = _type_name(exc)
    other = TITLES["conflict" if exc.status_code == HTTPStatus.CONFLICT else "refused"]
    title = getattr(exc, "title", None) or TITLES.get(type_name, other)
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + type_name,
        "title": str(title),
        "status": int(exc.status_code),
    }
    if isinstance(exc, exceptions.ValidationError):
        body["errors"] = pointed_errors(exc.detail)
        body["detail"] = " ".join(dict.fromkeys(error["detail"] for error in body["errors"]))
    else:
        body["detail"] = str(exc.detail)
    if current_request_id():
        body["request_id"] = current_request_id()
    return body | getattr(exc, "members", {})


def _type_name(exc: exceptions.APIException) -> str:
    match exc:
        case Problem():
            return exc.type_name
        case InvalidParameter():
            return "invalid-parameter"
        case exceptions.ValidationError():
            return "validation-error"
    return _TYPE_OF_CODE.get(exc.default_code, exc.default_code.replace("_", "-"))


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, int(wait)))
    return headers


def _of_view(exc: Exception, view: object) -> exceptions.APIException | None:
    """Translate what the view declares in ``problems``: ``{TaxIdTakenError: "tax-id-taken"}``.

    The value may also be a function from the exception to the ``Problem``, to add members.
    """
    problems: Mapping[type[Exception], str | Callable[[Exception], Problem]] = getattr(
        view, "problems", {}
    )
    for kind, problem in problems.items():
        if isinstance(exc, kind):
            if isinstance(problem, str):
                return Problem(str(exc), type_name=problem)
            made: Problem = problem(exc)
            return made
    return None


def _known(exc: Exception) -> exceptions.APIException | None:
    """Translate exceptions that say something about the request; None for all others."""
    match exc:
        case exceptions.APIException():
            return exc
        case DomainError():
            return Problem(
                str(exc), type_name=exc.code, status=exc.status, title=exc.title, **exc.members
            )
        case django_exceptions.ValidationError():
            return exceptions.ValidationError(as_serializer_error(exc))
        case IntegrityError() if str(getattr(exc.__cause__, "sqlstate", "")) in _LOST_A_RACE:
            # Two requests at the same moment: the one that lost is told, and can try again.
            logger.warning("lost a race for a unique value", exc_info=exc)
            return Problem(_("Somebody else did the same at the same moment."))
    for kinds, problem in _TRANSLATIONS:
        if isinstance(exc, kinds):
            return problem()
    return None


_TRANSLATIONS: list[
    tuple[type[Exception] | tuple[type[Exception], ...], Callable[[], exceptions.APIException]]
] = [
    (Http404, exceptions.NotFound),
    (django_exceptions.PermissionDenied, exceptions.PermissionDenied),
    (
        django_exceptions.RequestDataTooBig,
        lambda: Problem(_("The request is too large."), type_name="payload-too-large", status=413),
    ),
    (
        (django_exceptions.SuspiciousOperation, UnreadablePostError, DataError),
        lambda: Problem(_("The request can't be read."), type_name="malformed-request", status=400),
    ),
    (
        (models.ProtectedError, models.RestrictedError),
        lambda: Problem(_("Other records still depend on it."), type_name="in-use"),
    ),
]


def _answer_in_json(request: Request) -> None:
    """Tell of problems in JSON also where the view answers with CSV or a PDF."""
    request.accepted_renderer = JSONRenderer()
    request.accepted_media_type = JSONRenderer.media_type
