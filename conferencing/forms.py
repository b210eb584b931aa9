"""The booking form, and the short ones beside it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer
from toolkit.telephony import Access
from toolkit.widgets import MOMENT_FORMAT

from .models import Bridge, Reservation
from .selectors.booking import moments_of
from .services import wants_reason

FIRST, SECOND = "1", "2"


class AddressesField(forms.CharField):
    """E-mail addresses, one on a line or separated by commas."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 (Django's)
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 (Django's)
        """Split, drop blanks and repetitions, keep the order; name the first that is none."""
        parts = (value or "").replace(",", " ").replace(";", " ").split()
        for part in parts:
            try:
                validate_email(part)
            except ValidationError as error:
                message = _("%(text)s is no e-mail address.") % {"text": part}
                raise ValidationError(message) from error
        return list(dict.fromkeys(parts))


class LocalMomentInput(forms.DateTimeInput):
    """The browser's picker; the value is a time on somebody's clocks, not a moment yet."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:  # noqa: ANN401 (Django's)
        """Write what the browser expects, and give back unread what was typed."""
        if isinstance(value, dt.datetime):
            return value.strftime(MOMENT_FORMAT)
        return str(value) if value else None


class LocalMomentField(forms.Field):
    """Day and time without a zone: whose clocks are meant is known only with the customer."""

    widget = LocalMomentInput

    def to_python(self, value: Any) -> dt.datetime | None:  # noqa: ANN401 (Django's)
        """Read it, to the minute."""
        if not value:
            return None
        try:
            read = value if isinstance(value, dt.datetime) else parse_datetime(str(value))
        except ValueError:
            read = None
        if read is None or read.tzinfo is not None:
            raise ValidationError(_("Write day and time, such as 2026-11-24T10:30."))
        return read.replace(second=0, microsecond=0)


class ReservationForm(forms.Form):
    """A booking as people write it down: for whom, when on that customer's clocks, how large.

    The customer is looked up before the form is made (``selectors.customers_meant``): whose
    clocks count and what may stand in the billing reference depend on it. What the services
    refuse is shown by ``refuse``.
    """

    customer = forms.CharField(
        label=gettext_lazy("Customer"),
        help_text=gettext_lazy("Name or number."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    scheduled_start = LocalMomentField(label=gettext_lazy("Start"))
    which = forms.ChoiceField(
        label=gettext_lazy("This hour comes twice"),
        choices=[
            ("", gettext_lazy("Choose…")),
            (FIRST, gettext_lazy("The first time, before the clocks go back")),
            (SECOND, gettext_lazy("The second time, after the clocks went back")),
        ],
        required=False,
    )
    duration_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), initial=60, min_value=1, max_value=1440
    )
    reserved_ports = forms.IntegerField(label=gettext_lazy("Ports"), min_value=1, initial=10)
    access = forms.MultipleChoiceField(
        label=gettext_lazy("Access"),
        choices=Access.choices,
        initial=[Access.VOIP, Access.TOLL],
        widget=forms.CheckboxSelectMultiple,
    )
    operator_assisted = forms.BooleanField(
        label=gettext_lazy("Operator assistance"), required=False
    )
    recorded = forms.BooleanField(label=gettext_lazy("Recording"), required=False)
    billing_reference = forms.CharField(
        label=gettext_lazy("Billing reference"), max_length=60, required=False
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("The customer's")), *Customer.Language.choices],
        required=False,
    )
    bridge = forms.ModelChoiceField(
        label=gettext_lazy("Bridge"),
        queryset=Bridge.objects.filter(active=True).order_by("name"),
        to_field_name="slug",
        empty_label=gettext_lazy("Whichever has most room"),
        required=False,
    )
    invitees = AddressesField(
        label=gettext_lazy("Invitees"),
        help_text=gettext_lazy("E-mail addresses, one on a line."),
        required=False,
    )
    override_reason = forms.CharField(
        label=gettext_lazy("Why book all the same"), max_length=200, required=False
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        customer: Customer | None,
        found: list[Customer] | None = None,
        may_override: bool = False,
        reservation: Reservation | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.known_customer = customer
        self.found = found or []
        self.reservation = reservation
        super().__init__(data, initial=_initial(reservation) | (initial or {}))
        on_hold = customer is not None and wants_reason(customer)
        if not (on_hold and may_override) or reservation:
            del self.fields["override_reason"]
        if reservation:
            del self.fields["customer"]
            self.fields["bridge"].required = True
            self.fields["bridge"].queryset |= Bridge.objects.filter(pk=reservation.bridge_id)  # type: ignore[attr-defined]
            self.fields["language"].required = True
            self.fields["language"].choices = Customer.Language.choices  # type: ignore[attr-defined]
        self._fit_reference()
        self._offer_the_doubled_hour = bool(self["which"].value())

    @property
    def zone(self) -> str:
        """Whose clocks the start is read on: the customer's, else the house's."""
        return self.known_customer.timezone if self.known_customer else ""

    @property
    def comes_twice(self) -> bool:
        """Whether the hour that was written comes twice and has to be told apart."""
        return self._offer_the_doubled_hour

    def clean_customer(self) -> str:
        """Accept the one customer that is meant."""
        text = str(self.cleaned_data["customer"])
        if self.known_customer is None:
            several = _("Several customers are meant: choose one.")
            raise ValidationError(several if self.found else _("There is no such customer."))
        return text

    def clean(self) -> dict[str, Any]:
        """Turn the local start into a moment, if there is exactly one."""
        cleaned = super().clean() or self.cleaned_data
        local = cleaned.get("scheduled_start")
        if local is not None and self.known_customer is not None:
            cleaned["scheduled_start"] = self._moment(local, cleaned.get("which", ""))
        return cleaned

    def terms(self) -> dict[str, Any]:
        """Answer what the services take, without customer, version and override."""
        given = {name: self.cleaned_data.get(name) for name in _TERMS}
        given["billing_reference"] = given["billing_reference"] or ""
        given["language"] = given["language"] or None
        return given

    def refuse(self, field: str, message: str) -> None:
        """Show what a service refused beside its field, or above the form."""
        self.add_error(field if field in self.fields else None, message)

    def _moment(self, local: dt.datetime, which: str) -> dt.datetime | None:
        moments = moments_of(local, ZoneInfo(self.zone))
        if not moments:
            self.add_error(
                "scheduled_start",
                _("This time does not exist in %(zone)s: the clocks go forward over it.")
                % {"zone": self.zone},
            )
            return None
        if len(moments) == 1:
            return moments[0]
        self._offer_the_doubled_hour = True
        if which not in {FIRST, SECOND}:
            self.add_error(
                "which",
                _("The clocks go back in %(zone)s that night: say which of the two is meant.")
                % {"zone": self.zone},
            )
            return None
        return moments[0 if which == FIRST else 1]

    def _fit_reference(self) -> None:
        """Ask for the billing reference as the customer's policy wants it."""
        policies = Customer.ReferencePolicy
        customer = self.known_customer
        if customer is None:
            return
        field = self.fields["billing_reference"]
        if customer.reference_policy == policies.NONE:
            del self.fields["billing_reference"]
        elif customer.reference_policy == policies.REQUIRED:
            field.required = True
        elif customer.reference_policy == policies.LIST:
            choices = [("", _("Choose…")), *((one, one) for one in customer.references)]
            self.fields["billing_reference"] = forms.ChoiceField(
                label=field.label or "", choices=choices
            )


_TERMS = (
    "title",
    "scheduled_start",
    "duration_minutes",
    "reserved_ports",
    "access",
    "bridge",
    "operator_assisted",
    "recorded",
    "billing_reference",
    "language",
    "invitees",
)


def _initial(reservation: Reservation | None) -> dict[str, Any]:
    """Answer the form's values of a reservation, its start on the customer's clocks."""
    if reservation is None:
        return {}
    zone = ZoneInfo(reservation.customer.timezone)
    length = reservation.scheduled_end - reservation.scheduled_start
    start = reservation.scheduled_start.astimezone(zone)
    twice = start.replace(fold=0).utcoffset() != start.replace(fold=1).utcoffset()
    return {
        **{name: getattr(reservation, name) for name in _TERMS if hasattr(reservation, name)},
        "scheduled_start": start.replace(tzinfo=None),
        "which": (SECOND if start.fold else FIRST) if twice else "",
        "duration_minutes": int(length.total_seconds() // 60),
        "bridge": reservation.bridge.slug,
        "expected_version": reservation.version,
    }


class CancellationForm(forms.Form):
    """Why a reservation is cancelled."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Kept with the reservation."),
    )
