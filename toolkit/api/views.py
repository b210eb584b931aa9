"""The API described: for programs (OpenAPI) and for people, and each kind of refusal."""

from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from toolkit.access import require

from .problem_types import TITLES
from .reference import components, resources


@cache
def api_schema() -> dict[str, Any]:
    """Return the OpenAPI document, in English; made once per process."""
    with translation.override("en"):
        generator = SchemaGenerator()  # type: ignore[no-untyped-call]
        document: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1 of this API, as YAML or (``?format=json``) JSON. Open to everybody."""

    permission_classes = [AllowAny]

    def _get_schema_response(self, request: Request) -> Response:
        return Response(api_schema())


@require_safe
@require()
def reference(request: HttpRequest) -> HttpResponse:
    """Show every operation and object of the API."""
    document = api_schema()
    return render(
        request,
        "api/reference.html",
        {"resources": resources(document), "components": components(document)},
    )


@require_safe
def problem_page(request: HttpRequest, name: str) -> HttpResponse:
    """Say what a problem type means: where ``type`` of a problem document leads.

    Raises:
        Http404: there is no such type (or it is one of a department, told in docs/api.md).
    """
    if name not in TITLES:
        raise Http404
    return render(request, "api/problem.html", {"name": name, "title": TITLES[name]})
