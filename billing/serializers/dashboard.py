"""JSON shape of the billing dashboard."""

from typing import Any

from rest_framework import serializers

from toolkit.api.fields import MomentField, MoneyField


class MonthFiguresSerializer(serializers.Serializer[Any]):
    """A month; ``billed``, ``collected`` and ``overdue`` are with VAT, ``unbilled`` is without."""

    period = serializers.CharField()
    billed = MoneyField(currency="currency", help_text="Issued in the month, credit notes less.")
    collected = MoneyField(currency="currency", help_text="Payments of the month.")
    overdue = MoneyField(currency="currency", help_text="Left today of what fell due in the month.")
    unbilled = MoneyField(currency="currency", help_text="Drafts of the month.")
    minutes = serializers.IntegerField(help_text="Of all calls, in all currencies.")


class TopCustomerSerializer(serializers.Serializer[Any]):
    """A customer, and what was billed to it in all the months together."""

    customer = serializers.CharField(source="customer.number")
    name = serializers.CharField(source="customer.name")
    billed = MoneyField(currency="currency")
    percent = serializers.IntegerField()


class DashboardSerializer(serializers.Serializer[Any]):
    """The last twelve months in one currency, the latest last."""

    currency = serializers.CharField()
    currencies = serializers.ListField(child=serializers.CharField())
    overdue = MoneyField(currency="currency", help_text="Of all months.")
    unbilled = MoneyField(currency="currency", help_text="Of all months.")
    months = MonthFiguresSerializer(many=True)
    top = TopCustomerSerializer(many=True)
    as_of = MomentField()
