"""Versions of what is changed by several: ``ETag`` out, ``If-Match`` in."""

from django.db.models import Model
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from .exceptions import Problem


def etag_of(obj: Model) -> str:
    """Return the strong ETag of the object's present version (``version``, else ``updated_at``).

    Raises:
        TypeError: the model has neither.
    """
    if (version := getattr(obj, "version", None)) is not None:
        return f'"{obj.pk}-{version}"'
    if (updated_at := getattr(obj, "updated_at", None)) is not None:
        return f'"{obj.pk}-{updated_at.timestamp():.6f}"'
    msg = f"{type(obj).__name__} has neither version nor updated_at to make an ETag from"
    raise TypeError(msg)


def require_match(request: Request, obj: Model) -> None:
    """Make sure that the caller has seen the present version. Hold the row's lock meanwhile.

    Raises:
        Problem: 428 without ``If-Match``; 412 when it names another version.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise Problem(
            _("Send the ETag of the version that you change as If-Match."),
            type_name="precondition-required",
            status=428,
        )
    known = parse_etags(given)
    if etag_of(obj) not in known and known != ["*"]:
        raise Problem(
            _("Somebody changed it since you read it. Read it again."),
            type_name="precondition-failed",
            status=412,
        )
