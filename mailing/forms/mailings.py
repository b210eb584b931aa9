"""The steps of a mailing as forms: who, what, when. What the services refuse is shown in place."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.filters import CustomerFilter
from customers.models import Customer, CustomerList, SavedView
from customers.selectors import lists_visible_to, parameters_of, read_customer_numbers, views_for
from mailing.models import Mailing, Printer, Template, TemplateVersion
from mailing.selectors.audience import Reader
from mailing.selectors.templates import newest_versions
from toolkit.widgets import DateInput, TimeInput

CUSTOMERS = "customers"  # the key of the customers' list among saved views
LARGEST_FILE = 2_000_000  # bytes
FILTER_FIELDS = ("q", "status", "country", "language", "account_manager", "tag")


class StepForm(forms.ModelForm[Mailing]):
    """One step; ``refuse`` puts what a service says to its field, else above the form."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def refuse(self, error: ValidationError) -> None:
        """Show what was refused, each message at its field where the form has it."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, found in error.error_dict.items():
            self.add_error(name if name in self.fields else None, found)

    def fields_to_save(self) -> dict[str, Any]:
        """Return the fields as ``create_mailing`` and ``change_mailing`` take them."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class AudienceForm(StepForm):
    """Whom: by a filter, a saved view, a list, or by numbers typed or read from a file."""

    way = forms.ChoiceField(
        label=gettext_lazy("Choose the customers"),
        choices=[
            ("filter", gettext_lazy("By what is known of them")),
            ("view", gettext_lazy("By a saved view")),
            ("list", gettext_lazy("From a saved list")),
            ("numbers", gettext_lazy("By their numbers")),
        ],
        widget=forms.RadioSelect,
        initial="filter",
    )
    view: "forms.ModelChoiceField[SavedView]" = forms.ModelChoiceField(
        None, label=gettext_lazy("Saved view"), required=False
    )
    saved_list: "forms.ModelChoiceField[CustomerList]" = forms.ModelChoiceField(
        None, label=gettext_lazy("Saved list"), required=False
    )
    numbers = forms.CharField(
        label=gettext_lazy("Customers' numbers"),
        help_text=gettext_lazy("One on a line, or separated by commas."),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file with customers' numbers"),
        help_text=gettext_lazy("The column “number” or “cliente”, else the first one."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        required=False,
    )

    class Meta:
        model = Mailing
        fields = (
            "name",
            "output",
            "address_kind",
            "contact_role",
            "one_per_address",
            "incomplete_too",
        )

    def __init__(self, *args: Any, user: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["output"] = self.instance.output or Mailing.Output.LETTERS
        self.fields["view"].queryset = views_for(user, CUSTOMERS)  # type: ignore[attr-defined]
        self.fields["saved_list"].queryset = lists_visible_to(user)  # type: ignore[attr-defined]
        known = CustomerFilter(queryset=Customer.objects.none()).form
        for name in FILTER_FIELDS:
            field = known.fields[name]
            field.required = False
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = _("any")
            elif isinstance(field, forms.ChoiceField):
                field.widget.choices = [
                    ("", _("any")),
                    *list(field.widget.choices)[1:],
                ]
            self.fields[f"filter_{name}"] = field
        self.initial.update(self._of_audience(self.instance.audience or {}))

    @staticmethod
    def filter_names() -> tuple[str, ...]:
        """Return the parameters of the customers' filter that are offered."""
        return FILTER_FIELDS

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        """Return the fields of the customers' filter."""
        return [self[f"filter_{name}"] for name in FILTER_FIELDS]

    def clean(self) -> dict[str, Any]:
        """Make the audience of the way that was chosen."""
        cleaned = super().clean() or self.cleaned_data
        read = {
            "filter": self._by_filter,
            "view": self._by_view,
            "list": self._by_list,
            "numbers": self._by_numbers,
        }.get(cleaned.get("way", ""))
        if read and not self.errors:
            cleaned["audience"] = read(cleaned)
        return cleaned

    def fields_to_save(self) -> dict[str, Any]:
        """Add the audience."""
        return super().fields_to_save() | {"audience": self.cleaned_data["audience"]}

    def refuse(self, error: ValidationError) -> None:
        """Show what is wrong with the audience at the way that was chosen."""
        if hasattr(error, "error_dict") and "audience" in error.error_dict:
            error.error_dict["way"] = error.error_dict.pop("audience")
        super().refuse(error)

    def _of_audience(self, audience: dict[str, Any]) -> dict[str, Any]:
        match audience:
            case {"filter": dict(parameters)}:
                shown = {f"filter_{name}": value for name, value in parameters.items()}
                return {"way": "filter", **shown}
            case {"list": pk}:
                return {"way": "list", "saved_list": pk}
            case {"numbers": numbers}:
                return {"way": "numbers", "numbers": "\n".join(numbers)}
        return {}

    def _by_filter(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        given = {name: cleaned.get(f"filter_{name}") for name in FILTER_FIELDS}
        return {
            "filter": {
                name: str(getattr(value, "pk", value)) for name, value in given.items() if value
            }
        }

    def _by_view(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        if not cleaned.get("view"):
            self.add_error("view", ValidationError(_("Choose a view."), code="required"))
            return {}
        return {"filter": parameters_of(cleaned["view"])}

    def _by_list(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        chosen: CustomerList | None = cleaned.get("saved_list")
        if chosen is None:
            self.add_error("saved_list", ValidationError(_("Choose a list."), code="required"))
            return {}
        return {"list": chosen.pk}

    def _by_numbers(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        upload, typed = cleaned.get("file"), cleaned.get("numbers", "")
        if upload and upload.size > LARGEST_FILE:
            self.add_error("file", ValidationError(_("The file is larger than 2 MB."), "too_large"))
            return {}
        text = _text_of(upload.read()) if upload else "\n".join(typed.replace(",", "\n").split())
        read = read_customer_numbers(text)
        field = "file" if upload else "numbers"
        if not read.numbers and not read.bad:
            message = ValidationError(_("Give the numbers of the customers."), code="required")
            self.add_error(field, message)
        for bad in read.bad[:10]:
            said = _("Row %(row)s, “%(text)s”: %(why)s") % vars_of(bad)
            self.add_error(field, ValidationError(said, code="unknown"))
        return {"numbers": read.numbers}


class TextsForm(StepForm):
    """What: the letter and the e-mail that announces it, each in its newest version."""

    class Meta:
        model = Mailing
        fields = ("letter", "notice", "notice_business_days", "notice_without_letter")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_email = self.instance.output == Mailing.Output.NOTHING
        kind = Template.Kind.EMAIL if only_email else Template.Kind.NOTICE
        self._offer("notice", kind)
        if only_email:
            for name in ("letter", "notice_business_days", "notice_without_letter"):
                del self.fields[name]
            self.fields["notice"].label = _("E-mail")
            self.fields["notice"].required = True
        elif self.instance.output == Mailing.Output.LETTERS:
            self._offer("letter", Template.Kind.LETTER)
            self.fields["letter"].required = True
        else:
            del self.fields["letter"]

    def fields_to_save(self) -> dict[str, Any]:
        """Leave out what this kind of mailing does not have."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "expected_version"}

    def _offer(self, name: str, kind: Template.Kind) -> None:
        chosen = getattr(self.instance, f"{name}_id")
        offered = newest_versions(kind)
        field = VersionField(
            offered | TemplateVersion.objects.filter(pk=chosen),
            label=self.fields[name].label,
            required=False,
            empty_label=_("None: no e-mail announces it") if name == "notice" else _("Choose…"),
        )
        self.fields[name] = field


class VersionField(forms.ModelChoiceField[TemplateVersion]):
    """Offer versions of templates under the template's name."""

    def label_from_instance(self, obj: TemplateVersion) -> str:
        """Name template and version."""
        return _("%(name)s · version %(number)s") % {
            "name": obj.template.name,
            "number": obj.number,
        }


class ScheduleForm(StepForm):
    """When, and on which printer."""

    class Meta:
        model = Mailing
        fields = ("mail_on", "notice_time", "printer", "duplex", "separators", "chunk_size")
        widgets = {"mail_on": DateInput, "notice_time": TimeInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mail_on"].required = True
        if self.instance.output == Mailing.Output.NOTHING:
            for name in ("printer", "duplex", "separators", "chunk_size"):
                del self.fields[name]
            self.fields["mail_on"].label = _("day of sending")
        else:
            active = Printer.objects.filter(active=True)
            printer = self.fields["printer"]
            printer.queryset = active  # type: ignore[attr-defined]
            printer.empty_label = _("None: only as files")  # type: ignore[attr-defined]
        if self.instance.notice_id is None:
            del self.fields["notice_time"]

    def fields_to_save(self) -> dict[str, Any]:
        """Leave out what this kind of mailing does not have."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "expected_version"}


def vars_of(bad: Any) -> dict[str, Any]:  # noqa: ANN401 (a row with slots)
    """Return what is said of a bad row."""
    return {"row": bad.row, "text": bad.text, "why": bad.why}


def _text_of(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


class ReprintForm(forms.Form):
    """Which letters to print again, by their numbers in the order of the mailing."""

    first = forms.IntegerField(label=gettext_lazy("From letter number"), min_value=1)
    last = forms.IntegerField(label=gettext_lazy("to"), min_value=1, required=False)

    def errors_in_words(self) -> list[str]:
        """Return each error with the name of its field."""
        return [
            f"{self.fields[name].label}: {' '.join(map(str, found))}"
            for name, found in self.errors.items()
        ]
