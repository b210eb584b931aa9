"""Forms with which a customer is registered and changed."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from customers.models import Address, Contact, Customer
from customers.selectors import preferences_of
from toolkit.countries import country_choices


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone]


def _countries() -> list[tuple[str, str]]:
    return [("", "—"), *country_choices()]


class WordsField(forms.CharField):
    """A list of short texts, written with commas or on lines of their own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 (Django's)
        """Show a list as one text."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # noqa: ANN401
        """Split, drop blanks and repetitions, keep the order."""
        if isinstance(value, list):
            return value
        words = (word.strip() for word in (value or "").replace("\n", ",").split(","))
        return list(dict.fromkeys(filter(None, words)))


class CustomerForm(forms.ModelForm[Customer]):
    """What is known of a customer, without its parts."""

    # Not one of the model's here: whose tax id it is the service says, naming that customer.
    tax_id = forms.CharField(label=_("tax id"), max_length=32, required=False)
    country = forms.ChoiceField(label=_("country"), choices=_countries)
    timezone = forms.ChoiceField(label=_("time zone"), choices=_zones, initial="Europe/Madrid")
    account_manager = forms.ModelChoiceField(
        label=_("account manager"),
        queryset=User.objects.filter(is_active=True).order_by("last_name", "username"),
        empty_label="—",
        required=False,
    )
    tags = WordsField(label=_("tags"), help_text=_("Separated by commas."))
    references = WordsField(
        label=_("references"),
        help_text=_("The list that bookings choose from, separated by commas."),
    )
    letters = forms.BooleanField(label=_("wants letters"), required=False, initial=True)
    notices = forms.BooleanField(label=_("wants e-mail notices"), required=False, initial=True)
    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Customer
        fields = [
            "legal_name",
            "trade_name",
            "country",
            "language",
            "currency",
            "timezone",
            "email",
            "phone",
            "account_manager",
            "tags",
            "reference_policy",
            "references",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["tax_id"] = self.instance.tax_id
        if self.instance.pk:
            wishes = preferences_of(self.instance)
            self.initial.update({name: wishes[name] for name in ("letters", "notices")})

    def changes(self) -> dict[str, Any]:
        """Return the fields as ``register_customer`` and ``change_customer`` take them."""
        given = {name: self.cleaned_data[name] for name in ("tax_id", *self.Meta.fields)}
        wishes = {name: self.cleaned_data[name] for name in ("letters", "notices")}
        return given | {"preferences": {**self.instance.preferences, **wishes}}


class OptionalPart:
    """Fields that are needed only once something of the part is filled in."""

    needed: tuple[str, ...] = ()

    def ask_for_nothing(self, fields: dict[str, forms.Field]) -> None:
        """Show no field as required: an empty part is none."""
        for field in fields.values():
            field.required = False

    def missing(self, data: dict[str, Any]) -> dict[str, ValidationError]:
        """Return the errors of what a part that was begun still lacks."""
        message = ValidationError(_("This is needed once the rest is filled in."), code="required")
        begun = any(value for name, value in data.items() if name not in {"id", "role", "DELETE"})
        return {name: message for name in self.needed if begun and not data.get(name)}


class AddressForm(OptionalPart, forms.ModelForm[Address]):
    """One address; left wholly empty it is none."""

    needed = ("line1", "city", "country")
    country = forms.ChoiceField(label=_("country"), choices=_countries)

    class Meta:
        model = Address
        fields = ["recipient", "line1", "line2", "postcode", "city", "region", "country"]

    def __init__(
        self, data: Mapping[str, Any] | None, *, instance: Address | None, prefix: str
    ) -> None:
        super().__init__(
            data,
            instance=instance,
            prefix=prefix,
            empty_permitted=True,
            use_required_attribute=False,
        )
        self.ask_for_nothing(self.fields)

    def clean(self) -> dict[str, Any]:
        """Demand street, town and country of an address that was begun."""
        data = super().clean() or self.cleaned_data
        for name, error in self.missing(data).items():
            self.add_error(name, error)
        return data


class ContactForm(OptionalPart, forms.ModelForm[Contact]):
    """One person; a row left empty is none."""

    needed = ("name",)
    id = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Contact
        fields = ["name", "role", "email", "phone", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        language.choices = [("", "—"), *Customer.Language.choices]  # type: ignore[attr-defined]
        self.ask_for_nothing(self.fields)

    def clean(self) -> dict[str, Any]:
        """Demand the name of a person who was begun."""
        data = super().clean() or self.cleaned_data
        for name, error in self.missing(data).items():
            self.add_error(name, error)
        return data


ContactFormSet = formset_factory(
    ContactForm, extra=2, max_num=50, validate_max=True, can_delete=True
)


class CustomerForms:
    """The customer's form with its addresses and contacts, as one."""

    def __init__(self, data: Mapping[str, Any] | None, customer: Customer | None = None) -> None:
        version = {"expected_version": customer.version} if customer else None
        self.customer = CustomerForm(data, instance=customer, initial=version)
        kept = {row.kind: row for row in customer.addresses.all()} if customer else {}
        self.addresses = {
            kind: AddressForm(data, instance=kept.get(kind), prefix=kind)
            for kind in Address.Kind.values
        }
        self.contacts: BaseFormSet[ContactForm] = ContactFormSet(
            data, initial=self._contacts_of(customer), prefix="contacts"
        )

    def is_valid(self) -> bool:
        """Check all parts, so that every error shows at once."""
        parts: list[forms.BaseForm] = [self.customer, *self.addresses.values()]
        valid = [part.is_valid() for part in parts]  # all of them, not up to the first wrong one
        return self.contacts.is_valid() and all(valid)

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        return {
            **self.customer.changes(),
            "addresses": [
                {"kind": kind, **form.cleaned_data}
                for kind, form in self.addresses.items()
                if form.cleaned_data.get("line1")
            ],
            "contacts": [
                {name: row[name] for name in ("id", *ContactForm.Meta.fields)}
                for row in self.contacts.cleaned_data
                if row and row.get("name") and not row.get("DELETE")
            ],
        }

    def refuse(self, error: ValidationError) -> None:
        """Show what a service refused in its place: field, address or contact."""
        own = {}
        for name, found in error.error_dict.items():
            if name in self.customer.fields:
                own[name] = found
            else:
                own.setdefault("__all__", []).extend(found)
        self.customer.add_error(None, ValidationError(own))

    @staticmethod
    def _contacts_of(customer: Customer | None) -> list[dict[str, Any]]:
        if customer is None:
            return []
        return list(customer.contacts.values("id", *ContactForm.Meta.fields))


class SuspensionForm(forms.Form):
    """Why a customer is suspended."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The reservations desk tells it to the customer."),
    )
