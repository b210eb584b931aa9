"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    """Configuration of the app ``customers``."""

    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        """Connect the receivers."""
        from . import receivers  # noqa: F401
