"""Forms of the users' screens."""

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from bpi_portal.roles import role_choices
from customers.models import Customer


class RolesForm(forms.Form):
    """The roles of a user."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=role_choices, widget=forms.CheckboxSelectMultiple
    )


class InvitationForm(RolesForm):
    """Who is invited, and in which language the invitation is written."""

    username = forms.CharField(
        label=_("User name"), max_length=150, validators=[UnicodeUsernameValidator()]
    )
    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    language = forms.ChoiceField(
        label=_("Language of the invitation"), choices=Customer.Language.choices
    )
    field_order = ("first_name", "last_name", "username", "email", "roles", "language")

    def refuse_taken(self, field: str) -> None:
        """Say in its place that the user name or e-mail belongs to somebody already."""
        self.add_error(field, _("Another user has this already."))
