"""What conferences cost, before it is invoiced."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conferencing.models import Conference, Leg
from customers.models import Customer
from sales.models import Contract
from toolkit.telephony import Access

from .kinds import LineKind


class BillingPeriod(models.Model):
    """A contract's calendar month: the row that is locked while anything in it is priced.

    The month (``YYYY-MM``) is one of the contract's time zone. ``closed_at`` is when the first
    invoice with something of it was issued: from then on nothing priced in it is priced again.
    What comes later takes the counters as they stand, and goes on the next monthly invoice (or on
    its own, where each conference has one).
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(_("period"), max_length=7)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("billing period")
        verbose_name_plural = _("billing periods")
        constraints = [
            models.UniqueConstraint(fields=["contract", "period"], name="period_once"),
            models.CheckConstraint(
                condition=models.Q(period__regex=r"^\d{4}-(0[1-9]|1[0-2])$"), name="period_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.period}"


class Charge(models.Model):
    """What one conference costs. A finished conference without a charge is work to do.

    ``free_before``/``free_after`` (seconds of the included pool used) and
    ``charged_before``/``charged_after`` (seconds on the tier counter) are the carry of TARIFF.md
    around this conference, in pricing order (``sort_at``, conference id): a conference that sorts
    last is priced alone. A counter that changes no price (no pool, no tiers) stays 0.

    ``invoice`` is the one that its lines stand on, draft or issued: the monthly invoice of its own
    period or, where that was closed already, of the next open one. Once that is issued it stays;
    later versions differ from what stands there by the adjusting lines of other invoices.
    ``digest`` tells one price from another, so that pricing again without a difference is no new
    ``version``. ``net`` (without VAT), ``participants``, ``duration_seconds`` and
    ``unpriced_legs`` sum up lines and legs for the figures.
    """

    class Problem(models.TextChoices):
        NONE = "", ""
        NO_CUSTOMER = "no_customer", _("Call without a known customer")
        NO_CONTRACT = "no_contract", _("No contract on that day")
        UNPRICED_LEGS = "unpriced_legs", _("Legs without a rate")
        BAD_TIMES = "bad_times", _("Legs with impossible times")
        CORRECTION = "correction", _("Changed after its invoice was credited")

    conference = models.OneToOneField(Conference, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, related_name="+")
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, null=True, related_name="charges"
    )
    period = models.CharField(_("period"), max_length=7, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    problem = models.CharField(_("problem"), max_length=16, choices=Problem, blank=True)
    version = models.PositiveIntegerField(default=1)
    record_version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, blank=True)
    sort_at = models.DateTimeField()
    free_before = models.PositiveBigIntegerField(default=0)
    free_after = models.PositiveBigIntegerField(default=0)
    charged_before = models.PositiveBigIntegerField(default=0)
    charged_after = models.PositiveBigIntegerField(default=0)
    net = models.DecimalField(_("net"), max_digits=18, decimal_places=3, default=0)
    participants = models.PositiveIntegerField(_("participants"), default=0)
    duration_seconds = models.PositiveBigIntegerField(_("seconds of all legs"), default=0)
    unpriced_legs = models.PositiveIntegerField(_("unpriced legs"), default=0)
    estimated_legs = models.PositiveIntegerField(_("legs with estimated times"), default=0)
    created_at = models.DateTimeField(_("charged"))
    priced_at = models.DateTimeField(_("priced"))

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ["-sort_at", "-conference"]
        indexes = [
            models.Index(
                fields=["contract", "period", "sort_at", "conference"], name="charge_order"
            ),
            models.Index(fields=["customer", "period"], name="charge_customer_period"),
            models.Index(
                fields=["problem"], condition=~models.Q(problem=""), name="charge_problems"
            ),
            models.Index(
                fields=["sort_at"],
                condition=models.Q(estimated_legs__gt=0),
                name="charge_estimated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conference_id}: {self.net} {self.currency}"


class ChargeLine(models.Model):
    """One line of a conference's charge, in one pricing of it (``version``); insert-only.

    ``kind`` and ``quantity`` are those of TARIFF.md ("A conference"); ``net`` is rounded to the
    currency's minor unit. ``unit_price`` is the fee that ``quantity`` (or 1) was multiplied by;
    null on usage lines, which are the sum of their legs. ``record_version`` is the call record's
    that was priced.
    """

    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="lines")
    version = models.PositiveIntegerField()
    record_version = models.PositiveIntegerField(null=True)
    kind = models.CharField(_("kind"), max_length=24, choices=LineKind)
    quantity = models.BigIntegerField(_("quantity"), null=True)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6, null=True)
    net = models.DecimalField(_("net"), max_digits=18, decimal_places=3)

    class Meta:
        verbose_name = _("charge line")
        verbose_name_plural = _("charge lines")
        constraints = [
            models.UniqueConstraint(
                fields=["charge", "version", "kind"], name="charge_line_kind_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.net}"


class RatedLeg(models.Model):
    """The price of one leg in one pricing of its conference; insert-only.

    ``segments`` in order of time: ``{"rate": ContractRate id, "seconds", "free_seconds",
    "charged_before", "discount_percent", "price_per_minute"}``; ``amount`` has six decimals and
    includes ``connection_fee``. So every amount re-adds without any other row, and since what the
    leg was is copied too (``reference`` is its id at the bridge), a corrected call record changes
    nothing on an issued invoice. ``late_at`` is when a leg came of which the month was closed
    already: it is priced after all that were there, in the order of these moments.
    """

    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, related_name="rated_legs", db_index=False
    )
    # No constraint on a bulk table: ``selectors.disagreements`` looks at all of them at once.
    leg = models.ForeignKey(
        Leg, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    version = models.PositiveIntegerField()
    reference = models.CharField(max_length=64)
    participant = models.CharField(_("participant"), max_length=120)
    access = models.CharField(_("access"), max_length=10, choices=Access)
    number = models.CharField(_("number"), max_length=20, blank=True)
    estimated = models.BooleanField(_("estimated"), default=False)
    problem = models.CharField(_("problem"), max_length=12, blank=True)
    answered_at = models.DateTimeField(_("answered"))
    ended_at = models.DateTimeField(_("ended"))
    late_at = models.DateTimeField(_("came late"), null=True)
    duration_seconds = models.PositiveIntegerField(_("duration (s)"), default=0)
    billed_seconds = models.PositiveIntegerField(_("billed (s)"), default=0)
    free_seconds = models.PositiveIntegerField(_("free (s)"), default=0)
    connection_fee = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6, default=0)
    segments = models.JSONField(default=list)

    class Meta:
        verbose_name = _("rated leg")
        verbose_name_plural = _("rated legs")
        constraints = [
            models.UniqueConstraint(fields=["leg", "version"], name="rated_leg_version_once")
        ]
        indexes = [models.Index(fields=["charge", "version"], name="rated_leg_charge")]

    def __str__(self) -> str:
        return f"{self.leg_id} v{self.version}: {self.amount}"
