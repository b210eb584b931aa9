"""What events and jobs can be filtered by, on screens and in the API."""

import django_filters
from django.utils.translation import gettext_lazy as _

from .models import Event, Job


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
