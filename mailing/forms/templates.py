"""The form of a template: two languages of one letter, and how it is laid out."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mailing.documents import DEFAULT_LAYOUT, LAYOUTS
from mailing.models import Template, TemplateVersion
from mailing.selectors.templates import LANGUAGES, TEXTS, WRITTEN
from mailing.services.templates import LONGEST_SUBJECT, Fault

_LABELS = {
    "subject": _("Subject"),
    "body": _("Text"),
    "enclosure": _("Page of attachments"),
}
_ROWS = {"body": 14, "enclosure": 6}


class TemplateForm(forms.Form):
    """A template as it is written; what the services refuse is shown at the text concerned.

    E-mails have neither layout nor letterhead nor a page of attachments.
    """

    name = forms.CharField(label=_("Name"), max_length=120)
    layout = forms.ChoiceField(label=_("Envelope"), widget=forms.RadioSelect, required=False)
    letterhead = forms.BooleanField(
        label=_("Print the letterhead"),
        required=False,
        help_text=_("Off leaves its place blank, for paper that has it printed."),
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["layout"].choices = [(code, each.name) for code, each in LAYOUTS.items()]  # type: ignore[attr-defined]
        self.fields.update({part: _field(part) for part in TEXTS})
        if not self.is_letter:
            gone = ("layout", "letterhead", *(f"enclosure_{language}" for language in LANGUAGES))
            for name in gone:
                del self.fields[name]

    @property
    def languages(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the languages with their fields, for the tabs."""
        return [
            (
                language,
                [
                    self[f"{part}_{language}"]
                    for part in WRITTEN
                    if f"{part}_{language}" in self.fields
                ],
            )
            for language in LANGUAGES
        ]

    def version_fields(self) -> dict[str, Any]:
        """Return what ``save_version`` and ``draft_version`` take."""
        data = self.cleaned_data
        return {
            "texts": {part: data.get(part, "") for part in TEXTS},
            "layout": data.get("layout") or DEFAULT_LAYOUT,
            "letterhead": bool(data.get("letterhead")),
        }

    @property
    def is_letter(self) -> bool:
        """Tell whether it is a letter, on paper."""
        return self.kind == Template.Kind.LETTER

    def refuse_name(self, error: ValidationError) -> None:
        """Show what is wrong with the name."""
        self.add_error("name", error.messages)

    def refuse(self, faults: Iterable[Fault]) -> None:
        """Show each fault at its text."""
        for fault in faults:
            self.add_error(fault.part if fault.part in self.fields else None, fault.message)


def initial_of(version: TemplateVersion) -> dict[str, Any]:
    """Return a version as the starting values of its form."""
    return {
        "name": version.template.name,
        "expected_version": version.template.version,
        "layout": version.layout or DEFAULT_LAYOUT,
        "letterhead": version.letterhead,
        **{part: getattr(version, part) for part in TEXTS},
    }


class PictureForm(forms.Form):
    """A picture to be kept; what it may be is the service's to say."""

    picture = forms.FileField(label=_("Picture"), help_text=_("PNG or JPEG, at most 2 MB."))


def _field(part: str) -> forms.CharField:
    what, _underscore, language = part.partition("_")
    if what == "subject":
        return forms.CharField(
            label=_LABELS[what],
            max_length=LONGEST_SUBJECT,
            required=False,
            widget=forms.TextInput(attrs={"data-line": "", "lang": language}),
        )
    attrs = {"rows": _ROWS[what], "data-editor": what, "lang": language, "spellcheck": "true"}
    return forms.CharField(
        label=_LABELS[what], required=False, strip=False, widget=forms.Textarea(attrs=attrs)
    )
