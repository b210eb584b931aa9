"""What events, jobs and outgoing e-mail can be filtered by, on screens and in the API."""

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from toolkit.widgets import DateInput

from .models import Event, Job, OutgoingMessage, Suppression
from .selectors import purpose_choices


class EventFilter(django_filters.FilterSet):
    """Events by customer, type, object and time."""

    customer = django_filters.CharFilter("customer_number", label=_("Customer"))
    type = django_filters.CharFilter("type", label=_("Type"))
    subject_type = django_filters.CharFilter("subject_type", label=_("Kind of object"))
    subject_id = django_filters.CharFilter("subject_id", label=_("Object"))
    occurred_from = django_filters.IsoDateTimeFilter(
        "occurred_at", lookup_expr="gte", label=_("From")
    )
    occurred_before = django_filters.IsoDateTimeFilter(
        "occurred_at", lookup_expr="lt", label=_("Before")
    )

    class Meta:
        model = Event
        fields: list[str] = []


class JobFilter(django_filters.FilterSet):
    """Jobs by state."""

    state = django_filters.MultipleChoiceFilter(choices=Job.State.choices, label=_("State"))

    class Meta:
        model = Job
        fields: list[str] = []


class MessageFilter(django_filters.FilterSet):
    """Outgoing e-mail by recipient or subject, state, purpose, batch, customer, domain and day."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    state = django_filters.ChoiceFilter(
        method="filter_state",
        choices=[*OutgoingMessage.State.choices, ("bounced", _("Came back"))],
        label=_("State"),
        widget=forms.HiddenInput,
    )
    purpose = django_filters.ChoiceFilter(choices=purpose_choices, label=_("Purpose"))
    batch = django_filters.CharFilter("batch", label=_("Batch"))
    customer = django_filters.CharFilter("customer_number", label=_("Customer number"))
    domain = django_filters.CharFilter(method="filter_domain", label=_("Domain"))
    created_from = django_filters.DateFilter(
        "created_at", lookup_expr="date__gte", label=_("From"), widget=DateInput
    )
    created_until = django_filters.DateFilter(
        "created_at", lookup_expr="date__lte", label=_("Until"), widget=DateInput
    )

    class Meta:
        model = OutgoingMessage
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[OutgoingMessage], _name: str, value: str
    ) -> QuerySet[OutgoingMessage]:
        """The text occurs in address, name or subject of the message, or is its key."""
        text = value.strip()
        return queryset.filter(
            Q(recipient__icontains=text)
            | Q(recipient_name__icontains=text)
            | Q(subject__icontains=text)
            | Q(key=text)
        )

    def filter_state(
        self, queryset: QuerySet[OutgoingMessage], _name: str, value: str
    ) -> QuerySet[OutgoingMessage]:
        """``bounced`` is what was sent and came back."""
        if value == "bounced":
            return queryset.filter(bounced_at__isnull=False)
        return queryset.filter(state=value)

    def filter_domain(
        self, queryset: QuerySet[OutgoingMessage], _name: str, value: str
    ) -> QuerySet[OutgoingMessage]:
        """Small letters do not matter."""
        return queryset.filter(domain=value.strip().lower())


class SuppressionFilter(django_filters.FilterSet):
    """Whom nothing is sent to: by address, reason, customer, and whether it was lifted."""

    q = django_filters.CharFilter("email", lookup_expr="icontains", label=_("Search"))
    standing = django_filters.ChoiceFilter(
        method="filter_standing",
        choices=[("yes", _("In force")), ("no", _("Lifted"))],
        label=_("State"),
        widget=forms.HiddenInput,
    )
    reason = django_filters.ChoiceFilter(choices=Suppression.Reason.choices, label=_("Reason"))
    customer = django_filters.CharFilter("customer_number", label=_("Customer number"))

    class Meta:
        model = Suppression
        fields: list[str] = []

    def filter_standing(
        self, queryset: QuerySet[Suppression], _name: str, value: str
    ) -> QuerySet[Suppression]:
        """In force, or lifted."""
        return queryset.filter(lifted_at__isnull=value == "yes")
