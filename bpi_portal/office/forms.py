"""Forms of the settings."""

import datetime as dt
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import BillingSettings
from billing.selectors.electronic import rules_can_be_checked
from customers.models import Issuer
from mailing.models import MailingSettings
from sales.models import Contract
from toolkit.countries import country_choices

WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
LOGO_BYTES = 512 * 1024
ECB_BYTES = 8 * 1024 * 1024
LOGO_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


def timezone_choices() -> list[tuple[str, str]]:
    """Return all time zones; the names are the same in every language."""
    return [(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


class IssuerForm(forms.ModelForm[Issuer]):
    """Our company as documents show it."""

    country = forms.ChoiceField(label=_("country"), choices=country_choices)
    timezone = forms.ChoiceField(label=_("time zone"), choices=timezone_choices)
    peak_weekdays = forms.TypedMultipleChoiceField(
        label=_("peak days"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Offered to new contracts."),
    )
    logo_file = forms.ImageField(
        label=_("logo"), required=False, help_text=_("PNG or JPEG, at most 512 kB.")
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Issuer
        fields = [
            "legal_name",
            "trade_name",
            "tax_id",
            "registry",
            "line1",
            "line2",
            "postcode",
            "city",
            "region",
            "country",
            "email",
            "phone",
            "website",
            "bank_name",
            "iban",
            "bic",
            "currency",
            "timezone",
            "default_payment_days",
            "peak_weekdays",
            "peak_from",
            "peak_to",
            "terms_es",
            "terms_en",
        ]

    def clean_logo_file(self) -> object:
        """Take a small PNG or JPEG only: WeasyPrint and browsers both show those."""
        upload = self.cleaned_data.get("logo_file")
        if not upload:
            return None
        if upload.size > LOGO_BYTES:
            raise forms.ValidationError(_("The logo is larger than 512 kB."))
        if upload.image.format not in LOGO_TYPES:
            raise forms.ValidationError(_("The logo must be a PNG or a JPEG."))
        return upload

    def changes(self) -> dict[str, object]:
        """Return what ``save_issuer`` takes."""
        data = {name: self.cleaned_data[name] for name in self.Meta.fields}
        if upload := self.cleaned_data.get("logo_file"):
            upload.seek(0)
            data |= {"logo": upload.read(), "logo_type": LOGO_TYPES[upload.image.format]}
        return data


class VatRateForm(forms.Form):
    """A new VAT rate from a day on."""

    category = forms.ChoiceField(label=_("category"), choices=Contract.VatCategory.choices)
    percent = forms.DecimalField(
        label=_("percent"), min_value=0, max_value=100, max_digits=6, decimal_places=3
    )
    valid_from = forms.DateField(
        label=_("valid from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason_es = forms.CharField(
        label=_("reason on the invoice (Spanish)"), required=False, max_length=200
    )
    reason_en = forms.CharField(
        label=_("reason on the invoice (English)"), required=False, max_length=200
    )


class ExchangeRateForm(forms.Form):
    """A rate by hand."""

    currency = forms.RegexField(label=_("currency"), regex=r"^[A-Z]{3}$", max_length=3)
    day = forms.DateField(
        label=_("day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    rate = forms.DecimalField(
        label=_("units per euro"), min_value=0, max_digits=18, decimal_places=6
    )


class EcbFileForm(forms.Form):
    """A file of rates as the European Central Bank offers it."""

    file = forms.FileField(
        label=_("file"),
        help_text=_("eurofxref.csv or eurofxref-hist.csv, out of its ZIP file."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    since = forms.DateField(
        label=_("rates since"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_file(self) -> bytes:
        """Read the file, which has some megabytes at most."""
        file = self.cleaned_data["file"]
        if file.size > ECB_BYTES:
            raise forms.ValidationError(_("The file is too large."), code="too_large")
        return bytes(file.read())


class SeriesForm(forms.Form):
    """The prefix of a year's invoices."""

    kind = forms.ChoiceField(
        label=pgettext_lazy("of document", "kind"),
        choices=[("invoice", _("Invoice")), ("credit_note", _("Credit note"))],
    )
    year = forms.IntegerField(label=_("year"), min_value=2000, max_value=2999)
    prefix = forms.RegexField(  # type: ignore[assignment]  # a field, not the form's own prefix
        label=_("prefix"),
        regex=r"^[A-Z0-9]{1,10}$",
        max_length=10,
        error_messages={"invalid": _("Capital letters and digits only.")},
    )


class BillingSettingsForm(forms.ModelForm[BillingSettings]):
    """How drafts are reviewed and checked, and how invoices are sent."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = BillingSettings
        fields = ["change_percent", "check_rules", "sending", "link_days"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not rules_can_be_checked():
            del self.fields["check_rules"]


class MailingSettingsForm(forms.ModelForm[MailingSettings]):
    """Who approves mailings, and with what postage is estimated."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = MailingSettings
        fields = ["second_person", "sheet_grams", "envelope_grams"]


class HolidaysForm(forms.Form):
    """The calendar, one day a line: readable, and quick to paste."""

    holidays = forms.CharField(
        label=_("holidays"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("One a line: 2026-12-25 Christmas Day"),
    )

    def clean_holidays(self) -> list[tuple[dt.date, str]]:
        """Read the lines; every wrong one is named by its number."""
        days: dict[dt.date, str] = {}
        errors: list[forms.ValidationError] = []
        for place, line in enumerate(self.cleaned_data["holidays"].splitlines(), start=1):
            if not line.strip():
                continue
            written, _blank, name = line.strip().partition(" ")
            try:
                days[dt.date.fromisoformat(written)] = name.strip()[:100] or written
            except ValueError:
                errors.append(
                    forms.ValidationError(
                        _("Line %(place)s: write the day as 2026-12-25."), params={"place": place}
                    )
                )
        if errors:
            raise forms.ValidationError(errors)
        return sorted(days.items())
