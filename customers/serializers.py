"""JSON shapes of the customer (API.md, Resources)."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from integration.models import Event
from toolkit.api.fields import ModelSerializer, MomentField

from .models import Address, Contact, Customer, CustomerList
from .selectors import in_words, preferences_of


class AddressSerializer(ModelSerializer):
    """An address; one of each kind."""

    class Meta:
        model = Address
        fields = [
            "kind",
            "recipient",
            "line1",
            "line2",
            "postcode",
            "city",
            "region",
            "country",
        ]


class ContactSerializer(ModelSerializer):
    """A person at the customer."""

    class Meta:
        model = Contact
        fields = ["name", "role", "email", "phone", "language"]


class PreferencesField(serializers.JSONField):
    """Named values; ``letters`` and ``notices`` are true until the customer wants none."""

    def get_attribute(self, instance: Customer) -> dict[str, Any]:
        """Return the preferences with the wishes among them."""
        return preferences_of(instance)


class CustomerRowSerializer(ModelSerializer):
    """A customer in a list."""

    account_manager = serializers.SlugRelatedField(
        slug_field="username",
        queryset=User.objects.filter(is_active=True),
        allow_null=True,
        required=False,
        error_messages={"does_not_exist": _("There is no active user of that name.")},
    )

    class Meta:
        model = Customer
        fields = [
            "number",
            "legal_name",
            "trade_name",
            "tax_id",
            "country",
            "language",
            "currency",
            "timezone",
            "email",
            "phone",
            "status",
            "status_reason",
            "account_manager",
            "tags",
            "reference_policy",
        ]
        read_only_fields = ["number", "status", "status_reason"]


class CustomerSerializer(CustomerRowSerializer):
    """A customer with its parts; what the service decides is checked there, not here."""

    addresses = AddressSerializer(many=True, required=False)
    contacts = ContactSerializer(many=True, required=False)
    preferences = PreferencesField(required=False)

    class Meta(CustomerRowSerializer.Meta):
        fields = [
            *CustomerRowSerializer.Meta.fields,
            "references",
            "addresses",
            "contacts",
            "preferences",
        ]
        # The database's constraint answers 409 with the customer found, not a field error.
        validators: list[Any] = []

    def validate_preferences(self, value: object) -> object:
        """Preferences are named values."""
        if not isinstance(value, dict):
            raise serializers.ValidationError(_("Write an object of named values."))
        return value


class CustomerListRowSerializer(ModelSerializer):
    """A saved list among others; ``customers`` counts them."""

    customers = serializers.SerializerMethodField()
    created_by = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    created_at = MomentField(read_only=True)

    class Meta:
        model = CustomerList
        fields = ["id", "name", "origin", "customers", "created_by", "created_at"]

    def get_customers(self, saved: CustomerList) -> int:
        """Count the customers of the list."""
        return len(saved.numbers)


class CustomerListSerializer(CustomerListRowSerializer):
    """A saved list with the numbers of its customers, in the order in which they were given."""

    numbers = serializers.ListField(child=serializers.CharField(max_length=20))

    class Meta(CustomerListRowSerializer.Meta):
        fields = [*CustomerListRowSerializer.Meta.fields, "numbers"]


class TimelineSerializer(serializers.Serializer[Any]):
    """One thing that happened to the customer, in whichever department."""

    id = serializers.CharField(source="event_id")
    type = serializers.CharField()
    title = serializers.SerializerMethodField()
    timestamp = MomentField(source="occurred_at")
    actor = serializers.CharField()
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()

    def get_title(self, event: Event) -> str:
        """Return the event in words, in the language asked for."""
        return str(in_words([event])[0].title)
