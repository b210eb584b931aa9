"""The API described: for programs (OpenAPI) and, later in this file, for people."""

from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

_schemas: dict[str, dict[str, Any]] = {}


def api_schema() -> dict[str, Any]:
    """Return the OpenAPI document in the active language; made once per process and language."""
    language = translation.get_language() or ""
    if language not in _schemas:
        generator = SchemaGenerator()  # type: ignore[no-untyped-call]
        _schemas[language] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return _schemas[language]


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1 of this API, as YAML or (``?format=json``) JSON. Open to everybody."""

    def _get_schema_response(self, request: Request) -> Response:
        return Response(api_schema())
