"""Forms with which a printer is added and set."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mailing.models import Printer
from mailing.printers import media
from mailing.printers.base import Capabilities

_FINGERPRINT: Final = r"^[0-9a-f]{64}$"
_OWN_CHOICE: Final = _("Chosen by the printer")
SETTINGS: Final = ("name", "uri", "media", "tray", "duplex", "color", "active")
_FIELDS: Final = {"media": "paper"}  # a form's own ``media`` are its style sheets


class _AddressForm(forms.Form):
    """An address, and the certificate that a person trusts there.

    ``fingerprint`` is what the template offers to trust; only what was ticked counts.
    """

    name = forms.CharField(label=_("name"), max_length=80)
    uri = forms.CharField(
        label=_("address"),
        max_length=200,
        help_text=_("Host name or IP address of the printer, or all of it: ipp://host/ipp/print"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    certificate = forms.RegexField(regex=_FINGERPRINT, required=False, widget=forms.HiddenInput)
    trust = forms.BooleanField(required=False)
    fingerprint = ""

    def trusted(self) -> str:
        """Return the fingerprint that was ticked, empty when none was."""
        data = self.cleaned_data
        return str(data["certificate"]) if data["trust"] else ""

    def refuse(self, reason: str, fingerprint: str) -> None:
        """Say beside the address why it cannot be used, and offer to trust its certificate."""
        self.fingerprint = fingerprint
        self.add_error("uri", reason)

    def refuse_fields(self, error: ValidationError) -> None:
        """Say beside each field what the service found wrong with it."""
        for name, found in error.error_dict.items():
            field = _FIELDS.get(name, name)
            self.add_error(field if field in self.fields else None, found)


class NewPrinterForm(_AddressForm):
    """A printer by its address; everything else it tells itself."""


class PrinterForm(_AddressForm):
    """All that can be set; offered is what the printer says it has."""

    paper = forms.ChoiceField(label=_("paper"), required=False)
    tray = forms.ChoiceField(label=_("tray"), required=False)
    duplex = forms.BooleanField(label=_("on both sides"), required=False)
    color = forms.BooleanField(label=_("in colour"), required=False)
    active = forms.BooleanField(label=_("in use"), required=False)
    expected_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, printer: Printer) -> None:
        initial = {_FIELDS.get(name, name): getattr(printer, name) for name in SETTINGS}
        initial["expected_version"] = printer.version
        super().__init__(data, initial=initial)
        can = Capabilities.from_json(printer.capabilities)
        papers = dict.fromkeys((*can.media_ready, *can.media))
        self._offer("paper", {one: media.media_in_words(one) for one in papers}, printer.media)
        self._offer("tray", {one: media.tray_in_words(one) for one in can.trays}, printer.tray)
        for name, is_possible in {"duplex": can.can_duplex, "color": can.can_color}.items():
            if not is_possible and not getattr(printer, name):
                del self.fields[name]

    def changes(self) -> dict[str, Any]:
        """Return what ``change_printer`` takes."""
        fields = {name: _FIELDS.get(name, name) for name in SETTINGS}
        return {
            name: self.cleaned_data[field] for name, field in fields.items() if field in self.fields
        }

    def _offer(self, name: str, choices: dict[str, str], chosen: str) -> None:
        """Offer what the printer has, and what is set even if it has that no more."""
        if chosen:
            choices.setdefault(chosen, chosen)
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", _OWN_CHOICE), *choices.items()]
        if not choices:
            del self.fields[name]
