"""Forms for the price of a minute: a row of a contract, a rate from a day on."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sales.models import ContractRate
from sales.services import Fault
from toolkit.telephony import Access
from toolkit.widgets import DateInput

from .fields import AmountField, WholeField


class RateForm(forms.Form):
    """The price of a minute."""

    access = forms.ChoiceField(label=_("Access"), choices=Access.choices)
    # Django keeps fields apart from the form's own attribute of that name.
    prefix = forms.CharField(  # type: ignore[assignment]
        label=_("Number prefix"),
        max_length=16,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "placeholder": "34900"}),
    )
    band = forms.ChoiceField(
        label=_("Hours"), choices=ContractRate.Band.choices, initial=ContractRate.Band.ANY
    )
    valid_from = forms.DateField(label=_("Valid from"), widget=DateInput)
    valid_to = forms.DateField(label=_("Valid to (exclusive)"), widget=DateInput, required=False)
    price_per_minute = AmountField(label=_("Price per minute"))
    first_increment = WholeField(label=_("First increment (s)"), min_value=1, initial=60)
    next_increment = WholeField(label=_("Next increments (s)"), min_value=1, initial=60)
    minimum_seconds = WholeField(label=_("Minimum (s)"), min_value=0, initial=0)
    connection_fee = AmountField(label=_("Connection fee"), required=False)

    def clean_prefix(self) -> str:
        """Take a number as people write it: with + and blanks."""
        written: str = self.cleaned_data["prefix"]
        return "".join(written.removeprefix("+").split())

    def values(self) -> dict[str, Any]:
        """Return the rate of TARIFF.md."""
        return {name: self.cleaned_data[name] for name in RateForm.base_fields}


class RateRowForm(RateForm):
    """A rate in the form of a contract; a row left empty is none."""

    access = forms.ChoiceField(label=_("Access"), choices=[("", "—"), *Access.choices])

    valid_from = forms.DateField(label=_("Valid from"), widget=DateInput, required=False)


class RateExtensionForm(RateForm):
    """A new price of a minute, from a day on."""

    valid_to = forms.DateField(
        label=_("Valid to (exclusive)"),
        widget=DateInput,
        required=False,
        help_text=_("With it, the rate before holds again afterwards."),
    )

    def refuse(self, faults: Sequence[Fault]) -> None:
        """Show what the services refused in its place."""
        for fault in faults:
            name = str(fault.path[0])
            self.add_error(name if name in self.fields else None, fault.message)


def rate_initial(rate: ContractRate) -> dict[str, Any]:
    """Return a rate as the starting values of a form."""
    return {name: getattr(rate, name) for name in RateForm.base_fields}
