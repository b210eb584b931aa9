"""The names of refusals that are no domain's own. They are stable: clients use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "/problems/"

TITLES: dict[str, StrOrPromise] = {
    "validation-error": _("The input is not valid"),
    "invalid-parameter": _("A query parameter is not valid"),
    "malformed-request": _("The request can't be read"),
    "not-authenticated": _("Log in first"),
    "authentication-failed": _("The credentials are not valid"),
    "permission-denied": _("Not permitted"),
    "not-found": _("Not found"),
    "method-not-allowed": _("Method not allowed"),
    "not-acceptable": _("No such format"),
    "conflict": _("Conflict with the present state"),
    "in-use": _("Still in use"),
    "precondition-failed": _("Changed in the meantime"),
    "payload-too-large": _("The request is too large"),
    "unsupported-media-type": _("Unsupported content type"),
    "idempotency-key-reused": _("The idempotency key belongs to another request"),
    "idempotency-key-in-use": _("The first request with this key is still running"),
    "invalid-idempotency-key": _("The idempotency key is not valid"),
    "precondition-required": _("If-Match is missing"),
    "too-many-requests": _("Too many requests"),
    "internal-error": _("Error on our side"),
    "refused": _("Not possible"),
}
"""Title of each type."""
