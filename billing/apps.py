"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    """Configuration of the app ``billing``."""

    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Listen to the other departments, and say who may read e-mail with invoices."""
        from billing import receivers  # noqa: F401 (connects them)
        from integration.selectors import register_purpose

        register_purpose("billing.invoice", label=_("Invoice"), permission="billing.view_invoice")
        register_purpose("billing.reminder", label=_("Reminder"), permission="billing.view_invoice")
