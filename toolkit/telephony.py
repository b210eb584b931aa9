"""Words of the telephone trade that several departments use."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Access(models.TextChoices):
    """How a leg reaches the bridge (TARIFF.md, Terms)."""

    TOLL = "toll", _("Toll")
    TOLL_FREE = "toll_free", _("Toll-free")
    DIAL_OUT = "dial_out", _("Dial-out")
    VOIP = "voip", _("Internet")
