"""JSON shapes of contracts and rates: the ``contract`` of TARIFF.md and how it is billed.

The serializers describe the shape (for OpenAPI) and write it. What is sent goes as it came to the
services, which check every field and name the wrong ones by JSON pointer: the same check serves
the screens. Callers without ``billing.view_amounts`` get no money: fields are absent, not null.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from sales.models import Contract, ContractRate
from sales.selectors import (
    contract_terms,
    plain_amount,
    rate_object,
    rates_known,
)
from toolkit.api.fields import MoneyField, MoneyForThosePermitted
from toolkit.telephony import Access

MONEY_PERMISSION = "billing.view_amounts"
_MONEY_OF_RATES = ("price_per_minute", "connection_fee")
_MONEY_OF_CONTRACTS = ("fees", "commitment", "monthly_fee")


class ExactAmountField(MoneyField):
    """A price or percentage without trailing zeros: ``"0.0612"``."""

    def to_representation(self, value: Any) -> str:  # noqa: ANN401 (Decimal)
        """Write the amount."""
        return plain_amount(value)


class TermsSerializer(serializers.Serializer[Any]):
    """What is written and read as TARIFF.md does, money only for those permitted."""

    money: ClassVar[tuple[str, ...]] = ()

    def to_internal_value(self, data: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        """Take an object as it is, without what the server sets: the service checks it."""
        ours = {name for name, field in self.fields.items() if field.read_only}
        return {key: value for key, value in _an_object(data).items() if key not in ours}

    def permitted(self, written: dict[str, Any], money: tuple[str, ...] = ()) -> dict[str, Any]:
        """Leave out the money that the caller may not see."""
        request = self.context.get("request")
        if request is not None and request.user.has_perm(MONEY_PERMISSION):
            return written
        return {key: value for key, value in written.items() if key not in (money or self.money)}


class RateSerializer(TermsSerializer):
    """A rate of TARIFF.md; days are local dates, ``valid_to`` is exclusive, null is open."""

    access = serializers.ChoiceField(choices=Access.choices)
    prefix = serializers.CharField(required=False, help_text=_("digits without +"))
    band = serializers.ChoiceField(choices=ContractRate.Band.choices, required=False)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True)
    price_per_minute = ExactAmountField()
    first_increment = serializers.IntegerField(required=False, default=60)
    next_increment = serializers.IntegerField(required=False, default=60)
    minimum_seconds = serializers.IntegerField(required=False, default=0)
    connection_fee = ExactAmountField(required=False)
    money = _MONEY_OF_RATES

    def to_representation(self, instance: ContractRate) -> dict[str, Any]:
        """Write the rate as TARIFF.md does."""
        return self.permitted(rate_object(instance))


class ExtendedRateSerializer(RateSerializer):
    """A rate just agreed, with the contract's version that brought it."""

    contract = serializers.CharField(source="contract.number", read_only=True)
    version = serializers.IntegerField(source="contract_version", read_only=True)

    def to_representation(self, instance: ContractRate) -> dict[str, Any]:
        """Write the rate below its contract and version."""
        head = {"contract": instance.contract.number, "version": instance.contract_version}
        return head | super().to_representation(instance)


