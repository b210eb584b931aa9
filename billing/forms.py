"""Forms of billing."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from toolkit.money import from_decimal, to_decimal
from toolkit.periods import InvalidPeriodError, Period
from toolkit.widgets import DateInput

from .models import BillingRun, PaymentMethod


class PaymentForm(forms.Form):
    """A payment that came in, in the invoice's currency; the service says what is too much."""

    amount = forms.DecimalField(label=_("Amount"), max_digits=18, decimal_places=3, localize=True)
    paid_on = forms.DateField(label=_("Paid on"), widget=DateInput)
    method = forms.ChoiceField(label=_("Method"), choices=PaymentMethod.choices)
    reference = forms.CharField(
        label=_("Reference"),
        max_length=60,
        required=False,
        help_text=_("As on the bank statement. The same reference is never counted twice."),
    )

    @staticmethod
    def proposal(*, balance: Decimal, currency: str, day: dt.date) -> dict[str, Any]:
        """Return the initial values: the whole balance, with the decimals of its currency."""
        return {"amount": to_decimal(from_decimal(balance), currency), "paid_on": day}


class AssignForm(forms.Form):
    """Whose call it was, by the customer's number."""

    customer = forms.CharField(label=_("Customer number"), max_length=250)

    def clean_customer(self) -> Customer:
        """Return the customer of the number; a name may follow it, as the suggestions write."""
        number = str(self.cleaned_data["customer"]).split()[0].upper()
        customer = Customer.objects.filter(number=number).first()
        if customer is None:
            raise forms.ValidationError(_("There is no customer of that number."), code="unknown")
        return customer


class RunForm(forms.Form):
    """What to run: a month, whose drafts are issued, and whether it is only tried.

    ``selection`` is the query string that chooses customers, as it stands in the address.
    """

    period = forms.CharField(
        label=_("Month"), max_length=7, widget=forms.TextInput(attrs={"type": "month"})
    )
    issue = forms.ChoiceField(
        label=_("What is issued"),
        choices=BillingRun.Issue.choices,
        initial=BillingRun.Issue.AGREED,
        widget=forms.RadioSelect,
    )
    dry_run = forms.BooleanField(
        label=_("Dry run"),
        required=False,
        help_text=_("Shows what would come of it, and the difference to the month before."),
    )
    selection = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_period(self) -> str:
        """It is a calendar month."""
        try:
            return str(Period.parse(self.cleaned_data["period"]))
        except InvalidPeriodError:
            raise forms.ValidationError(_("Write a month as 2026-11."), code="invalid") from None


class AcceptFlagForm(forms.Form):
    """Why a draft may be issued although it is flagged."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("What you found when you looked. It is kept with the invoice."),
    )
