"""Invoices: drafts that follow the charges, issued documents that never change."""

from typing import NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from conferencing.models import Conference
from customers.models import Customer
from sales.models import Contract

from .banking import BankTransaction
from .catalogue import OneOffCharge, Subscription
from .charges import Charge, ChargeLine
from .kinds import LineKind


class Invoice(models.Model):
    """An invoice. A draft follows its charges; once issued a trigger refuses every change.

    ``snapshot`` copies all that the document shows of issuer, customer and contract (the logo by
    its digest, see ``Logo``). Whether it is paid or overdue is no column: ``selectors`` derive it
    from payments, credit notes and the due date. Unique: one per contract and period, one per
    conference where so agreed (that contract's fees of the month stand on the one without
    conference).

    A credit note has negative amounts and is the ``serial``-th (from 1) of the invoice that it
    ``rectifies``; two made at once for the same reason can't both be. What was credited wholly may
    be invoiced once more by a draft that ``replaces`` it. ``reason`` says why, for people.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")

    number = models.CharField(_("number"), max_length=30, null=True, unique=True)  # noqa: DJ001
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.INVOICE)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("contract")
    )
    conference = models.ForeignKey(
        Conference, on_delete=models.PROTECT, null=True, related_name="+"
    )
    period = models.CharField(_("period"), max_length=7)
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=2)
    net = models.DecimalField(_("net"), max_digits=18, decimal_places=3, default=0)
    vat = models.DecimalField(_("VAT"), max_digits=18, decimal_places=3, default=0)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=3, default=0)
    issued_on = models.DateField(_("issue date"), null=True)
    issued_at = models.DateTimeField(_("issued"), null=True)
    issued_by = models.CharField(_("issued by"), max_length=150, blank=True)
    due_on = models.DateField(_("due date"), null=True)
    snapshot = models.JSONField(default=dict)
    rectifies = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="credit_notes"
    )
    serial = models.PositiveSmallIntegerField(null=True)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by"
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("issue_invoice", _("Can issue invoices")),
            ("credit_invoice", _("Can credit invoices and draft them anew")),
            ("re_rate", _("Can correct a wrong rate and what was billed by it")),
            ("view_figures", _("Can ask for a customer's billing figures")),
            ("view_amounts", _("Can see amounts of money")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "period"],
                condition=models.Q(kind="invoice", conference=None, replaces=None),
                name="invoice_once_per_contract_and_period",
            ),
            models.UniqueConstraint(
                fields=["conference"],
                condition=models.Q(kind="invoice", replaces=None),
                name="invoice_once_per_conference",
            ),
            models.UniqueConstraint(fields=["rectifies", "serial"], name="credit_note_serial_once"),
            models.CheckConstraint(
                condition=models.Q(kind="invoice", rectifies=None, serial=None)
                | models.Q(
                    kind="credit_note",
                    rectifies__isnull=False,
                    serial__gte=1,
                    replaces=None,
                    total__lte=0,
                ),
                name="credit_note_rectifies",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", number=None, issued_on=None)
                | models.Q(
                    state="issued",
                    number__isnull=False,
                    issued_on__isnull=False,
                    due_on__isnull=False,
                ),
                name="invoice_number_when_issued",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-created_at"], name="invoice_customer"),
            models.Index(fields=["customer", "period"], name="invoice_customer_period"),
            models.Index(fields=["state", "-created_at"], name="invoice_state"),
        ]

    def __str__(self) -> str:
        return self.number or f"({self.pk})"

    def delete(self, *args: object, **kwargs: object) -> NoReturn:  # noqa: ARG002
        """Refuse: drafts follow their charges, issued invoices are credited.

        Raises:
            TypeError: always.
        """
        msg = "invoices are never deleted"
        raise TypeError(msg)


class InvoiceLine(models.Model):
    """One line, with its words copied: ``kind`` and ``quantity`` are those of TARIFF.md.

    In order of time, the lines of the period (without conference) last; an invoice shows them
    numbered so. ``held_at`` and ``title`` are the conference's. ``period`` is the line's own,
    which differs from the invoice's for late calls. ``vat_percent`` is null as long as nobody
    has said the rate of the category: such a draft can't be issued. ``basis`` is what a line of
    the period was computed from, which is not written anywhere else: days, agreed amount, and the
    lines that the commitment was held against.

    Most lines are those of a charge (``charge_line``, billed once) or of the month. Others are

    - of a ``subscription`` (each of its months once) or a ``one_off`` charge (once).
    - an adjustment: the difference that a later price makes to what ``adjusts`` billed. Of a
      conference it names the ``charge`` and brings it from the version billed so far to another;
      each version is corrected once. ``basis`` holds both sums and the cause.
    - of a credit note: it takes back (part of) the line that it ``credits``, or an amount.
    - of an invoice drafted anew: it repeats what was credited of the line that it ``replaces``.
    """

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=24, choices=LineKind)
    description = models.CharField(_("description"), max_length=300)
    conference = models.ForeignKey(
        Conference, on_delete=models.PROTECT, null=True, related_name="+"
    )
    charge_line = models.ForeignKey(
        ChargeLine, on_delete=models.PROTECT, null=True, related_name="invoice_lines"
    )
    adjusts = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, related_name="adjusting_lines"
    )
    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, null=True, related_name="adjusting_lines"
    )
    from_version = models.PositiveIntegerField(null=True)
    to_version = models.PositiveIntegerField(null=True)
    credits = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="credited_by"
    )
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by"
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, related_name="invoice_lines"
    )
    one_off = models.ForeignKey(
        OneOffCharge, on_delete=models.PROTECT, null=True, related_name="invoice_lines"
    )
    held_at = models.DateTimeField(_("held"), null=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    period = models.CharField(_("period"), max_length=7)
    reference = models.CharField(_("billing reference"), max_length=60, blank=True)
    quantity = models.BigIntegerField(_("quantity"), null=True)
    net = models.DecimalField(_("net"), max_digits=18, decimal_places=3)
    vat_category = models.CharField(max_length=16)
    vat_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    basis = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["held_at", "conference", "kind"]  # PostgreSQL puts NULL last
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("invoice", "held_at", "conference", "kind", "period", "vat_category"),
                    *("adjusts", "credits", "replaces", "subscription", "one_off"),
                ],
                nulls_distinct=False,
                name="invoice_line_once",
            ),
            models.UniqueConstraint(
                fields=["charge_line"],
                condition=models.Q(replaces=None),
                name="charge_line_billed_once",
            ),
            models.UniqueConstraint(
                fields=["charge", "from_version", "kind", "period"], name="charge_corrected_once"
            ),
            models.UniqueConstraint(
                fields=["subscription", "period"],
                condition=models.Q(credits=None, replaces=None),
                name="subscription_billed_once_a_month",
            ),
            models.UniqueConstraint(
                fields=["one_off"],
                condition=models.Q(credits=None, replaces=None),
                name="one_off_billed_once",
            ),
            models.CheckConstraint(
                condition=models.Q(charge=None, from_version=None, to_version=None)
                | models.Q(
                    adjusts__isnull=False,
                    charge__isnull=False,
                    from_version__isnull=False,
                    to_version__gt=models.F("from_version"),
                ),
                name="adjustment_names_versions",
            ),
        ]

    def __str__(self) -> str:
        return self.description


class InvoiceTax(models.Model):
    """VAT of one category, computed once on the sum of its lines."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="taxes")
    category = models.CharField(_("category"), max_length=16)
    percent = models.DecimalField(_("percent"), max_digits=6, decimal_places=3)
    base = models.DecimalField(_("base"), max_digits=18, decimal_places=3)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=3)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("tax")
        verbose_name_plural = _("taxes")
        ordering = ["category", "percent"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "category", "percent"], name="invoice_tax_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.percent} %: {self.amount}"


class Payment(models.Model):
    """Money that came in for an issued invoice, in its currency; never altered.

    ``transaction`` is the one of the bank that brought it, where a bank file told of it. A
    negative one takes (part of) a payment back: it ``reverses`` a debit that was returned or a
    match that was wrong, or sets off what the invoice does not need any more.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=3)
    paid_on = models.DateField(_("paid on"))
    method = models.CharField(_("method"), max_length=20)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    transaction = models.ForeignKey(
        BankTransaction, on_delete=models.PROTECT, null=True, related_name="payments"
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )
    recorded_by = models.CharField(max_length=150, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["paid_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0)
                | models.Q(amount__lt=0, reverses__isnull=False)
                | models.Q(amount__lt=0, method="offset"),
                name="payment_sign",
            ),
            models.UniqueConstraint(
                fields=["invoice", "reference"],
                condition=~models.Q(reference="") & models.Q(transaction=None, reverses=None),
                name="payment_reference_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.paid_on} {self.amount}"


class Logo(models.Model):
    """A logo that some issued invoice shows, kept once however many do; never changed."""

    digest = models.CharField(primary_key=True, max_length=64)
    content_type = models.CharField(max_length=20)
    content = models.BinaryField()

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return self.digest
