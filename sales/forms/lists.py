"""Forms with which customers are frozen into a list, and filters kept under a name."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_LARGEST_FILE = 2_000_000


class ListForm(forms.Form):
    """The name of a list."""

    name = forms.CharField(label=_("Name"), max_length=120)


class ImportForm(ListForm):
    """A name, and the numbers: as a file, or written."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("CSV with the customer numbers in a column called “number”, or in the first."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label=_("or the numbers, one on a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean_file(self) -> str:
        """Return the text of the file; a spreadsheet's own character set is taken as well."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if (file.size or 0) > _LARGEST_FILE:
            raise ValidationError(_("The file is too large."), code="too_large")
        content: bytes = file.read()
        if b"\0" in content:
            raise ValidationError(_("This is no text file: save it as CSV."), code="no_text")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252", errors="replace")

    def clean(self) -> dict[str, Any]:
        """Demand one of both."""
        data = super().clean() or self.cleaned_data
        if not self.errors and not (data.get("file") or data["text"]):
            raise ValidationError(_("Choose a file, or write the numbers."), code="required")
        return data


class ViewForm(forms.Form):
    """The name of a filter, and whether others see it."""

    name = forms.CharField(label=_("Name"), max_length=60)
    shared = forms.BooleanField(label=_("Show it to everybody"), required=False)
