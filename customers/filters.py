"""One filter of customers for the screen, the API, the export and a mailing's audience."""

import django_filters
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from toolkit.countries import country_name

from .models import Customer
from .selectors import search_customers


def countries_in_use() -> list[tuple[str, str]]:
    """Return the countries that customers have, by name in the active language."""
    codes = Customer.objects.order_by("country").values_list("country", flat=True).distinct()
    return sorted(((code, country_name(code)) for code in codes), key=lambda pair: pair[1])


def managers_in_use() -> QuerySet[User]:
    """Return the users who look after a customer."""
    managers = Customer.objects.exclude(account_manager=None).values("account_manager")
    return User.objects.filter(pk__in=managers).order_by("last_name", "username")


class CustomerFilter(django_filters.FilterSet):
    """Find customers by words (accents ignored) and by what is known of them."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    search = django_filters.CharFilter(method="filter_words", label=_("Search"))
    status = django_filters.ChoiceFilter(choices=Customer.Status.choices, label=_("Status"))
    country = django_filters.ChoiceFilter(choices=countries_in_use, label=_("Country"))
    language = django_filters.ChoiceFilter(choices=Customer.Language.choices, label=_("Language"))
    account_manager = django_filters.ModelChoiceFilter(
        queryset=lambda _request: managers_in_use(), label=_("Account manager")
    )
    tag = django_filters.CharFilter(method="filter_tag", label=_("Tag"))
    tax_id = django_filters.CharFilter(method="filter_tax_id", label=_("Tax id"))

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Customer], _name: str, value: str
    ) -> QuerySet[Customer]:
        """Every word must occur in names, number or tax id."""
        return search_customers(queryset, value)

    def filter_tag(
        self, queryset: QuerySet[Customer], _name: str, value: str
    ) -> QuerySet[Customer]:
        """The customer has the tag, written exactly so."""
        return queryset.filter(tags__contains=[value])

    def filter_tax_id(
        self, queryset: QuerySet[Customer], _name: str, value: str
    ) -> QuerySet[Customer]:
        """Spaces and small letters do not matter."""
        return queryset.filter(tax_id="".join(value.upper().split()))
