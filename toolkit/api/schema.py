"""The OpenAPI description: what every operation has in common is said once, here."""

from drf_spectacular.views import SpectacularAPIView


class SchemaView(SpectacularAPIView):
    """OpenAPI 3 of this API, as YAML or (``Accept: application/json``, ``?format=json``) JSON."""