class PeakSerializer(serializers.Serializer[Any]):
    """Peak hours on the contract's wall clock; ``to`` is exclusive and may be 24:00."""

    weekdays = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=7))
    to = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields; ``from`` is a word of Python."""
        return {**super().get_fields(), "from": serializers.CharField()}


class TierSerializer(serializers.Serializer[Any]):
    """A discount from so many charged minutes of the period on."""

    from_minutes = serializers.IntegerField(min_value=0)
    discount_percent = ExactAmountField()


class FeesSerializer(serializers.Serializer[Any]):
    """Fees per conference: absent is no line, "0" a line of zero."""

    setup = ExactAmountField(required=False)
    operator = ExactAmountField(required=False)
    recording_per_minute = ExactAmountField(required=False)
    unused_port = ExactAmountField(required=False)
    overage_port = ExactAmountField(required=False)
    no_show = ExactAmountField(required=False)
    late_cancel = ExactAmountField(required=False)
    late_cancel_hours = serializers.IntegerField(required=False, min_value=1)
    minimum_participants = serializers.IntegerField(required=False, min_value=1)
    minimum_participant_per_minute = ExactAmountField(required=False)


class ContractRowSerializer(TermsSerializer):
    """A contract in a list: all but its rates."""

    number = serializers.CharField(read_only=True)
    customer = serializers.CharField(help_text=_("number of the customer"))
    status = serializers.ChoiceField(choices=Contract.Status.choices, read_only=True)
    version = serializers.IntegerField(read_only=True)
    currency = serializers.CharField(help_text="ISO 4217")
    timezone = serializers.CharField(help_text=_("IANA zone"))
    start = serializers.DateField()
    end = serializers.DateField(
        required=False, allow_null=True, help_text=_("first day without it")
    )
    billing = serializers.ChoiceField(choices=Contract.Billing.choices)
    issue = serializers.ChoiceField(choices=Contract.Issue.choices, required=False)
    payment_days = serializers.IntegerField(required=False, default=30)
    vat_category = serializers.ChoiceField(choices=Contract.VatCategory.choices)
    peak = PeakSerializer(required=False)
    holidays = serializers.ListField(child=serializers.DateField(), required=False)
    included_minutes = serializers.IntegerField(required=False, default=0)
    included_access = serializers.ListField(
        child=serializers.ChoiceField(choices=Access.choices), required=False
    )
    tiers = TierSerializer(many=True, required=False)
    fees = FeesSerializer(required=False)
    commitment = ExactAmountField(required=False)
    monthly_fee = ExactAmountField(required=False)
    notes = serializers.CharField(required=False)
    money = _MONEY_OF_CONTRACTS

    def to_representation(self, instance: Contract) -> dict[str, Any]:
        """Write the terms as TARIFF.md does, below number, customer and settings."""
        return {
            "number": instance.number,
            "customer": instance.customer.number,
            "status": instance.status,
            "version": instance.version,
            "billing": instance.billing,
            "issue": instance.issue,
            "payment_days": instance.payment_days,
            "vat_category": instance.vat_category,
            "notes": instance.notes,
            **self.permitted(contract_terms(instance)),
        }


class ContractSerializer(ContractRowSerializer):
    """A contract with its rates, past and future, as known now."""

    rates = RateSerializer(many=True, required=False)

    def to_representation(self, instance: Contract) -> dict[str, Any]:
        """Add the rates."""
        rates = [
            self.permitted(rate_object(rate), _MONEY_OF_RATES) for rate in rates_known(instance)
        ]
        return super().to_representation(instance) | {"rates": rates}


class TerminationSerializer(serializers.Serializer[Any]):
    """When a contract ends."""

    end = serializers.DateField(
        input_formats=["%Y-%m-%d"], help_text=_("first local day without it: today or later")
    )


class RateInForceSerializer(MoneyForThosePermitted):
    """A rate on the day asked for (``RateInForce``), with contract, version and validity."""

    money_fields = _MONEY_OF_RATES
    money_permission = MONEY_PERMISSION

    contract = serializers.CharField()
    version = serializers.IntegerField(source="contract_version")
    currency = serializers.CharField()
    access = serializers.ChoiceField(choices=Access.choices)
    prefix = serializers.CharField()
    band = serializers.ChoiceField(choices=ContractRate.Band.choices)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)
    price_per_minute = ExactAmountField()
    first_increment = serializers.IntegerField()
    next_increment = serializers.IntegerField()
    minimum_seconds = serializers.IntegerField()
    connection_fee = ExactAmountField()


class RatesOfDaySerializer(serializers.Serializer[Any]):
    """The rates of a customer on a local day: one page, whole."""

    customer = serializers.CharField()
    on = serializers.DateField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = RateInForceSerializer(many=True)


def _an_object(data: object) -> dict[str, Any]:
    if isinstance(data, Mapping):
        return dict(data)
    raise serializers.ValidationError(
        {"non_field_errors": [_("Expected an object with named fields.")]}, code="not_an_object"
    )
