"""One name per request, found again in the answer, in every log line and in every event.

Nothing here is passed by argument: a context variable follows the request (and, by the headers
that ``integration.receivers`` sends along, the tasks that it started).
"""

from __future__ import annotations

import logging
import re
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # settings name this module: nothing here may need models at import
    from collections.abc import Callable, Iterator

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-ID"
# What we take from a caller: short, and harmless in a log line.
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def new_request_id() -> str:
    """Return a name that no other request has."""
    return f"req_{uuid.uuid4().hex}"


def current_request_id() -> str:
    """Return the name of the request being served (or that started this task), or ""."""
    return _request_id.get()


def acting_user() -> AbstractBaseUser | AnonymousUser | None:
    """Return who makes the request being served; None outside of a request.

    Asked late on purpose: an API view knows its user only after it has read the token, and then
    tells the Django request.
    """
    return getattr(_request.get(), "user", None)


@contextmanager
def request_context(request_id: str, request: HttpRequest | None = None) -> Iterator[None]:
    """Carry ``request_id`` (and the request itself) until the end of the block."""
    id_token, request_token = _request_id.set(request_id), _request.set(request)
    try:
        yield
    finally:
        _request_id.reset(id_token)
        _request.reset(request_token)


class RequestIdMiddleware:
    """Take ``X-Request-ID`` from the caller, or name the request, and say the name in the answer.

    Belongs first in ``MIDDLEWARE``, so that the log lines of all others carry the name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve the request under its name."""
        given = request.headers.get(HEADER, "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else new_request_id()
        request.request_id = request_id  # type: ignore[attr-defined]
        with request_context(request_id, request):
            response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response


class RequestIdFilter(logging.Filter):
    """Give each log record ``request_id`` for the format string ("-" outside of requests)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attribute; never drop a record."""
        # Django reports a refused request after it has left all middleware, but names it.
        request = getattr(record, "request", None)
        record.request_id = current_request_id() or getattr(request, "request_id", "-")
        return True


class RequestFormatter(logging.Formatter):
    """Write log lines with the name of their request (needs ``RequestIdFilter``)."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
