"""``Idempotency-Key`` on every POST to the API: the same request again acts once.

The answer is kept in the transaction of the effect: either both are there or neither, also when
the process is killed in between. Last in ``MIDDLEWARE``, directly around the view.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from toolkit.api.authentication import credential_of
from toolkit.api.exceptions import Problem
from toolkit.api.handlers import problem

from . import selectors, services
from .models import IdempotencyKey

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_PREFIX = "/api/v1/"
_ACCEPTABLE = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Content-Language", "Location", "ETag")
# Refusals that say nothing about the request itself: the next attempt may go better.
_NOT_KEPT = {401, 403, 429}


class IdempotencyMiddleware:
    """Answer a repeated POST as the first one was answered.

    Same key and body of the same credential: the kept answer, with ``Idempotency-Replayed: true``.
    Another body: 422. The first still running: 409. Faults of ours (5xx) undo the effect and are
    not kept. Views where it has no meaning say ``ignores_idempotency_key = True``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve the request, once."""
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST" or not request.path_info.startswith(_PREFIX):
            return self.get_response(request)
        credential = _credential_for(request)
        if credential is None:
            return self.get_response(request)
        if not _ACCEPTABLE.fullmatch(key):
            return _refuse(
                _("Write 1 to 255 visible ASCII characters."), "invalid-idempotency-key", 400
            )
        with transaction.atomic():
            return self._once(request, credential, key)

    def _once(self, request: HttpRequest, credential: str, key: str) -> HttpResponseBase:
        if not services.lock_key(credential=credential, key=key):
            return _refuse(_("Ask again in a moment."), "idempotency-key-in-use", 409)
        request_hash = _hash(request)
        given = selectors.answer_given(credential=credential, key=key, now=timezone.now())
        if given is not None:
            if given.request_hash != request_hash:
                return _refuse(
                    _("Take a new key for a new request."), "idempotency-key-reused", 422
                )
            return _replay(given)
        response = self._act(request)
        if response.status_code < 500 and response.status_code not in _NOT_KEPT:
            _keep(response, credential=credential, key=key, request_hash=request_hash)
        return response

    def _act(self, request: HttpRequest) -> HttpResponseBase:
        """Serve the request; undo what a refused one may have written."""
        with transaction.atomic():
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response


def _credential_for(request: HttpRequest) -> str | None:
    """Return whose key it is; None when the view refuses the caller, or takes no key.

    Asked before anything kept is shown: a token that was revoked, or a right that was taken away,
    must not open old answers.
    """
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    view_class = getattr(match.func, "cls", None)
    if view_class is None or getattr(view_class, "ignores_idempotency_key", False):
        return None
    view = view_class(**getattr(match.func, "initkwargs", {}))
    return _credential_admitted(view, request, match)


def _credential_admitted(view: Any, request: HttpRequest, match: ResolverMatch) -> str | None:  # noqa: ANN401
    if actions := getattr(match.func, "actions", None):
        view.action_map = actions
    view.args, view.kwargs = match.args, match.kwargs
    view.request = asked = view.initialize_request(request, *match.args, **match.kwargs)
    try:
        view.check_permissions(asked)
    except APIException:
        return None
    return credential_of(asked) if asked.user.is_authenticated else None


def _hash(request: HttpRequest) -> str:
    digest = hashlib.sha256()
    for part in (request.get_full_path(), request.content_type or ""):
        digest.update(f"{part}\n".encode())
    digest.update(request.body)
    return digest.hexdigest()


def _keep(response: HttpResponseBase, *, credential: str, key: str, request_hash: str) -> None:
    if not isinstance(response, HttpResponse):  # a stream can be read only once
        return
    services.remember_answer(
        credential=credential,
        key=key,
        request_hash=request_hash,
        status=response.status_code,
        headers={name: response[name] for name in _KEPT_HEADERS if name in response},
        body=response.content,
        now=timezone.now(),
    )


def _replay(given: IdempotencyKey) -> HttpResponse:
    return HttpResponse(
        bytes(given.body), status=given.status, headers={**given.headers, REPLAYED: "true"}
    )


def _refuse(detail: str, type_name: str, status: int) -> HttpResponse:
    return problem(Problem(detail, type_name=type_name, status=status))
