"""Forms of invoices, billing runs, the catalogue, credits and wrong rates."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from billing.models import BillingRun, Invoice, InvoiceLine, PaymentMethod, Product, SendingWay
from billing.selectors.credits import TaxLeft
from billing.templatetags.billing import plain
from customers.models import Customer
from sales.models import Contract, ContractRate
from sales.selectors import plain_amount
from sales.services import CORRECTABLE, ContractInvalidError
from toolkit.money import from_decimal, to_decimal
from toolkit.periods import InvalidPeriodError, Period
from toolkit.templatetags.values import num
from toolkit.widgets import DateInput


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


class SendingWayForm(forms.Form):
    """How a customer gets issued invoices by e-mail; blank lets the settings decide."""

    way = forms.ChoiceField(
        label=_("Invoices by e-mail"),
        choices=[("", _("As set for all")), *SendingWay.choices],
        required=False,
        widget=forms.RadioSelect,
    )


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
        return month_of(self.cleaned_data["period"])


class AcceptFlagForm(forms.Form):
    """Why a draft may be issued although it is flagged."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("What you found when you looked. It is kept with the invoice."),
    )


class ProductForm(forms.ModelForm[Product]):
    """A product; the service says what is refused."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Product
        fields = [
            *("code", "name_es", "name_en", "unit", "currency", "unit_price"),
            *("vat_category", "is_active"),
        ]

    def _post_clean(self) -> None:
        """Leave the instance alone: the service checks and saves its own row."""


class _ProductField(forms.ModelChoiceField[Product]):
    """A product, by its code and name."""

    def label_from_instance(self, obj: Product) -> str:
        """Return code and name in the reader's language."""
        return f"{obj.code} · {obj.name_in(get_language() or 'en')}"


class _OfContract(forms.Form):
    """What is charged under one of a customer's contracts, the one in force proposed."""

    contract = forms.ModelChoiceField(label=_("Contract"), queryset=Contract.objects.none())
    product = _ProductField(label=_("Product"), queryset=Product.objects.filter(is_active=True))
    quantity = forms.IntegerField(label=_("Quantity"), initial=1)
    unit_price = forms.DecimalField(
        label=_("Unit price"), max_digits=18, decimal_places=6, required=False, localize=True
    )

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        contracts = Contract.objects.filter(customer=customer).exclude(status=Contract.Status.DRAFT)
        field = self.fields["contract"]
        field.queryset = contracts  # type: ignore[attr-defined]
        field.initial = contracts.first()

    def clean(self) -> dict[str, Any]:
        """Take the price of the product where none is written, if it is of the same currency."""
        data = super().clean() or {}
        product, contract = data.get("product"), data.get("contract")
        if "unit_price" not in data or data["unit_price"] is not None:
            return data
        if product is None or contract is None or product.currency != contract.currency:
            message = _("Write the price in the currency of the contract.")
            self.add_error("unit_price", forms.ValidationError(message, code="required"))
        else:
            data["unit_price"] = product.unit_price
        return data


class SubscriptionForm(_OfContract):
    """A product that is paid every month."""

    valid_from = forms.DateField(label=_("From"), widget=DateInput)
    valid_to = forms.DateField(
        label=_("Until"),
        widget=DateInput,
        required=False,
        help_text=_("The first day without it; empty: for as long as the contract."),
    )


