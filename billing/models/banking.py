"""What the bank says: files that were uploaded, and the transactions in them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer


class BankFile(models.Model):
    """A file of the bank as it was uploaded. Its content is kept: it is the proof."""

    class Format(models.TextChoices):
        NORMA43 = "norma43", "Norma 43"
        CAMT053 = "camt053", "CAMT.053"
        CSV = "csv", "CSV"

    name = models.CharField(_("file"), max_length=200)
    format = models.CharField(_("format"), max_length=10, choices=Format)
    digest = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    transactions_read = models.PositiveIntegerField(_("transactions"))
    transactions_new = models.PositiveIntegerField(_("new ones"))
    uploaded_by = models.CharField(_("uploaded by"), max_length=150, blank=True)
    uploaded_at = models.DateTimeField(_("uploaded"))

    class Meta:
        verbose_name = _("bank file")
        verbose_name_plural = _("bank files")
        ordering = ["-uploaded_at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class BankTransaction(models.Model):
    """One movement on our account, once however often the bank tells of it.

    ``entry_id`` is the bank's own, else the place (1, 2 …) among those of the file that are equal
    in everything else. ``amount`` is negative where money left. Whether it is dealt with is the
    ``state``; the payments and credits made of it name it.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("bank transaction", "To match")
        ASSIGNED = "assigned", pgettext_lazy("bank transaction", "Matched")
        SET_ASIDE = "set_aside", pgettext_lazy("bank transaction", "Set aside")

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="transactions")
    account = models.CharField(_("account"), max_length=34)
    booked_on = models.DateField(_("booked"))
    value_on = models.DateField(_("value date"), null=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=3)
    currency = models.CharField(_("currency"), max_length=3)
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    entry_id = models.CharField(max_length=80)
    end_to_end_id = models.CharField(max_length=35, blank=True)
    party = models.CharField(_("payer"), max_length=140, blank=True)
    party_iban = models.CharField(_("payer's account"), max_length=34, blank=True)
    text = models.TextField(_("text"), blank=True)
    is_return = models.BooleanField(_("returned direct debit"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("customer")
    )
    note = models.CharField(_("reason"), max_length=200, blank=True)
    settled_by = models.CharField(max_length=150, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bank transaction")
        verbose_name_plural = _("bank transactions")
        ordering = ["-booked_on", "-pk"]
        default_permissions = ("view",)
        permissions = [
            ("receive_money", _("Can upload bank files, match payments and pay back credits"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "booked_on", "amount", "currency", "reference", "entry_id"],
                name="bank_transaction_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(amount=0), name="bank_transaction_moves_money"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-booked_on"], name="bank_transaction_state"),
            models.Index(fields=["party_iban"], name="bank_transaction_party"),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.currency}"
