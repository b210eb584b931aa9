"""App configuration."""

from django.apps import AppConfig


class RoofConfig(AppConfig):
    """The roof has screens and commands, but no models."""

    name = "bpi_portal"