class OneOffChargeForm(_OfContract):
    """A single line: of a product, or in words."""

    period = forms.CharField(
        label=_("Month"), max_length=7, widget=forms.TextInput(attrs={"type": "month"})
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=200,
        required=False,
        help_text=_("What the invoice says, in the customer's language; empty: the product's name"),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("For the house; the invoice doesn't say it.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].required = False
        self.fields["quantity"].help_text = _("Below zero for a deduction.")

    def clean_period(self) -> str:
        """It is a calendar month."""
        return month_of(self.cleaned_data["period"])


class EndSubscriptionForm(forms.Form):
    """When a subscription ends."""

    valid_to = forms.DateField(
        label=_("Until"), widget=DateInput, help_text=_("The first day without it.")
    )


def month_of(text: str) -> str:
    """Return a calendar month as it is written everywhere.

    Raises:
        ValidationError: it is none.
    """
    try:
        return str(Period.parse(text))
    except InvalidPeriodError:
        raise forms.ValidationError(_("Write a month as 2026-11."), code="invalid") from None


class CreditForm(forms.Form):
    """What to credit of an invoice: all that is left, some lines, or amounts of a VAT category.

    The service says what is too much. ``asked`` is what ``plan_credit`` wants to know.
    """

    class Scope(models.TextChoices):
        """How it is said what to credit."""

        ALL = "all", _("All that is left")
        LINES = "lines", _("Some lines, or parts of them")
        AMOUNT = "amount", _("An amount")

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The customer reads it on the credit note."),
    )
    scope = forms.ChoiceField(
        label=_("What to credit"),
        choices=Scope.choices,
        initial=Scope.ALL,
        widget=forms.RadioSelect,
    )
    anew = forms.BooleanField(
        label=_("Draft it anew at once"),
        required=False,
        help_text=_("A draft says again what is credited and names the invoice that it replaces."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        invoice: Invoice,
        lines: Sequence[InvoiceLine],
        left: Mapping[int, Decimal],
        taxes: Sequence[TaxLeft],
        seen: int,
    ) -> None:
        super().__init__(data, initial={"seen": seen})
        self.lines = [line for line in lines if left[line.pk]]
        self.taxes = [tax for tax in taxes if tax.base]
        for line in self.lines:
            shown = plain(left[line.pk], invoice.currency)
            self.fields[f"all_{line.pk}"] = forms.BooleanField(
                label=_("Credit all of “%s”") % line.description, required=False
            )
            self.fields[f"net_{line.pk}"] = _amount(_("Credit of “%s”") % line.description, shown)
        for place, tax in enumerate(self.taxes):
            label = _("Amount at %s %%") % num(tax.tax.percent.normalize())
            self.fields[f"tax_{place}"] = _amount(label, plain(tax.base, invoice.currency))

    def clean(self) -> dict[str, Any]:
        """Demand that something is chosen."""
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(self.asked.values() or [True]):
            raise forms.ValidationError(_("Say what to credit."), code="required")
        return given

    def rows(self) -> list[tuple[InvoiceLine, forms.BoundField, forms.BoundField]]:
        """Return each line with its two fields."""
        return [(line, self[f"all_{line.pk}"], self[f"net_{line.pk}"]) for line in self.lines]

    def amounts(self) -> list[tuple[TaxLeft, forms.BoundField]]:
        """Return what is left of each tax, with its field."""
        return [(tax, self[f"tax_{place}"]) for place, tax in enumerate(self.taxes)]

    @property
    def asked(self) -> dict[str, Any]:
        """Return what to credit, for ``plan_credit``."""
        given = self.cleaned_data
        if given["scope"] == self.Scope.ALL:
            return {}
        if given["scope"] == self.Scope.AMOUNT:
            amounts = {
                tax.key: given[f"tax_{place}"]
                for place, tax in enumerate(self.taxes)
                if given[f"tax_{place}"] is not None
            }
            return {"amounts": amounts}
        lines: dict[int, Decimal | None] = {}
        for line in self.lines:
            net = given[f"net_{line.pk}"]
            if net is not None or given[f"all_{line.pk}"]:
                lines[line.pk] = net
        return {"lines": lines}


def _amount(label: str, left: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=18,
        decimal_places=3,
        localize=True,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": left}),
    )


class RateCorrectionForm(forms.Form):
    """What a rate should have said, and on which of its days; the services say what is refused."""

    price_per_minute = forms.DecimalField(
        label=_("Price per minute"), max_digits=18, decimal_places=6, min_value=0, localize=True
    )
    connection_fee = forms.DecimalField(
        label=_("Connection fee"), max_digits=18, decimal_places=6, min_value=0, localize=True
    )
    first_increment = forms.IntegerField(label=_("First increment (s)"), min_value=1)
    next_increment = forms.IntegerField(label=_("Next increments (s)"), min_value=1)
    minimum_seconds = forms.IntegerField(label=_("Minimum (s)"), min_value=0)
    valid_from = forms.DateField(label=_("Wrong from"), widget=DateInput)
    valid_to = forms.DateField(
        label=_("Right again from"),
        widget=DateInput,
        required=False,
        help_text=_("Empty: until the rate ends."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)
    others = forms.ModelMultipleChoiceField(
        label=_("Correct it in these contracts, too"),
        queryset=ContractRate.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        rate: ContractRate,
        others: QuerySet[ContractRate],
    ) -> None:
        terms = {name: getattr(rate, name) for name in CORRECTABLE}
        for name in ("price_per_minute", "connection_fee"):
            terms[name] = Decimal(plain_amount(terms[name]))
        days = {"valid_from": rate.valid_from, "valid_to": rate.valid_to}
        super().__init__(data, initial=terms | days)
        self.rate = rate
        field = self.fields["others"]
        field.queryset = others  # type: ignore[attr-defined]
        field.label_from_instance = _contract_of_rate  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, Any]:
        """Return what ``preview_rate_correction`` and ``start_re_rating`` want to know."""
        given = self.cleaned_data
        terms: dict[str, Any] = {name: given[name] for name in CORRECTABLE}
        for name in ("price_per_minute", "connection_fee"):
            terms[name] = plain_amount(terms[name])
        return {
            "rates": [self.rate, *given["others"]],
            "terms": terms,
            "valid_from": given["valid_from"],
            "valid_to": given["valid_to"],
        }

    def refuse(self, error: ContractInvalidError) -> None:
        """Show what was refused in its place."""
        for fault in error.faults:
            name = str(fault.path[0])
            self.add_error(name if name in self.fields else None, fault.message)


def _contract_of_rate(rate: ContractRate) -> str:
    return f"{rate.contract.number} · {rate.contract.customer.name}"
