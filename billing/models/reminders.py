"""Reminders of invoices that are due, what holds them up, and limits of credit."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, CustomerList

from .invoices import Invoice


class ReminderStep(models.Model):
    """One step of reminding: so many days after the due date, in these words.

    In the texts ``{invoices}`` stands for the list of invoices, ``{total}`` for their sum and
    ``{customer}`` for the customer's name. Invoices go through the steps in order, none is left
    out, and between two of them there are at least the days of ``ReceivablesSettings``.
    """

    level = models.PositiveSmallIntegerField(_("step"), unique=True)
    days = models.PositiveSmallIntegerField(_("days after the due date"))
    subject_es = models.CharField(_("subject (Spanish)"), max_length=150)
    subject_en = models.CharField(_("subject (English)"), max_length=150)
    text_es = models.TextField(_("text (Spanish)"))
    text_en = models.TextField(_("text (English)"))
    automatic = models.BooleanField(
        _("send by itself"),
        default=False,
        help_text=_("Every night, by e-mail; otherwise somebody looks at the list and sends it."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("step of reminders")
        verbose_name_plural = _("steps of reminders")
        ordering = ["level"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.level}"

    def words(self, language: str) -> tuple[str, str]:
        """Return subject and text in a language of ours."""
        if language == "es":
            return self.subject_es, self.text_es
        return self.subject_en, self.text_en


class Reminder(models.Model):
    """That an invoice was reminded of at a step, once: by e-mail, or on a list for letters.

    Several invoices of a customer go into one e-mail, whose ``key`` they share.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    level = models.PositiveSmallIntegerField(_("step"))
    key = models.CharField(max_length=80, blank=True)
    letters = models.ForeignKey(
        CustomerList, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    by_letter = models.BooleanField(_("by letter"), default=False)
    sent_by = models.CharField(_("sent by"), max_length=150, blank=True)
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["invoice", "level"]
        default_permissions = ()
        permissions = [
            ("remind", _("Can remind customers of what is due, and note disputes")),
            ("set_credit_limit", _("Can set customers' credit limits")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "level"], name="reminder_once_per_step")
        ]

    def __str__(self) -> str:
        return f"{self.invoice} {self.level}"


class Dispute(models.Model):
    """What a customer objects to; while it is open the invoice is not reminded of."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="disputes")
    reason = models.CharField(_("reason"), max_length=300)
    opened_by = models.CharField(max_length=150, blank=True)
    opened_at = models.DateTimeField(_("since"))
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-opened_at", "-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                condition=models.Q(closed_at=None),
                name="dispute_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.reason


class CreditLimit(models.Model):
    """How much a customer may owe us in his own currency, and what comes of more."""

    class Action(models.TextChoices):
        WARN = "warn", _("Warn whoever books")
        BLOCK = "block", _("Refuse bookings")

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="+")
    amount = models.DecimalField(_("credit limit"), max_digits=18, decimal_places=3)
    action = models.CharField(_("beyond it"), max_length=5, choices=Action, default=Action.WARN)

    class Meta:
        verbose_name = _("credit limit")
        verbose_name_plural = _("credit limits")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="credit_limit_sane")
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class ReceivablesSettings(models.Model):
    """One row: how often reminders may follow each other, and who we are to banks."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    days_between = models.PositiveSmallIntegerField(
        _("days between two reminders"),
        default=7,
        help_text=_("At least; however late an invoice is."),
    )
    creditor_id = models.CharField(
        _("creditor identifier (SEPA)"),
        max_length=35,
        blank=True,
        help_text=_("Given by the bank, such as ES11ZZZB12345674. Direct debits need it."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("settings of receivables")
        verbose_name_plural = _("settings of receivables")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="receivables_only_one")
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
