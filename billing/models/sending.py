"""Invoices by e-mail: how a customer wants them, and what was asked to be sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer

from .invoices import Invoice
from .settings import SendingWay


class CustomerSending(models.Model):
    """How a customer gets invoices, where it differs from the settings of billing."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="+")
    way = models.CharField(_("invoices by e-mail"), max_length=8, choices=SendingWay)

    class Meta:
        verbose_name = _("way of sending invoices")
        verbose_name_plural = _("ways of sending invoices")
        default_permissions = ()

    def __str__(self) -> str:
        return str(SendingWay(self.way).label)


class InvoiceSending(models.Model):
    """One e-mail that is to take an issued invoice to its customer: the row is the queue.

    The ``serial``-th (from 1) of its invoice. It waits until a worker has written the e-mail
    (``queued_at``) or has found that it can't (``problem``); how far the e-mail got is known by
    ``integration`` under ``key``.
    """

    class Problem(models.TextChoices):
        NO_ADDRESS = "no_address", _("The customer has no e-mail address.")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="sendings")
    serial = models.PositiveSmallIntegerField()
    way = models.CharField(_("way"), max_length=8, choices=SendingWay)
    asked_by = models.CharField(_("asked by"), max_length=150, blank=True)
    asked_at = models.DateTimeField(_("asked"))
    queued_at = models.DateTimeField(_("written"), null=True)
    problem = models.CharField(_("problem"), max_length=12, choices=Problem, blank=True)

    class Meta:
        verbose_name = _("sending of an invoice")
        verbose_name_plural = _("sendings of invoices")
        ordering = ["invoice", "serial"]
        default_permissions = ()
        permissions = [("send_invoice", _("Can send invoices by e-mail"))]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "serial"], name="sending_serial_once"),
            models.CheckConstraint(
                condition=models.Q(way__in=["attach", "link"]), name="sending_way_known"
            ),
            models.CheckConstraint(
                condition=models.Q(queued_at=None) | models.Q(problem=""),
                name="sending_written_or_not",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="sending_waits",
                condition=models.Q(queued_at=None, problem=""),
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """The key of its e-mail, always the same."""
        return f"invoice:{self.invoice_id}:send:{self.serial}"
