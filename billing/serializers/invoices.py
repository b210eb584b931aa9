"""JSON shapes of invoices, their payments and credits, and of a customer's figures."""

from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.models import (
    ExchangeRate,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Payment,
    PaymentMethod,
)
from billing.selectors import STATUSES
from billing.selectors.exchange import conversion_of
from toolkit.api.fields import ModelSerializer, MomentField, MoneyField, MoneyForThosePermitted

AMOUNTS = "billing.view_amounts"


class InvoiceRowSerializer(MoneyForThosePermitted, ModelSerializer):
    """An invoice in a list; ``number``, ``issued_on`` and ``due_on`` are null on a draft."""

    money_permission = AMOUNTS
    money_fields: ClassVar[tuple[str, ...]] = (
        "net",
        "vat",
        "total",
        "paid",
        "credited",
        "balance",
    )

    status = serializers.ChoiceField(
        choices=[*STATUSES],
        read_only=True,
        help_text=(
            "Paid, overdue and credited follow from payments, credit notes and the due date; a "
            "credit note is `issued`, for nobody owes it."
        ),
    )
    customer = serializers.CharField(source="customer.number", read_only=True)
    contract = serializers.CharField(source="contract.number", read_only=True, allow_null=True)
    conference = serializers.UUIDField(
        source="conference_id",
        read_only=True,
        allow_null=True,
        help_text="Where each conference has its own invoice.",
    )
    net = MoneyField(currency="currency", read_only=True, help_text="Without VAT.")
    vat = MoneyField(currency="currency", read_only=True)
    total = MoneyField(currency="currency", read_only=True)
    paid = MoneyField(currency="currency", read_only=True)
    credited = MoneyField(
        currency="currency", read_only=True, help_text="What credit notes took back, with VAT."
    )
    balance = MoneyField(
        currency="currency",
        read_only=True,
        help_text="0 while a draft, and of a credit note; below 0 where we owe it.",
    )

    class Meta:
        model = Invoice
        fields = [
            "id",
            "number",
            "status",
            "kind",
            "customer",
            "contract",
            "conference",
            "period",
            "currency",
            "language",
            "net",
            "vat",
            "total",
            "issued_on",
            "due_on",
            "paid",
            "credited",
            "balance",
        ]
        read_only_fields = fields


class InvoiceLineSerializer(MoneyForThosePermitted, ModelSerializer):
    """A line: ``kind`` and ``quantity`` are those of TARIFF.md."""

    money_permission = AMOUNTS
    money_fields = ("net",)

    net = MoneyField(currency="invoice.currency", read_only=True)
    conference = serializers.UUIDField(source="conference_id", read_only=True, allow_null=True)
    vat_percent = MoneyField(read_only=True, allow_null=True)
    adjusts = serializers.CharField(
        source="adjusts.number",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Of a difference to what was billed: the number of that invoice.",
    )
    credits = serializers.IntegerField(
        source="credits_id",
        read_only=True,
        allow_null=True,
        help_text="Of a credit note: the line that it takes back.",
    )
    replaces = serializers.IntegerField(
        source="replaces_id",
        read_only=True,
        allow_null=True,
        help_text="Of an invoice drafted anew: the line that it repeats.",
    )

    class Meta:
        model = InvoiceLine
        fields = [
            "id",
            "kind",
            "description",
            "conference",
            "title",
            "held_at",
            "period",
            "reference",
            "quantity",
            "net",
            "vat_category",
            "vat_percent",
            "adjusts",
            "credits",
            "replaces",
        ]


class InvoiceTaxSerializer(MoneyForThosePermitted, ModelSerializer):
    """VAT of one category."""

    money_permission = AMOUNTS
    money_fields = ("base", "amount")

    percent = MoneyField(read_only=True)
    base = MoneyField(currency="invoice.currency", read_only=True)
    amount = MoneyField(currency="invoice.currency", read_only=True)

    class Meta:
        model = InvoiceTax
        fields = ["category", "percent", "base", "amount", "reason"]


class PaymentSerializer(MoneyForThosePermitted, ModelSerializer):
    """A payment in the currency of its invoice."""

    money_permission = AMOUNTS
    money_fields = ("amount",)

    amount = MoneyField(currency="invoice.currency")
    method = serializers.ChoiceField(
        choices=PaymentMethod.choices, default=PaymentMethod.TRANSFER.value
    )

    class Meta:
        model = Payment
        fields = ["id", "amount", "paid_on", "method", "reference", "recorded_by", "recorded_at"]
        read_only_fields = ["id", "recorded_by", "recorded_at"]
        extra_kwargs = {
            "reference": {
                "help_text": "The same reference of an invoice is one payment, however often sent."
            }
        }


class PaymentsSerializer(serializers.Serializer[Any]):
    """All payments of an invoice, on one page."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = PaymentSerializer(many=True)


class NamedInvoiceSerializer(ModelSerializer):
    """Another invoice; ``number`` is null while it is a draft."""

    class Meta:
        model = Invoice
        fields = ["id", "number"]
        read_only_fields = fields


class ExchangeSerializer(serializers.Serializer[Any]):
    """VAT in the currency of the issuer's books, and the rate by which it was computed."""

    currency = serializers.CharField(max_length=3)
    vat = MoneyField(currency="currency")
    day = serializers.DateField(source="exchange.day", help_text="Of the rate.")
    rate_source = serializers.ChoiceField(
        choices=ExchangeRate.Source.choices, source="exchange.source"
    )
    rates = serializers.DictField(
        child=MoneyField(), source="exchange.rates", help_text="Units per euro, by currency."
    )


