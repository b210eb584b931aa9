"""JSON shapes of billing runs."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from billing.models import BillingRun, RunItem
from customers.models import Customer
from toolkit.api.fields import ModelSerializer, MoneyField, MoneyForThosePermitted
from toolkit.periods import InvalidPeriodError, Period

from .invoices import AMOUNTS


class BillingRunSerializer(ModelSerializer):
    """A billing run and how far it is; what came of each customer is under ``items/``."""

    done = serializers.IntegerField(read_only=True, help_text="Customers done.")
    flagged = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    job = serializers.UUIDField(source="job_id", read_only=True)

    class Meta:
        model = BillingRun
        fields = [
            "id",
            "period",
            "state",
            "dry_run",
            "issue",
            "selection",
            "total",
            "done",
            "flagged",
            "failed",
            "started_by",
            "created_at",
            "finished_at",
            "job",
        ]
        read_only_fields = fields


class RunItemSerializer(MoneyForThosePermitted, ModelSerializer):
    """What came of one customer in one currency, as it was found then."""

    money_permission = AMOUNTS
    money_fields = ("net", "previous_net")

    customer = serializers.CharField(source="customer.number", read_only=True)
    net = MoneyField(currency="currency", read_only=True, allow_null=True, help_text="Without VAT.")
    previous_net = MoneyField(
        currency="currency",
        read_only=True,
        allow_null=True,
        help_text="Of `previous_period`, the latest month before with any invoice.",
    )
    left = serializers.DictField(
        child=serializers.CharField(), help_text="Why a draft was not issued, by contract."
    )

    class Meta:
        model = RunItem
        fields = [
            "customer",
            "currency",
            "state",
            "reason",
            "flags",
            "prepared",
            "issued",
            "left",
            "net",
            "previous_net",
            "previous_period",
            "finished_at",
        ]
        read_only_fields = fields


class RunOrderSerializer(serializers.Serializer[Any]):
    """What to run: a month, of all customers or of some."""

    period = serializers.CharField(help_text="YYYY-MM")
    customers = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, help_text="Numbers."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Write nothing but what would come of it."
    )
    issue = serializers.ChoiceField(
        choices=BillingRun.Issue.choices, default=BillingRun.Issue.AGREED.value
    )

    def validate_period(self, value: str) -> str:
        """It is a calendar month."""
        try:
            return str(Period.parse(value))
        except InvalidPeriodError:
            raise serializers.ValidationError(_("Write a month as 2026-11.")) from None

    def validate_customers(self, value: list[str] | None) -> list[str] | None:
        """Each is a customer's number."""
        if value is None:
            return None
        known = set(Customer.objects.filter(number__in=value).values_list("number", flat=True))
        unknown = [number for number in value if number not in known]
        if unknown:
            text = _("There is no customer %(number)s.") % {"number": ", ".join(unknown)}
            raise serializers.ValidationError(text, code="not_found")
        return value
