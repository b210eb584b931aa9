"""Rates that were wrong, and the months that were billed by them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from integration.models import Job
from sales.models import Contract, ContractRate


class ReRating(models.Model):
    """One correction of a rate, in as many contracts as had it; its months are the queue.

    The rates are corrected in the transaction that makes it, the months one after the other
    (``ReRatedMonth``).
    """

    reason = models.CharField(_("reason"), max_length=300)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    started_by = models.CharField(_("started by"), max_length=150)
    created_at = models.DateTimeField(_("started"))
    heartbeat_at = models.DateTimeField(_("last sign of life"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("re-rating")
        verbose_name_plural = _("re-ratings")
        ordering = ["-created_at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} ({self.pk})"


class ReRatedMonth(models.Model):
    """A contract's month that is priced again by the right ``rate``; without ``done_at`` it waits.

    ``difference`` (without VAT) and ``conferences`` are what it made: what stands on drafts more
    or less than before, and how many conferences cost another price.
    """

    re_rating = models.ForeignKey(ReRating, on_delete=models.CASCADE, related_name="months")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    rate = models.ForeignKey(ContractRate, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(_("period"), max_length=7)
    difference = models.DecimalField(_("difference"), max_digits=18, decimal_places=3, null=True)
    conferences = models.PositiveIntegerField(_("conferences"), default=0)
    done_at = models.DateTimeField(_("done"), null=True)

    class Meta:
        verbose_name = _("re-rated month")
        verbose_name_plural = _("re-rated months")
        ordering = ["contract__customer__number", "contract", "period"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["re_rating", "contract", "period"], name="month_re_rated_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.re_rating_id}: {self.contract_id} {self.period}"
