"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationConfig(AppConfig):
    """What happened and who is told."""

    name = "integration"
    verbose_name = _("Integration")

    def ready(self) -> None:
        """Connect the receivers."""
        from . import receivers  # noqa: F401
