"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingConfig(AppConfig):
    """Configuration of the app ``mailing``."""

    name = "mailing"
    verbose_name = _("Mailing")
