"""One filter of contracts for the screen and the API."""

import datetime as dt

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.selectors import search_customers
from toolkit.widgets import DateInput

from .models import Contract


class ContractFilter(django_filters.FilterSet):
    """Find contracts by number, by customer (accents ignored), by state and day."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    search = django_filters.CharFilter(
        method="filter_words", label=_("Search"), widget=forms.HiddenInput
    )
    status = django_filters.ChoiceFilter(
        choices=Contract.Status.choices, label=_("Status"), widget=forms.HiddenInput
    )
    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer number"))
    billing = django_filters.ChoiceFilter(choices=Contract.Billing.choices, label=_("Billing"))
    currency = django_filters.CharFilter(field_name="currency", label=_("Currency"))
    on = django_filters.DateFilter(method="filter_day", label=_("In force on"), widget=DateInput)
    ends_before = django_filters.DateFilter(
        field_name="end", lookup_expr="lt", label=_("Ends before"), widget=DateInput
    )

    class Meta:
        model = Contract
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Contract], _name: str, value: str
    ) -> QuerySet[Contract]:
        """The number contains the text, or the customer has every word of it."""
        customers = search_customers(Customer.objects.all(), value)
        return queryset.filter(Q(number__icontains=value.strip()) | Q(customer__in=customers))

    def filter_day(
        self, queryset: QuerySet[Contract], _name: str, value: dt.date
    ) -> QuerySet[Contract]:
        """The contract binds on that local day; drafts never do."""
        return queryset.exclude(status=Contract.Status.DRAFT).filter(
            Q(end=None) | Q(end__gt=value), start__lte=value
        )
