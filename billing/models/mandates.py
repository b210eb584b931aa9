"""Direct debits: what customers signed, and what was asked of the bank for it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer

from .invoices import Invoice


class Mandate(models.Model):
    """A customer's leave to debit his account; one at a time is in force."""

    class Scheme(models.TextChoices):
        CORE = "CORE", "CORE"
        B2B = "B2B", "B2B"

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    reference = models.CharField(_("reference of the mandate"), max_length=35, unique=True)
    scheme = models.CharField(_("scheme"), max_length=4, choices=Scheme, default=Scheme.CORE)
    holder = models.CharField(_("account holder"), max_length=70)
    iban = models.CharField("IBAN", max_length=34)
    bic = models.CharField("BIC", max_length=11, blank=True)
    signed_on = models.DateField(_("signed on"))
    recorded_by = models.CharField(max_length=150, blank=True)
    recorded_at = models.DateTimeField()
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ["-recorded_at", "-pk"]
        default_permissions = ()
        permissions = [("collect", _("Can note mandates and prepare direct debits"))]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(revoked_at=None),
                name="mandate_in_force_once",
            )
        ]

    def __str__(self) -> str:
        return self.reference


class Collection(models.Model):
    """One file of direct debits for the bank: all are collected on one day.

    ``content`` is the file (pain.008) exactly as it was checked against its schema.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", pgettext_lazy("direct debits", "In collection")
        COLLECTED = "collected", pgettext_lazy("direct debits", "Collected")
        CANCELLED = "cancelled", pgettext_lazy("direct debits", "Cancelled")

    reference = models.CharField(_("reference"), max_length=35, unique=True)
    collect_on = models.DateField(_("collected on"))
    scheme = models.CharField(_("scheme"), max_length=4, choices=Mandate.Scheme)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PREPARED)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=3)
    count = models.PositiveIntegerField(_("debits"))
    content = models.BinaryField()
    prepared_by = models.CharField(_("prepared by"), max_length=150, blank=True)
    prepared_at = models.DateTimeField(_("prepared"))

    class Meta:
        verbose_name = pgettext_lazy("file", "direct debits")
        verbose_name_plural = pgettext_lazy("files", "direct debits")
        ordering = ["-collect_on", "-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.reference


class CollectionItem(models.Model):
    """One debit of a collection; ``end_to_end_id`` comes back from the bank with it.

    ``is_live`` until the collection is cancelled or the invoice paid by it: while it is, the
    invoice is in collection and in no other.
    """

    class Sequence(models.TextChoices):
        FIRST = "FRST", _("First")
        RECURRENT = "RCUR", _("Recurrent")

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="items")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="debits")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="debits")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=3)
    sequence = models.CharField(max_length=4, choices=Sequence)
    end_to_end_id = models.CharField(max_length=35, unique=True)
    is_live = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("direct debit")
        verbose_name_plural = _("direct debits")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                condition=models.Q(is_live=True),
                name="invoice_in_one_collection",
            )
        ]

    def __str__(self) -> str:
        return self.end_to_end_id
