"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConferencingConfig(AppConfig):
    """Configuration of the app ``conferencing``."""

    name = "conferencing"
    verbose_name = _("Conferencing")
