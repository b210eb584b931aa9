"""Forms of receivables: bank files, matching, reminders, limits, direct debits."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import BankTransaction, CreditLimit, Invoice, Mandate, ReminderStep
from billing.selectors.matching import Suggestion
from customers.models import Customer
from toolkit.money import from_decimal, to_decimal
from toolkit.widgets import DateInput


class BankFileForm(forms.Form):
    """A file of the bank."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Norma 43, CAMT.053 or CSV. The same file twice does no harm."),
    )


class AssignPartsForm(forms.Form):
    """Which invoices a transaction is for; what is left is the credit of ``customer``."""

    customer = forms.CharField(label=_("Rest to the credit of"), max_length=250, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        transaction: BankTransaction,
        invoices: Sequence[Invoice],
        suggestion: Suggestion | None,
    ) -> None:
        super().__init__(data)
        self.transaction, self.invoices = transaction, invoices
        parts = {part.invoice.pk: part.amount for part in suggestion.parts} if suggestion else {}
        if suggestion and suggestion.customer:
            self.fields["customer"].initial = suggestion.customer.number
        if transaction.amount < 0:
            self.fields["customer"].label = _("Paid back to")
            self.fields["customer"].required = True
        else:
            self.fields["customer"].help_text = _(
                "A customer's number; empty where nothing is left."
            )
        for invoice in invoices:
            amount = parts.get(invoice.pk)
            self.fields[f"part_{invoice.pk}"] = forms.DecimalField(
                label=_("Amount for %s") % invoice.number,
                max_digits=18,
                decimal_places=3,
                min_value=Decimal(0),
                localize=True,
                required=False,
                initial=to_decimal(from_decimal(amount), invoice.currency) if amount else None,
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )

    def rows(self) -> list[tuple[Invoice, forms.BoundField]]:
        """Return each invoice with its field."""
        return [(invoice, self[f"part_{invoice.pk}"]) for invoice in self.invoices]

    def clean_customer(self) -> Customer | None:
        """Find the customer by his number; a name may follow it."""
        words = str(self.cleaned_data["customer"]).split()
        if not words:
            return None
        customer = Customer.objects.filter(number=words[0].upper()).first()
        if customer is None:
            raise forms.ValidationError(_("There is no customer of that number."), code="unknown")
        return customer

    @property
    def parts(self) -> dict[int, Decimal]:
        """Return the amounts that were written, by invoice."""
        given = {one.pk: self.cleaned_data.get(f"part_{one.pk}") for one in self.invoices}
        return {pk: amount for pk, amount in given.items() if amount}


class PeriodForm(forms.Form):
    """From which day to which, both included."""

    first = forms.DateField(label=_("From"), widget=DateInput)
    last = forms.DateField(label=_("To"), widget=DateInput)


class RefundForm(forms.Form):
    """Credit that was paid back."""

    amount = forms.DecimalField(label=_("Amount"), max_digits=18, decimal_places=3, localize=True)
    currency = forms.CharField(max_length=3, initial="EUR", label=_("Currency"))
    on = forms.DateField(label=_("Paid back on"), widget=DateInput)
    reference = forms.CharField(label=_("Reference"), max_length=60, required=False)

    def clean_currency(self) -> str:
        """Small letters do not matter."""
        return str(self.cleaned_data["currency"]).upper()


class CreditLimitForm(forms.Form):
    """How much a customer may owe; empty for no limit."""

    amount = forms.DecimalField(
        label=_("Credit limit"),
        max_digits=18,
        decimal_places=3,
        localize=True,
        required=False,
        help_text=_("With VAT, drafts included; empty for no limit."),
    )
    action = forms.ChoiceField(label=_("Beyond it"), choices=CreditLimit.Action.choices)


class MandateForm(forms.Form):
    """What a customer signed."""

    iban = forms.CharField(label="IBAN", max_length=42)
    bic = forms.CharField(label="BIC", max_length=11, required=False)
    holder = forms.CharField(label=_("Account holder"), max_length=70)
    signed_on = forms.DateField(label=_("Signed on"), widget=DateInput)
    scheme = forms.ChoiceField(label=_("Scheme"), choices=Mandate.Scheme.choices)
    reference = forms.CharField(
        label=_("Reference of the mandate"),
        max_length=35,
        required=False,
        help_text=_("As on the paper; empty: we make one up."),
    )


class CollectionForm(forms.Form):
    """Which day the bank is to collect, and by which scheme."""

    collect_on = forms.DateField(label=_("Collect on"), widget=DateInput)
    scheme = forms.ChoiceField(label=_("Scheme"), choices=Mandate.Scheme.choices)


class ReminderStepForm(forms.ModelForm[ReminderStep]):
    """The days and words of a step."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = ReminderStep
        fields = ["days", "subject_es", "text_es", "subject_en", "text_en", "automatic"]

    def _post_clean(self) -> None:
        """Leave the instance alone: the service saves its own row."""


class ReceivablesSettingsForm(forms.Form):
    """How often reminders follow each other, and who we are to the bank."""

    days_between = forms.IntegerField(
        label=_("Days between two reminders"), min_value=1, max_value=365
    )
    creditor_id = forms.CharField(
        label=_("Creditor identifier (SEPA)"),
        max_length=35,
        required=False,
        help_text=_("Given by the bank. Direct debits need it."),
    )
