"""Our own company: what stands at the head of every document that leaves the house."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Issuer(models.Model):
    """The company that issues invoices and sends letters. There is exactly one row.

    It stands below the departments because quotes, invitations, letters and invoices all show it.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    legal_name = models.CharField(_("legal name"), max_length=200)
    trade_name = models.CharField(_("trade name"), max_length=200, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=32)
    line1 = models.CharField(_("street and number"), max_length=200)
    line2 = models.CharField(_("floor, building"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=16)
    city = models.CharField(_("city"), max_length=100)
    region = models.CharField(_("province or state"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="ES")
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Madrid")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    website = models.URLField(_("web site"), blank=True)
    registry = models.CharField(_("entry in the register of companies"), max_length=200, blank=True)
    iban = models.CharField(_("bank account (IBAN)"), max_length=34, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    bank_name = models.CharField(_("bank"), max_length=100, blank=True)
    # Kept in the row: a logo belongs to the documents, and goes with a database backup.
    logo = models.BinaryField(_("logo"), null=True, blank=True, editable=False)
    logo_type = models.CharField(max_length=20, blank=True, editable=False)
    default_payment_days = models.PositiveSmallIntegerField(_("payment term (days)"), default=30)
    terms_es = models.TextField(_("standard terms (Spanish)"), blank=True)
    terms_en = models.TextField(_("standard terms (English)"), blank=True)
    peak_weekdays = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, verbose_name=_("peak days")
    )
    peak_from = models.CharField(_("peak from"), max_length=5, default="08:00")
    peak_to = models.CharField(_("peak to"), max_length=5, default="20:00")
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("issuer")
        verbose_name_plural = _("issuers")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="issuer_only_one"),
        ]

    def __str__(self) -> str:
        return self.trade_name or self.legal_name


class Holiday(models.Model):
    """A day that the house keeps as a holiday; new contracts take these as never peak."""

    date = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
