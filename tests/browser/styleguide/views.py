"""Every component with believable contents, nothing from the database but the users."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import django_filters
from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from toolkit.access import require
from toolkit.charts import Series, bar_chart
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page
from toolkit.widgets import DateTimeInput

NOW = datetime(2026, 11, 24, 11, 42, tzinfo=UTC)


class SampleForm(forms.Form):
    name = forms.CharField(label="Legal name", help_text="As in the register of companies.")
    country = forms.ChoiceField(choices=[("ES", "Spain"), ("MX", "Mexico")])
    starts_at = forms.DateTimeField(widget=DateTimeInput())
    ports = forms.IntegerField(min_value=2)
    notes = forms.CharField(widget=forms.Textarea, required=False)
    recording = forms.BooleanField(required=False, label="Record the conference")
    access = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        choices=[("toll", "Toll"), ("toll_free", "Toll-free"), ("voip", "Internet")],
    )


class PersonFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="username", lookup_expr="icontains", label="Search")
    active = django_filters.BooleanFilter(field_name="is_active", label="Active")
    joined = django_filters.DateFromToRangeFilter(
        field_name="date_joined",
        label="Joined",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )
    kind = django_filters.ChoiceFilter(
        field_name="is_staff", label="Kind", choices=[("1", "Staff"), ("0", "Other")]
    )

    class Meta:
        model = get_user_model()
        fields: list[str] = []


COLUMNS = {"name": Column("username"), "seen": Column("last_login", nullable=True)}


@require()
def listing(request: HttpRequest) -> HttpResponse:
    people = PersonFilter(request.GET, queryset=get_user_model().objects.all())
    page = keyset_page(people.qs, request.GET, columns=COLUMNS, default="name", size=10)
    context = {
        "filter": people,
        "page": page,
        "tabs": [("", "All", 1204), ("draft", "Draft", 4), ("paid", "Paid", None)],
    }
    return render_page_or_fragment(
        request, "styleguide/list.html", "styleguide/_rows.html", context
    )


@require()
def styleguide(request: HttpRequest) -> HttpResponse:
    form = SampleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        messages.success(request, "Saved.")
    months = ["dic", "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov"]
    calls = [81_000, 76_000, 89_000, 94_000, 92_000, 100_000, 105_000, 97_000, 71_000, 112_000]
    context = {
        "form": form,
        "amount": Decimal("10190.14"),
        "now": NOW,
        "earlier": NOW - timedelta(minutes=2),
        "due": date(2026, 11, 27),
        "points": [3, 4, 4, 7, 8, 9],
        "chart": bar_chart(
            "Invoiced by month",
            months,
            [
                Series("Conferences", [*calls, 121_000, 128_000]),
                Series("Fees", [22_000 + 1_000 * n for n in range(12)]),
            ],
            unit="€",
        ),
    }
    return render(request, "styleguide/page.html", context)
