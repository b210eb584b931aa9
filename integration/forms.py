"""Forms of the e-mail screens."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SuppressionForm(forms.Form):
    """An address that nothing is to be sent to."""

    email = forms.EmailField(label=_("E-mail"))
    detail = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("Kept beside the address, for whoever wonders later."),
    )


class LiftForm(forms.Form):
    """Why an address is written to again."""

    because = forms.CharField(label=_("Why"), max_length=300)
