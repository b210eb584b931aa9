"""Contracts, and the rates extended to each customer under them."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer
from toolkit.sql import DateRange
from toolkit.telephony import Access


class Contract(models.Model):
    """What was agreed with a customer: the ``contract`` of TARIFF.md and how it is billed.

    ``start`` and ``end`` are local dates of ``timezone``; ``end`` is exclusive. Money is in
    ``currency``. ``fees`` holds the keys of TARIFF.md with decimal strings. Once active, terms do
    not change; rates are extended from a date.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ENDED = "ended", pgettext_lazy("contract", "Ended")

    class Billing(models.TextChoices):
        MONTHLY = "monthly", _("One invoice a month")
        PER_CONFERENCE = "per_conference", _("One invoice per conference")

    class Issue(models.TextChoices):
        AUTOMATIC = "automatic", _("Issue automatically")
        REVIEW = "review", _("Draft for review")

    class VatCategory(models.TextChoices):
        DOMESTIC = "domestic", _("Domestic VAT")
        REVERSE_CHARGE = "reverse_charge", _("Reverse charge (EU)")
        EXPORT = "export", _("Outside the EU, not subject")
        EXEMPT = "exempt", _("Exempt")
        IGIC = "igic", _("IGIC (Canary Islands)")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DRAFT)
    currency = models.CharField(_("currency"), max_length=3)
    timezone = models.CharField(_("time zone"), max_length=64)
    start = models.DateField(_("start"))
    end = models.DateField(_("end"), null=True, blank=True, help_text=_("first day without it"))
    billing = models.CharField(_("billing"), max_length=16, choices=Billing)
    issue = models.CharField(_("issue"), max_length=12, choices=Issue, default=Issue.REVIEW)
    payment_days = models.PositiveSmallIntegerField(_("payment term (days)"), default=30)
    vat_category = models.CharField(_("VAT"), max_length=16, choices=VatCategory)
    peak = models.JSONField(_("peak hours"), null=True, blank=True)
    holidays = ArrayField(models.DateField(), default=list, blank=True)
    included_minutes = models.PositiveIntegerField(_("included minutes"), default=0)
    included_access = ArrayField(
        models.CharField(max_length=10, choices=Access), default=list, blank=True
    )
    tiers = models.JSONField(_("volume discounts"), default=list, blank=True)
    fees = models.JSONField(_("fees"), default=dict, blank=True)
    commitment = models.DecimalField(
        _("monthly commitment"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    monthly_fee = models.DecimalField(
        _("monthly fee"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    notes = models.TextField(_("notes"), blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    activated_at = models.DateTimeField(_("activated"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["-start", "-pk"]
        permissions = [
            ("activate_contract", _("Can activate and end contracts")),
            ("extend_rate", _("Can extend contract rates")),
            ("download_rates", _("Can download contract rates")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end=None) | models.Q(end__gt=models.F("start")),
                name="contract_ends_after_start",
            ),
            ExclusionConstraint(
                name="contract_one_per_customer_and_day",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    (DateRange("start", "end"), RangeOperators.OVERLAPS),
                ],
                condition=~models.Q(status="draft"),
                violation_error_code="contract_overlaps",
                violation_error_message=_("The customer already has a contract on those days."),
            ),
        ]
        indexes = [models.Index(fields=["customer", "start"], name="contract_customer_start")]

    def __str__(self) -> str:
        return self.number


class ContractRate(models.Model):
    """The price of a minute, valid on some days, as it was known at some time.

    Nothing here is ever edited: extending a rate supersedes the row in force and inserts its
    shortened copy and the new one, so "in force on X as known on Y" has an answer. Increments
    and minimum are seconds, prices are in the contract's currency with at most 6 decimals.
    """

    class Band(models.TextChoices):
        ANY = "any", _("Any hour")
        PEAK = "peak", _("Peak")
        OFFPEAK = "offpeak", _("Off-peak")

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="rates")
    access = models.CharField(_("access"), max_length=10, choices=Access)
    prefix = models.CharField(
        _("number prefix"), max_length=15, blank=True, help_text=_("digits without +")
    )
    band = models.CharField(_("band"), max_length=8, choices=Band, default=Band.ANY)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to (exclusive)"), null=True, blank=True)
    price_per_minute = models.DecimalField(_("price per minute"), max_digits=18, decimal_places=6)
    first_increment = models.PositiveIntegerField(_("first increment (s)"), default=60)
    next_increment = models.PositiveIntegerField(_("next increments (s)"), default=60)
    minimum_seconds = models.PositiveIntegerField(_("minimum (s)"), default=0)
    connection_fee = models.DecimalField(
        _("connection fee"), max_digits=18, decimal_places=6, default=0
    )
    contract_version = models.PositiveIntegerField(_("contract version"), editable=False)
    known_from = models.DateTimeField(_("known from"), editable=False)
    superseded_at = models.DateTimeField(_("superseded"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        verbose_name = _("contract rate")
        verbose_name_plural = _("contract rates")
        ordering = ["access", "prefix", "band", "valid_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_increment__gte=1, next_increment__gte=1),
                name="rate_increments_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
                name="rate_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(prefix__regex=r"^[0-9]*$"), name="rate_prefix_digits"
            ),
            models.CheckConstraint(
                condition=models.Q(price_per_minute__gte=0, connection_fee__gte=0),
                name="rate_prices_not_negative",
            ),
            ExclusionConstraint(
                name="rate_never_overlaps",
                expressions=[
                    ("contract", RangeOperators.EQUAL),
                    ("access", RangeOperators.EQUAL),
                    ("prefix", RangeOperators.EQUAL),
                    ("band", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(superseded_at=None),
                violation_error_code="rate_overlaps",
                violation_error_message=_("Another rate for the same calls covers those days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.access} {self.prefix or '*'} {self.band}"
