"""Money that moves: files of the bank, their transactions, and what customers have to their credit.

Payments of invoices stand beside the invoices (``invoices.Payment``); each that came by the bank
names its transaction.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer

from .banking import BankTransaction
from .invoices import Payment


class CreditEntry(models.Model):
    """A step of what a customer has to his credit with us, in one currency; never altered.

    Positive where it grows: money that came in beyond what was owed, or that an invoice does not
    need any more. Negative where it is used for an invoice (``payment``), or paid back. The sum of
    a customer's entries in a currency is never below zero.
    """

    class Kind(models.TextChoices):
        OVERPAID = "overpaid", _("Paid beyond what was owed")
        FREED = "freed", _("Freed by a credit note")
        USED = "used", _("Used for an invoice")
        REFUNDED = "refunded", _("Paid back")
        REVERSED = "reversed", _("Taken back")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=3)
    on = models.DateField(_("day"))
    transaction = models.ForeignKey(
        BankTransaction, on_delete=models.PROTECT, null=True, related_name="credit_entries"
    )
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, related_name="credit_entry"
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    recorded_by = models.CharField(max_length=150, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("of a customer", "credit")
        verbose_name_plural = pgettext_lazy("of customers", "credits")
        ordering = ["on", "pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["overpaid", "freed"], amount__gt=0)
                | models.Q(kind__in=["used", "refunded"], amount__lt=0)
                | models.Q(kind="reversed", reverses__isnull=False),
                name="credit_entry_sign",
            ),
        ]
        indexes = [models.Index(fields=["customer", "currency"], name="credit_customer")]

    def __str__(self) -> str:
        return f"{self.on} {self.amount} {self.currency}"
