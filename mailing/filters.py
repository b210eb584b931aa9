"""The filters of mailings and of their recipients, for the screens and the API."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from integration.models import OutgoingMessage

from .models import Mailing, Recipient
from .selectors import LISTS

BOUNCED = "bounced"


class MailingFilter(django_filters.FilterSet):
    """Find mailings by words, state, and the day of posting."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    search = django_filters.CharFilter(method="filter_words", label=_("Search"))
    state = django_filters.ChoiceFilter(choices=Mailing.State.choices, label=_("State"))
    output = django_filters.ChoiceFilter(choices=Mailing.Output.choices, label=_("Printed as"))
    mail_on = django_filters.DateFromToRangeFilter(label=_("Day of posting"))

    class Meta:
        model = Mailing
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Mailing], _name: str, value: str
    ) -> QuerySet[Mailing]:
        """Every word must occur in number or name."""
        for word in value.split():
            found = Q(number__icontains=word) | Q(name__unaccent__icontains=word)
            queryset = queryset.filter(found)
        return queryset


class RecipientFilter(django_filters.FilterSet):
    """Find recipients by words and by the list they are on."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    search = django_filters.CharFilter(method="filter_words", label=_("Search"))
    list = django_filters.ChoiceFilter(
        method="filter_list", choices=[(name, name) for name in LISTS], label=_("List")
    )
    notice = django_filters.ChoiceFilter(
        method="filter_notice",
        choices=[*OutgoingMessage.State.choices, (BOUNCED, _("Came back"))],
        label=_("E-mail"),
    )

    class Meta:
        model = Recipient
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Recipient], _name: str, value: str
    ) -> QuerySet[Recipient]:
        """Every word must occur in number, name, city or e-mail address."""
        for word in value.split():
            queryset = queryset.filter(
                Q(customer_number__icontains=word)
                | Q(customer_name__unaccent__icontains=word)
                | Q(city__unaccent__icontains=word)
                | Q(email__icontains=word)
            )
        return queryset

    def filter_list(
        self, queryset: QuerySet[Recipient], _name: str, value: str
    ) -> QuerySet[Recipient]:
        """Those who get both, a letter only, an e-mail only, or nothing."""
        return queryset.filter(LISTS[value])

    def filter_notice(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Those whose e-mail is in this state, or came back (rows of ``report_rows``)."""
        if value == BOUNCED:
            return queryset.exclude(bounced_at=None)
        return queryset.filter(notice_state=value)
