"""What VAT in another currency and the books need besides the invoices."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ExchangeRate(models.Model):
    """How many units of a currency one euro was worth on a day, as the ECB publishes it."""

    class Source(models.TextChoices):
        ECB = "ecb", _("European Central Bank")
        HAND = "hand", _("Entered by hand")

    currency = models.CharField(_("currency"), max_length=3)
    day = models.DateField(_("day"))
    rate = models.DecimalField(_("units per euro"), max_digits=18, decimal_places=6)
    source = models.CharField(_("source"), max_length=4, choices=Source)

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["-day", "currency"]
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(fields=["currency", "day"], name="exchange_rate_once_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_positive"),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$") & ~models.Q(currency="EUR"),
                name="exchange_rate_not_of_the_euro",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency} {self.rate}"


class ClosedMonth(models.Model):
    """A month that somebody closed; it is never opened again.

    What comes later of it goes on the next invoice: see ``BillingPeriod.closed_at``.
    """

    period = models.CharField(_("period"), max_length=7, unique=True)
    closed_at = models.DateTimeField(_("closed"))
    closed_by = models.CharField(_("closed by"), max_length=150)

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        ordering = ["-period"]
        default_permissions = ()
        permissions = [
            ("close_month", _("Can close a month")),
            ("view_books", _("Can see the books of VAT and the closing of months")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(period__regex=r"^\d{4}-(0[1-9]|1[0-2])$"),
                name="closed_month_is_a_month",
            )
        ]

    def __str__(self) -> str:
        return self.period
