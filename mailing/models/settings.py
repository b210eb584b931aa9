"""What holds for all mailings of the house."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailingSettings(models.Model):
    """One row: who may approve, and with what postage is estimated. Weights are in grams."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    second_person = models.BooleanField(
        _("a second person approves"),
        default=False,
        help_text=_("Nobody approves a mailing that he has prepared."),
    )
    sheet_grams = models.PositiveSmallIntegerField(_("weight of a sheet (g)"), default=5)
    envelope_grams = models.PositiveSmallIntegerField(_("weight of an envelope (g)"), default=5)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("settings of mailings")
        verbose_name_plural = _("settings of mailings")
        default_permissions = ("change",)
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="mailing_settings_only_one"),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
