"""App configuration."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class RoofConfig(AppConfig):
    """The roof has screens and commands, but no models."""

    name = "bpi_portal"

    def ready(self) -> None:
        """Keep the roles as ``roles.py`` has them."""
        from .roles import sync_after_migrate

        # Django tells it only of apps that have models; billing's are the last of ours.
        post_migrate.connect(sync_after_migrate, sender=apps.get_app_config("billing"))
