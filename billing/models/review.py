"""Review by exception: what somebody looked at in a draft, and let pass."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .invoices import Invoice
from .kinds import Flag


class FlagAcceptance(models.Model):
    """Somebody looked at a flag of a draft and says why it may be issued all the same.

    The flags themselves are stored nowhere: a draft follows its charges, so they are asked of it
    (``selectors.review``). An acceptance is worth something only as long as the draft is what was
    seen: the same ``seen_net``, and the same ``seen_count`` of what the flag counts.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="acceptances")
    flag = models.CharField(_("flag"), max_length=20, choices=Flag)
    seen_net = models.DecimalField(max_digits=18, decimal_places=3)
    seen_count = models.PositiveIntegerField(default=0)
    reason = models.CharField(_("reason"), max_length=300)
    accepted_by = models.CharField(_("accepted by"), max_length=150)
    accepted_at = models.DateTimeField(_("accepted"))

    class Meta:
        verbose_name = _("accepted flag")
        verbose_name_plural = _("accepted flags")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["invoice", "flag"], name="flag_accepted_once")
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.flag}"
