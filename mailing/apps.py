"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MailingConfig(AppConfig):
    """Configuration of the app ``mailing``."""

    name = "mailing"
    verbose_name = _("Mailing")

    def ready(self) -> None:
        """Listen to what is announced, and see that there is a printer."""
        from integration.selectors import register_purpose
        from mailing import receivers  # noqa: F401 (connects them)
        from mailing.services.printers import ensure_default_printer

        seen_by = "mailing.view_mailing"
        register_purpose("mailing.notice", label=_("Notice of a letter"), permission=seen_by)
        register_purpose("mailing.email", label=_("E-mail to many"), permission=seen_by)
        post_migrate.connect(ensure_default_printer, sender=self)
