"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RoofConfig(AppConfig):
    """The roof has screens and commands, but no models."""

    name = "bpi_portal"

    def ready(self) -> None:
        """Keep the roles as ``roles.py`` has them."""
        from .roles import sync_after_migrate

        post_migrate.connect(sync_after_migrate, sender=self)
