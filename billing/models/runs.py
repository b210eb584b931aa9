"""Billing runs: what was asked for, how far it is, and what came of each customer."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer
from integration.models import Job

from .kinds import Flag


class BillingRun(models.Model):
    """One run over a month: its items are the queue.

    A dry run writes nothing but its own items. ``selection`` is the query string of the filter
    that chose the customers, empty where all were asked for; it is kept for people, for the items
    say who they were. ``language`` is that of whoever started it, in which reasons are written.
    The time between ``paused_at`` and its end is added to ``paused_seconds``.
    """

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("billing run", "Running")
        PAUSED = "paused", pgettext_lazy("billing run", "Paused")
        CANCELLED = "cancelled", pgettext_lazy("billing run", "Cancelled")
        DONE = "done", pgettext_lazy("billing run", "Done")

    class Issue(models.TextChoices):
        """Which of the drafts it issues; one that must wait stays a draft in any case."""

        NOTHING = "nothing", _("Nothing: only prepare drafts")
        AGREED = "agreed", _("What contracts say is issued automatically")
        UNFLAGGED = "unflagged", _("Every draft without a flag")

    period = models.CharField(_("period"), max_length=7)
    dry_run = models.BooleanField(_("dry run"), default=False)
    issue = models.CharField(_("what is issued"), max_length=10, choices=Issue)
    selection = models.TextField(_("customers"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    started_by = models.CharField(_("started by"), max_length=150)
    language = models.CharField(max_length=8)
    total = models.PositiveIntegerField(_("customers"), default=0)
    created_at = models.DateTimeField(_("started"))
    heartbeat_at = models.DateTimeField(_("last sign of life"))
    paused_at = models.DateTimeField(_("paused"), null=True)
    paused_seconds = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("billing run")
        verbose_name_plural = _("billing runs")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(period__regex=r"^\d{4}-(0[1-9]|1[0-2])$"), name="run_month"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("done", "cancelled"), finished_at__isnull=False)
                | models.Q(state__in=("running", "paused"), finished_at=None),
                name="run_over_when_finished",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "id"], name="run_created"),
            models.Index(fields=["period"], name="run_period"),
            models.Index(
                fields=["heartbeat_at"],
                condition=models.Q(state="running"),
                name="run_going_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} ({self.pk})"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state in {self.State.CANCELLED, self.State.DONE}


class RunItem(models.Model):
    """What a run makes of one customer's month, in one currency; waiting, it is work to do.

    ``net`` and ``previous_net`` (without VAT) are the sums of the customer's invoices and drafts
    of the run's month, and of the latest month before with any (``previous_period``). ``prepared``
    and ``issued`` are ids of invoices, empty in a dry run; ``left`` says by contract why a draft
    was not issued. ``flags`` are those of its drafts that were left for eyes. All of it is what
    was found then: the invoices themselves may have gone on since.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("run item", "Waiting")
        PREPARED = "prepared", pgettext_lazy("run item", "Prepared")
        ISSUED = "issued", pgettext_lazy("run item", "Issued")
        FLAGGED = "flagged", pgettext_lazy("run item", "Flagged")
        NOTHING = "nothing", pgettext_lazy("run item", "Nothing to bill")
        FAILED = "failed", pgettext_lazy("run item", "Failed")

    run = models.ForeignKey(BillingRun, on_delete=models.CASCADE, related_name="items")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(_("reason"), blank=True)
    flags = ArrayField(models.CharField(max_length=20, choices=Flag), default=list)
    prepared = ArrayField(models.BigIntegerField(), default=list)
    issued = ArrayField(models.BigIntegerField(), default=list)
    left = models.JSONField(default=dict)
    net = models.DecimalField(_("net"), max_digits=18, decimal_places=3, null=True)
    previous_net = models.DecimalField(_("before"), max_digits=18, decimal_places=3, null=True)
    previous_period = models.CharField(max_length=7, blank=True)
    finished_at = models.DateTimeField(_("done"), null=True)

    class Meta:
        verbose_name = _("customer of a billing run")
        verbose_name_plural = _("customers of a billing run")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["run", "customer", "currency"], name="run_item_once_per_currency"
            )
        ]
        indexes = [models.Index(fields=["run", "state", "id"], name="run_item_queue")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.customer_id} {self.currency} {self.state}"
