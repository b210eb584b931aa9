"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    """Configuration of the app ``billing``."""

    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Listen to the other departments, say who reads our e-mail, have steps of reminders."""
        from billing import receivers  # noqa: F401 (connects them)
        from billing.services.reminder_steps import ensure_reminder_steps
        from integration.selectors import register_purpose

        register_purpose("billing.invoice", label=_("Invoice"), permission="billing.view_invoice")
        register_purpose("billing.reminder", label=_("Reminder"), permission="billing.view_invoice")
        post_migrate.connect(ensure_reminder_steps, sender=self)
