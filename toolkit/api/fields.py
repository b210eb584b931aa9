"""How values look in JSON: money as text, moments in UTC, what not all may see."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import reduce
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from toolkit import money


class MoneyField(serializers.Field[Decimal, Any, str, Any]):
    """An amount as decimal string with the decimals of its currency: ``"1234.50"``.

    Args:
        currency: where the currency stands, seen from the object: ``"currency"`` or
            ``"invoice.currency"``. Amounts are rounded half-up to it. Without (a price per minute,
            finer than what can be paid) the amount is shown exactly.

    Read as string only: a JSON number would have been a float on its way.
    """

    default_error_messages = {
        "not_a_string": _('Write amounts as text, as in "12.50".'),
        "not_an_amount": _("This is no amount of money with at most six decimals."),
    }

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(**kwargs)

    def get_attribute(self, instance: Any) -> Any:  # noqa: ANN401 (REST framework's)
        """Return the amount together with its currency."""
        amount = super().get_attribute(instance)
        if amount is None or not self.currency:
            return amount
        return amount, reduce(_attribute, self.currency.split("."), instance)

    def to_representation(self, value: Any) -> str:  # noqa: ANN401 (amount, or with its currency)
        """Write the amount."""
        amount, currency = value if isinstance(value, tuple) else (value, None)
        micros = money.from_decimal(Decimal(amount))
        return money.format_micros(micros, currency) if currency else money.format_exact(micros)

    def to_internal_value(self, data: Any) -> Decimal:  # noqa: ANN401 (anything may come)
        """Read the amount; whether it suits the currency is a service's question."""
        if not isinstance(data, str):
            self.fail("not_a_string")
        try:
            return money.to_decimal(money.parse_micros(data))
        except money.InvalidMoneyError:
            self.fail("not_an_amount")


def _attribute(at: Any, name: str) -> Any:  # noqa: ANN401 (objects and mappings)
    return at[name] if isinstance(at, Mapping) else getattr(at, name)


class MomentField(serializers.DateTimeField):
    """A moment as RFC 3339 in UTC: ``2026-11-24T11:00:00Z``; read with any offset, never without.

    Whole seconds are written without a fraction.
    """

    default_error_messages = {
        "no_offset": _("Say the time zone: end with Z or an offset such as +01:00."),
    }

    def to_representation(self, value: dt.datetime | None) -> str | None:  # type: ignore[override]
        """Write the moment."""
        if value is None:
            return None
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")

    def enforce_timezone(self, value: dt.datetime) -> dt.datetime:
        """Refuse a moment without offset instead of guessing its zone."""
        if value.tzinfo is None:
            self.fail("no_offset")
        try:
            return value.astimezone(dt.UTC)
        except OverflowError:  # the first or last hours that a calendar holds
            self.fail("overflow")


class ModelSerializer(serializers.ModelSerializer[Any]):
    """A model serializer with our moments; money fields are declared, with their currency."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: MomentField,
    }


class MoneyForThosePermitted(serializers.Serializer[Any]):
    """Leave out ``money_fields`` for callers without ``money_permission``: absent, not null.

    Give the serializer its view's context. Without a request (a webhook, a task) money is absent.
    """

    money_fields: ClassVar[tuple[str, ...]] = ()
    money_permission: ClassVar[str] = ""
    shows_all = False  # set where the fields are described, not filled

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields that the caller may see."""
        fields = super().get_fields()
        if self.shows_all:
            return fields
        request = self.context.get("request")
        if request is None or not request.user.has_perm(self.money_permission):
            for name in self.money_fields:
                fields.pop(name)
        return fields
