"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    """Configuration of the app ``billing``."""

    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Listen to the other departments."""
        from billing import receivers  # noqa: F401 (connects them)
