"""What is sold besides conferences: products, subscriptions to them, and single charges."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sales.models import Contract


class Product(models.Model):
    """Something that can be charged beside conferences.

    ``unit_price`` (in ``currency``) is what is proposed for new subscriptions and charges; those
    copy it, so that changing it touches nothing that was agreed. Without a ``vat_category`` that
    of the contract holds.
    """

    class Unit(models.TextChoices):
        """What is counted."""

        PIECE = "piece", pgettext_lazy("unit", "piece")
        HOUR = "hour", pgettext_lazy("unit", "hour")
        DAY = "day", pgettext_lazy("unit", "day")
        MONTH = "month", pgettext_lazy("unit", "month")
        MINUTE = "minute", pgettext_lazy("unit", "minute")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name_es = models.CharField(_("name (Spanish)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.PIECE)
    currency = models.CharField(_("currency"), max_length=3)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    vat_category = models.CharField(
        _("VAT"),
        max_length=16,
        choices=Contract.VatCategory,
        blank=True,
        help_text=_("Empty: that of the customer's contract."),
    )
    is_active = models.BooleanField(_("on sale"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["code"]
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(unit_price__gte=0), name="product_price_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Z0-9][A-Z0-9-]*$"), name="product_code_plain"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def name_in(self, language: str) -> str:
        """Answer the name in a language of ours."""
        return self.name_es if language == "es" else self.name_en


class Subscription(models.Model):
    """A product that a customer pays every month, under a contract and in its currency.

    ``valid_from`` and ``valid_to`` (exclusive) are local dates of the contract; a month in force
    only in part is billed by its days. What was agreed never changes: another quantity or price is
    another subscription. Each of its months is billed once: ``InvoiceLine`` says so.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("product")
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price = models.DecimalField(_("price per month"), max_digits=18, decimal_places=6)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until (exclusive)"), null=True, blank=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(_("agreed"))

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["valid_from", "pk"]
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="subscription_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, unit_price__gte=0),
                name="subscription_counts_something",
            ),
        ]
        indexes = [models.Index(fields=["contract", "valid_from"], name="subscription_contract")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id} ({self.pk})"


class OneOffCharge(models.Model):
    """A single line that somebody puts on a customer's invoice, with a product or words alone.

    It belongs to ``period`` of the contract, and stands on that month's invoice or, where that is
    issued, on the next one. ``description`` is what the invoice says, ``reason`` what the house
    knows. A deduction has a negative ``quantity``. Billed once: ``InvoiceLine`` says so. Until then
    it can be withdrawn; its row stays.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(_("period"), max_length=7)
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, related_name="charges"
    )
    description = models.CharField(_("description"), max_length=200)
    unit = models.CharField(max_length=8, choices=Product.Unit, default=Product.Unit.PIECE)
    quantity = models.IntegerField(_("quantity"), default=1)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    vat_category = models.CharField(max_length=16, choices=Contract.VatCategory, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(_("entered"))
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        verbose_name = _("one-off charge")
        verbose_name_plural = _("one-off charges")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(period__regex=r"^\d{4}-(0[1-9]|1[0-2])$"),
                name="one_off_charge_month",
            ),
            models.CheckConstraint(
                condition=~models.Q(quantity=0)
                & models.Q(unit_price__gte=0)
                & ~models.Q(reason="")
                & ~models.Q(description=""),
                name="one_off_charge_says_what_and_why",
            ),
        ]
        indexes = [models.Index(fields=["contract", "period"], name="one_off_charge_contract")]

    def __str__(self) -> str:
        return self.description
