"""Settings of invoicing: number series and VAT rates."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from sales.models import Contract
from toolkit.sql import DateRange


class InvoiceSeries(models.Model):
    """The counter of one kind of document in one year; locked while a number is taken."""

    kind = models.CharField(_("kind"), max_length=12)
    year = models.PositiveSmallIntegerField(_("year"))
    prefix = models.CharField(_("prefix"), max_length=10)
    next_number = models.PositiveIntegerField(_("next number"), default=1)
    last_issued_on = models.DateField(_("last issue date"), null=True, editable=False)

    class Meta:
        verbose_name = _("invoice series")
        verbose_name_plural = _("invoice series")
        ordering = ["-year", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "year"], name="series_kind_year_once"),
            models.UniqueConstraint(fields=["prefix", "year"], name="series_prefix_year_once"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"


class VatRate(models.Model):
    """The VAT percent of a category from a day on."""

    category = models.CharField(_("category"), max_length=16)
    percent = models.DecimalField(_("percent"), max_digits=6, decimal_places=3)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to (exclusive)"), null=True, blank=True)
    reason_es = models.CharField(_("reason (Spanish)"), max_length=200, blank=True)
    reason_en = models.CharField(_("reason (English)"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        ordering = ["category", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100), name="vat_percent_sane"
            ),
            ExclusionConstraint(
                name="vat_rate_never_overlaps",
                expressions=[
                    ("category", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.percent} %"

    @property
    def category_name(self) -> str:
        """The category in the active language."""
        return str(dict(Contract.VatCategory.choices).get(self.category, self.category))


class SendingWay(models.TextChoices):
    """How an issued invoice goes to its customer by itself."""

    NEVER = "never", _("Not by itself")
    ATTACH = "attach", _("With the PDF in the e-mail")
    LINK = "link", _("With a link to the invoice")


class BillingSettings(models.Model):
    """One row: how drafts are reviewed, checked and sent."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    change_percent = models.PositiveSmallIntegerField(
        _("unusual change (%)"),
        default=50,
        help_text=_(
            "A draft that differs by more than this from the customer's last month is flagged."
        ),
    )
    check_rules = models.BooleanField(
        _("check the rules of EN 16931"),
        default=False,
        help_text=_("A draft whose electronic form breaks one of them can't be issued."),
    )
    sending = models.CharField(
        _("send issued invoices"),
        max_length=8,
        choices=SendingWay,
        default=SendingWay.NEVER,
        help_text=_("Holds for customers of whom nothing else is said."),
    )
    link_days = models.PositiveSmallIntegerField(
        _("a link is valid for (days)"),
        default=90,
        help_text=_("Of links sent from now on."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("settings of billing")
        verbose_name_plural = _("settings of billing")
        default_permissions = ("change", "view")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="billing_settings_only_one"),
            models.CheckConstraint(
                condition=models.Q(change_percent__gte=1), name="billing_change_percent_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(link_days__gte=1), name="billing_link_days_positive"
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
