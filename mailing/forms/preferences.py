"""Forms of the public page of preferences."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import AddressProposal
from mailing.selectors.preferences import Preferences
from toolkit.countries import country_choices


def _countries() -> list[tuple[str, str]]:
    return [("", "—"), *country_choices()]


class WishesForm(forms.Form):
    """What the holder of the link wants to receive."""

    letters = forms.BooleanField(label=_("Letters by post"), required=False)
    emails = forms.BooleanField(label=_("E-mails"), required=False)

    def __init__(self, data: Mapping[str, Any] | None, shown: Preferences, *, email: str) -> None:
        initial = {"letters": shown.letters, "emails": shown.emails}
        super().__init__(data, initial=initial)
        if shown.none_at_all:
            del self.fields["emails"]
        elif email:
            self.fields["emails"].label = _("E-mails to %(email)s") % {"email": email}


class AddressForm(forms.ModelForm[AddressProposal]):
    """Where letters should go."""

    country = forms.ChoiceField(label=_("country"), choices=_countries)

    class Meta:
        model = AddressProposal
        fields = ["recipient", "line1", "line2", "postcode", "city", "region", "country"]

    def refuse(self, error: ValidationError) -> None:
        """Show what the service refused in its place."""
        own = {n: found for n, found in error.error_dict.items() if n in self.fields}
        others = [e for n, found in error.error_dict.items() if n not in own for e in found]
        self.add_error(None, ValidationError({**own, "__all__": others} if others else own))
