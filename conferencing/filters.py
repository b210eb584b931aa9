"""The filters of reservations and conferences, for the screens and the API."""

import django_filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from .models import Bridge, Conference, Reservation
from .selectors import search_conferences, search_reservations


def bridges_in_use() -> list[tuple[str, str]]:
    """Return the bridges by name."""
    return list(Bridge.objects.order_by("name").values_list("slug", "name"))


class ReservationFilter(django_filters.FilterSet):
    """Find reservations by words (accents ignored), day, customer, bridge, status.

    Days are local to the current time zone.
    """

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    search = django_filters.CharFilter(method="filter_words", label=_("Search"))
    day = django_filters.DateFromToRangeFilter(field_name="scheduled_start", label=_("Day"))
    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer"))
    bridge = django_filters.ChoiceFilter(
        field_name="bridge__slug", choices=bridges_in_use, label=_("Bridge")
    )
    status = django_filters.ChoiceFilter(
        choices=Reservation.Status.choices, label=_("Status"), widget=HiddenInput
    )

    class Meta:
        model = Reservation
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Reservation], _name: str, value: str
    ) -> QuerySet[Reservation]:
        """Every word must occur in number, title or customer."""
        return search_reservations(queryset, value)


class ConferenceFilter(django_filters.FilterSet):
    """Find conferences by words (accents ignored), day, customer, bridge, state.

    Days are local to the current time zone.
    """

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    search = django_filters.CharFilter(method="filter_words", label=_("Search"))
    day = django_filters.DateFromToRangeFilter(field_name="scheduled_start", label=_("Day"))
    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer"))
    bridge = django_filters.ChoiceFilter(
        field_name="bridge__slug", choices=bridges_in_use, label=_("Bridge")
    )
    reservation = django_filters.CharFilter(
        field_name="reservation__number", label=_("Reservation")
    )
    without_customer = django_filters.BooleanFilter(
        field_name="customer", lookup_expr="isnull", label=_("Without customer")
    )
    state = django_filters.ChoiceFilter(
        choices=Conference.State.choices, label=_("State"), widget=HiddenInput
    )

    class Meta:
        model = Conference
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Conference], _name: str, value: str
    ) -> QuerySet[Conference]:
        """Every word must occur in title, reservation, customer or room."""
        return search_conferences(queryset, value)