class InvoiceSerializer(InvoiceRowSerializer):
    """An invoice with all its parts, and what it has to do with others."""

    money_fields: ClassVar[tuple[str, ...]] = (
        *InvoiceRowSerializer.money_fields,
        "vat_in_issuers_currency",
    )

    rectifies = NamedInvoiceSerializer(read_only=True, allow_null=True)
    credit_notes = NamedInvoiceSerializer(many=True, read_only=True)
    replaces = NamedInvoiceSerializer(read_only=True, allow_null=True)
    replaced_by = NamedInvoiceSerializer(read_only=True, allow_null=True, default=None)

    lines = InvoiceLineSerializer(many=True, read_only=True)
    taxes = InvoiceTaxSerializer(many=True, read_only=True)
    payments = PaymentSerializer(many=True, read_only=True)
    vat_in_issuers_currency = serializers.SerializerMethodField(
        help_text="Null where the invoice is in that currency itself, or no rate is known."
    )

    @extend_schema_field(ExchangeSerializer(allow_null=True))
    def get_vat_in_issuers_currency(self, invoice: Invoice) -> object:
        """Convert VAT, or read what was copied."""
        converted = conversion_of(invoice)
        return None if converted is None else ExchangeSerializer(converted).data

    class Meta(InvoiceRowSerializer.Meta):
        fields = [
            *InvoiceRowSerializer.Meta.fields,
            *("reason", "rectifies", "credit_notes", "replaces", "replaced_by"),
            *("lines", "taxes", "payments", "vat_in_issuers_currency"),
        ]
        read_only_fields = fields


class CreditLineSerializer(serializers.Serializer[Any]):
    """What to credit of one line."""

    line = serializers.IntegerField(help_text="The `id` of a line of the invoice.")
    net = MoneyField(
        required=False,
        help_text="Without VAT; by default all that is left. Of a deduction it is negative.",
    )


class CreditAmountSerializer(serializers.Serializer[Any]):
    """An amount that stands for no line."""

    vat_category = serializers.CharField(max_length=16)
    vat_percent = MoneyField(
        required=False, help_text="Only needed where the invoice has the category twice."
    )
    net = MoneyField(help_text="Without VAT.")


class CreditSerializer(serializers.Serializer[Any]):
    """What to credit of an invoice: lines, amounts or, without either, all that is left."""

    reason = serializers.CharField(max_length=300, help_text="Printed on the credit note.")
    lines = CreditLineSerializer(many=True, required=False, allow_empty=False)
    amounts = CreditAmountSerializer(many=True, required=False, allow_empty=False)
    anew = serializers.BooleanField(
        default=False, help_text="Draft again at once what is credited (`replaced_by`)."
    )
    issued_on = serializers.DateField(
        required=False,
        help_text="By default today, or the date of the last credit note if later.",
    )

    def validate_lines(self, lines: list[dict[str, Any]]) -> dict[int, Decimal | None]:
        """Return what to credit by the id of the line.

        Raises:
            ValidationError: a line is named twice.
        """
        found = {one["line"]: one.get("net") for one in lines}
        if len(found) < len(lines):
            raise serializers.ValidationError(_("A line is named twice."), code="unique")
        return found

    def validate_amounts(self, amounts: list[dict[str, Any]]) -> dict[tuple[str, Decimal], Decimal]:
        """Return what to credit by category and percent; ``context`` holds the invoice.

        Raises:
            ValidationError: a category is named twice, or a percent is needed.
        """
        percents: dict[str, list[Decimal]] = {}
        for tax in self.context["invoice"].taxes.all():
            percents.setdefault(tax.category, []).append(tax.percent)
        found = {}
        for one in amounts:
            of_category = percents.get(one["vat_category"], [Decimal(0)])
            if "vat_percent" not in one and len(of_category) > 1:
                message = _("Say which percent of the category.")
                raise serializers.ValidationError(message, code="required")
            found[one["vat_category"], one.get("vat_percent", of_category[0])] = one["net"]
        if len(found) < len(amounts):
            raise serializers.ValidationError(_("A VAT category is named twice."), code="unique")
        return found


class CreditNotesSerializer(serializers.Serializer[Any]):
    """All credit notes of an invoice, on one page."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = InvoiceRowSerializer(many=True)


class IssueSerializer(serializers.Serializer[Any]):
    """How to issue a draft."""

    issued_on = serializers.DateField(
        required=False,
        help_text="By default today, or the date of the last invoice of the series if later.",
    )


class FiguresSerializer(MoneyForThosePermitted):
    """A customer's month (docs/figures.md says what each figure is)."""

    money_permission = AMOUNTS
    money_fields = (
        "rated_not_invoiced",
        "invoiced",
        "paid",
        "balance",
        "overdue",
        "expected_total",
    )

    period = serializers.CharField()
    currency = serializers.CharField()
    conferences = serializers.IntegerField()
    minutes = serializers.IntegerField(help_text="Of all legs together, rounded up once.")
    rated_not_invoiced = MoneyField(currency="currency", help_text="Without VAT.")
    unpriced_legs = serializers.IntegerField()
    invoiced = MoneyField(currency="currency")
    paid = MoneyField(currency="currency")
    balance = MoneyField(currency="currency")
    overdue = MoneyField(currency="currency", help_text="Of all months.")
    expected_total = MoneyField(currency="currency")
    as_of = MomentField()
    other_currencies = serializers.ListField(child=serializers.CharField())
