"""The one customer record that every department works on."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from toolkit.sql import Unaccent


class Customer(models.Model):
    """A company that books conferences.

    ``number`` is what people and other systems call it; ``version`` grows with every change and
    tells two editors apart. ``search_text`` and ``sort_key`` are kept by the database, without
    accents and in lower case: the embedded PostgreSQL has no Spanish collation.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    class CreditHold(models.TextChoices):
        """What comes of owing more than is allowed."""

        NONE = "none", _("Within the credit limit")
        WARN = "warn", _("Over the credit limit")
        BLOCK = "block", _("Over the credit limit: no bookings")

    class ReferencePolicy(models.TextChoices):
        """What a booking must say about whom the customer bills internally."""

        NONE = "none", _("Not used")
        FREE = "free", _("Free text, optional")
        REQUIRED = "required", _("Required")
        LIST = "list", _("Required, from the list")

    class Language(models.TextChoices):
        SPANISH = "es", _("Spanish")
        ENGLISH = "en", _("English")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    legal_name = models.CharField(_("legal name"), max_length=200)
    trade_name = models.CharField(_("trade name"), max_length=200, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=32, blank=True)
    country = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166-1 code"))
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.SPANISH
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Madrid")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.ACTIVE)
    status_reason = models.CharField(_("reason of the status"), max_length=200, blank=True)
    # Kept by billing, which knows the money; whoever books is told no amount.
    credit_hold = models.CharField(
        _("credit limit"), max_length=5, choices=CreditHold, default=CreditHold.NONE, editable=False
    )
    account_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account manager"),
    )
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    reference_policy = models.CharField(
        _("billing reference"),
        max_length=12,
        choices=ReferencePolicy,
        default=ReferencePolicy.FREE,
    )
    references = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    preferences = models.JSONField(_("preferences"), default=dict, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    search_text = models.GeneratedField(
        expression=Lower(
            Unaccent(
                models.functions.Concat(
                    "legal_name",
                    models.Value(" "),
                    "trade_name",
                    models.Value(" "),
                    "number",
                    models.Value(" "),
                    "tax_id",
                )
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )
    sort_key = models.GeneratedField(
        # By the name that people read in a list.
        expression=Lower(
            Unaccent(
                models.functions.Coalesce(
                    models.functions.NullIf("trade_name", models.Value("")), "legal_name"
                )
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["sort_key", "pk"]
        permissions = [
            ("suspend_customer", _("Can suspend and reactivate customers")),
            ("export_customer", _("Can export customers")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "tax_id"],
                condition=~models.Q(tax_id=""),
                name="customer_tax_id_once",
                violation_error_code="tax_id_taken",
                violation_error_message=_("A customer with this tax id already exists."),
            ),
            models.CheckConstraint(
                condition=models.Q(country__regex=r"^[A-Z]{2}$"), name="customer_country_iso"
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="customer_currency_iso"
            ),
        ]
        indexes = [
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="customer_search"),
            models.Index(fields=["sort_key", "id"], name="customer_sort"),
            models.Index(fields=["status", "sort_key"], name="customer_status"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def name(self) -> str:
        """The name people know it by: the trade name, else the legal one."""
        return self.trade_name or self.legal_name


class Address(models.Model):
    """Where a customer is; one of each kind."""

    class Kind(models.TextChoices):
        BILLING = "billing", _("Billing")
        POSTAL = "postal", _("Postal")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    recipient = models.CharField(_("recipient"), max_length=200, blank=True)
    line1 = models.CharField(_("street and number"), max_length=200)
    line2 = models.CharField(_("floor, building"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=16, blank=True)
    city = models.CharField(_("city"), max_length=100)
    region = models.CharField(_("province or state"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind"], name="address_kind_once")
        ]

    def __str__(self) -> str:
        return f"{self.line1}, {self.postcode} {self.city}"


class Contact(models.Model):
    """A person at the customer."""

    class Role(models.TextChoices):
        GENERAL = "general", _("General")
        BILLING = "billing", _("Billing")
        BOOKING = "booking", _("Bookings")
        TECHNICAL = "technical", _("Technical")
        DECISION = "decision", _("Decision maker")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.GENERAL)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Customer.Language, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
