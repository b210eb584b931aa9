"""Forms with which a contract is drafted, changed, ended."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from sales.models import Contract
from sales.selectors import FEE_LABELS, rates_known, weekday_choices
from sales.services import Fault
from toolkit.telephony import Access
from toolkit.widgets import DateInput

from .fields import AmountField, DaysField, WholeField, currency_choices, zone_choices
from .rates import RateRowForm, rate_initial

WHOLE_FEES = ("late_cancel_hours", "minimum_participants")
_PEAK_FIELDS = {"weekdays": "peak_weekdays", "from": "peak_from", "to": "peak_to"}
_TERMS = ("currency", "timezone", "start", "end", "holidays", "included_minutes")
_SETTINGS = ("billing", "issue", "payment_days", "vat_category", "notes")


class ContractForm(forms.Form):
    """What is agreed, without rates and discounts; the services check it."""

    start = forms.DateField(label=_("First day"), widget=DateInput)
    end = forms.DateField(
        label=_("First day without it"),
        widget=DateInput,
        required=False,
        help_text=_("Left empty, the contract goes on."),
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=currency_choices)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)
    billing = forms.ChoiceField(label=_("Billing"), choices=Contract.Billing.choices)
    issue = forms.ChoiceField(label=_("Issue of invoices"), choices=Contract.Issue.choices)
    payment_days = WholeField(label=_("Payment term (days)"), min_value=0)
    vat_category = forms.ChoiceField(label=_("VAT"), choices=Contract.VatCategory.choices)
    peak_weekdays = forms.TypedMultipleChoiceField(
        label=_("Peak days"),
        choices=weekday_choices,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without any, there are no peak hours: only rates for any hour count."),
    )
    peak_from = forms.CharField(label=_("Peak from"), max_length=5, required=False)
    peak_to = forms.CharField(
        label=_("Peak to"),
        max_length=5,
        required=False,
        help_text=_("Not included; 24:00 is the end of the day."),
    )
    holidays = DaysField(label=_("Holidays"), help_text=_("Never peak. One day on a line."))
    included_minutes = WholeField(label=_("Included minutes a month"), min_value=0, required=False)
    included_access = forms.MultipleChoiceField(
        label=_("Included minutes are for"),
        choices=Access.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    monthly_fee = AmountField(label=_("Monthly fee"), required=False)
    commitment = AmountField(
        label=_("Monthly commitment"),
        required=False,
        help_text=_("The least that a full month costs."),
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For colleagues; no document shows them."),
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, label in FEE_LABELS.items():
            field = WholeField if key in WHOLE_FEES else AmountField
            self.fields[f"fee_{key}"] = field(label=label, required=False)

    @property
    def fee_fields(self) -> list[forms.BoundField]:
        """The fees, for the template."""
        return [self[f"fee_{key}"] for key in FEE_LABELS]

    def values(self) -> dict[str, Any]:
        """Return terms and settings as the services take them."""
        data = self.cleaned_data
        peak = {
            "weekdays": data["peak_weekdays"],
            "from": data["peak_from"],
            "to": data["peak_to"],
        }
        fees = {key: data[f"fee_{key}"] for key in FEE_LABELS}
        return {
            **{name: data[name] for name in (*_TERMS, *_SETTINGS)},
            "included_access": data["included_access"],
            "peak": peak if data["peak_weekdays"] else None,
            "fees": {key: value for key, value in fees.items() if value is not None},
            "monthly_fee": data["monthly_fee"],
            "commitment": data["commitment"],
        }


class TierForm(forms.Form):
    """A volume discount; a row left empty is none."""

    from_minutes = WholeField(label=_("From minutes"), min_value=0)
    discount_percent = AmountField(label=_("Discount (%)"))


# Django takes a thousand fields at most from one form.
MOST_RATES = 75
TierFormSet = formset_factory(TierForm, extra=2, max_num=20, validate_max=True, can_delete=True)
RateFormSet = formset_factory(
    RateRowForm, extra=3, max_num=MOST_RATES, validate_max=True, can_delete=True
)


class ContractForms:
    """A contract's form with its rates and discounts, as one."""

    def __init__(self, data: QueryDict | None, initial: Mapping[str, Any]) -> None:
        if data is not None and "more" in data:
            data = _with_more_rows(data)
        self.contract = ContractForm(data, initial={**initial})
        self.rates: BaseFormSet[RateRowForm] = RateFormSet(
            data, initial=initial.get("rates", []), prefix="rates"
        )
        self.tiers: BaseFormSet[TierForm] = TierFormSet(
            data, initial=initial.get("tiers", []), prefix="tiers"
        )
        self._rows: dict[str, list[forms.Form]] = {}

    def is_valid(self) -> bool:
        """Check all parts, so that every error shows at once."""
        parts = (self.contract.is_valid(), self.rates.is_valid(), self.tiers.is_valid())
        return all(parts)

    def values(self) -> dict[str, Any]:
        """Return terms, settings and rates as ``change_draft`` takes them."""
        contract = self.contract.values()
        self._rows = {"rates": _filled(self.rates), "tiers": _filled(self.tiers)}
        rates = [_named(form, RateRowForm.base_fields) for form in self._rows["rates"]]
        for rate in rates:
            rate["valid_from"] = rate["valid_from"] or contract["start"]
        tiers = [_named(form, TierForm.base_fields) for form in self._rows["tiers"]]
        return {**contract, "tiers": tiers, "rates": rates}

    def refuse(self, faults: Sequence[Fault]) -> None:
        """Show what the services refused in its place."""
        for fault in faults:
            form, name = self._place(fault)
            form.add_error(name if name in form.fields else None, fault.message)

    def _place(self, fault: Fault) -> tuple[forms.Form, str]:
        match fault.path:
            case (("rates" | "tiers") as part, int(row), *rest):
                return self._rows[part][row], str(rest[0]) if rest else ""
            case ("fees", key):
                return self.contract, f"fee_{key}"
            case ("peak", str(key), *_):
                return self.contract, _PEAK_FIELDS.get(key, "")
        return self.contract, str(fault.path[0]) if fault.path else ""


class TerminationForm(forms.Form):
    """When a contract ends."""

    end = forms.DateField(
        label=_("First day without it"),
        widget=DateInput,
        help_text=_("Conferences of earlier days are still charged under the contract."),
    )

    def refuse(self, faults: Sequence[Fault]) -> None:
        """Show what the service refused."""
        for fault in faults:
            self.add_error("end", fault.message)


def initial_for(defaults: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    """Return what the form of a new contract starts with."""
    peak = defaults.get("peak") or {}
    return {**defaults, **{field: peak.get(key) for key, field in _PEAK_FIELDS.items()}, **given}


def initial_of_draft(contract: Contract) -> dict[str, Any]:
    """Return what the form of an existing draft starts with."""
    fees = {f"fee_{key}": _number(value) for key, value in contract.fees.items()}
    tiers = [
        {**tier, "discount_percent": _number(tier["discount_percent"])} for tier in contract.tiers
    ]
    names = (*_TERMS, *_SETTINGS, "included_access", "monthly_fee", "commitment", "peak")
    return initial_for(
        {name: getattr(contract, name) for name in names},
        **fees,
        tiers=tiers,
        rates=[rate_initial(rate) for rate in rates_known(contract)],
        expected_version=contract.version,
    )


def _filled(formset: BaseFormSet[Any]) -> list[forms.Form]:
    """Return the rows that say something and are not to be taken away, in order."""
    return [
        form
        for form in formset.forms
        if not (form.empty_permitted and not form.has_changed())
        if not form.cleaned_data.get("DELETE")
    ]


def _named(form: forms.Form, names: Iterable[str]) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in names}


def _number(value: str | int) -> Decimal | int:
    return Decimal(value) if isinstance(value, str) else value


def _with_more_rows(data: QueryDict) -> QueryDict:
    """Return what was typed, with three more empty rates below."""
    more = data.copy()
    rows = data.get("rates-TOTAL_FORMS", "")
    more["rates-TOTAL_FORMS"] = str(min(MOST_RATES, int(rows if rows.isdecimal() else 0) + 3))
    return more
