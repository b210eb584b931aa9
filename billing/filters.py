"""One filter of invoices for the screen, the API and the export; one of problems."""

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.filters import CustomerFilter
from customers.models import Customer, CustomerList
from customers.selectors import search_customers
from toolkit.widgets import DateInput

from .models import (
    BankTransaction,
    BillingRun,
    Charge,
    Flag,
    Invoice,
    Payment,
    PaymentMethod,
    RunItem,
)
from .selectors import STATUSES
from .selectors.receivables import BUCKETS, Ageing
from .selectors.review import clean_ones, flagged_ones

CLEAN = "none"
_MONTH = RegexValidator(r"^\d{4}-(0[1-9]|1[0-2])\Z", _("Write a month as 2026-11."))


class InvoiceFilter(django_filters.FilterSet):
    """Find invoices by number or customer (accents ignored), by state, month, days and amount.

    The queryset must come from ``with_balances``: ``status`` is no column. The bounds of days are
    both included.
    """

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    search = django_filters.CharFilter(
        method="filter_words", label=_("Search"), widget=forms.HiddenInput
    )
    status = django_filters.ChoiceFilter(
        choices=list(STATUSES.items()), label=_("Status"), widget=forms.HiddenInput
    )
    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer number"))
    contract = django_filters.CharFilter(field_name="contract__number", label=_("Contract"))
    period = django_filters.CharFilter(
        label=_("Period"),
        validators=[_MONTH],
        widget=forms.TextInput(attrs={"type": "month"}),
    )
    issued = django_filters.DateFromToRangeFilter(field_name="issued_on", label=_("Issued"))
    due = django_filters.DateFromToRangeFilter(field_name="due_on", label=_("Due"))
    currency = django_filters.CharFilter(method="filter_currency", label=_("Currency"))
    total_min = django_filters.NumberFilter(
        field_name="total", lookup_expr="gte", label=_("Total from")
    )
    kind = django_filters.ChoiceFilter(choices=Invoice.Kind.choices, label=_("Kind"))

    class Meta:
        model = Invoice
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request and not self.request.user.has_perm("billing.view_amounts"):
            del self.filters["total_min"]  # it would tell what may not be seen

    def filter_words(
        self, queryset: QuerySet[Invoice], _name: str, value: str
    ) -> QuerySet[Invoice]:
        """The number contains the text, or the customer has every word of it."""
        customers = search_customers(Customer.objects.all(), value)
        return queryset.filter(Q(number__icontains=value.strip()) | Q(customer__in=customers))

    def filter_currency(
        self, queryset: QuerySet[Invoice], _name: str, value: str
    ) -> QuerySet[Invoice]:
        """Small letters do not matter."""
        return queryset.filter(currency=value.strip().upper())


class ProblemFilter(django_filters.FilterSet):
    """Find what could not be charged by its reason, its customer and the day it was held."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    problem = django_filters.ChoiceFilter(
        choices=[choice for choice in Charge.Problem.choices if choice[0]],
        label=_("Reason"),
        widget=forms.HiddenInput,
    )
    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer number"))
    before = django_filters.DateFilter(
        method="filter_before", label=_("Held until"), widget=DateInput
    )

    class Meta:
        model = Charge
        fields: list[str] = []

    def filter_words(self, queryset: QuerySet[Charge], _name: str, value: str) -> QuerySet[Charge]:
        """The conference's title contains the text, or the customer has every word of it."""
        customers = search_customers(Customer.objects.all(), value)
        return queryset.filter(
            Q(conference__title__icontains=value.strip()) | Q(customer__in=customers)
        )

    def filter_before(
        self, queryset: QuerySet[Charge], _name: str, value: dt.date
    ) -> QuerySet[Charge]:
        """The conference was held on that day at the latest, on the reader's clocks."""
        return queryset.filter(sort_at__date__lte=value)


class BillingRunFilter(django_filters.FilterSet):
    """Find billing runs by month, state, kind and job."""

    period = django_filters.CharFilter(
        label=_("Period"),
        validators=[_MONTH],
        widget=forms.TextInput(attrs={"type": "month"}),
    )
    state = django_filters.ChoiceFilter(
        choices=BillingRun.State.choices, label=_("State"), widget=forms.HiddenInput
    )
    dry_run = django_filters.BooleanFilter(label=_("Dry run"))
    job = django_filters.UUIDFilter(label=_("Job"), widget=forms.HiddenInput)

    class Meta:
        model = BillingRun
        fields: list[str] = []


class RunItemFilter(django_filters.FilterSet):
    """Find the customers of a run by name or number, and by what came of them."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    state = django_filters.ChoiceFilter(
        choices=RunItem.State.choices, label=_("Outcome"), widget=forms.HiddenInput
    )
    flag = django_filters.ChoiceFilter(method="filter_flag", choices=Flag.choices, label=_("Flag"))

    class Meta:
        model = RunItem
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[RunItem], _name: str, value: str
    ) -> QuerySet[RunItem]:
        """The customer has every word."""
        return queryset.filter(customer__in=search_customers(Customer.objects.all(), value))

    def filter_flag(self, queryset: QuerySet[RunItem], _name: str, value: str) -> QuerySet[RunItem]:
        """The flag was found on a draft of the customer."""
        return queryset.filter(flags__contains=[value])


class RunCustomerFilter(CustomerFilter):
    """Choose the customers of a billing run: as their list does, or by numbers, or a saved list."""

    number = django_filters.CharFilter(method="filter_numbers", label=_("Numbers"))
    list = django_filters.ModelChoiceFilter(
        queryset=CustomerList.objects.all(), method="filter_list", label=_("List")
    )

    def filter_numbers(
        self, queryset: QuerySet[Customer], _name: str, value: str
    ) -> QuerySet[Customer]:
        """The number is one of those written, with commas or blanks between."""
        return queryset.filter(number__in=value.upper().replace(",", " ").split())

    def filter_list(
        self, queryset: QuerySet[Customer], _name: str, value: CustomerList
    ) -> QuerySet[Customer]:
        """The customer stands on a saved list."""
        return queryset.filter(number__in=value.numbers)


class ReviewFilter(django_filters.FilterSet):
    """Find drafts of a month by number or customer, and by open flag: by default those with any.

    The queryset must come from ``with_flags``.
    """

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    flag = django_filters.ChoiceFilter(
        choices=[*Flag.choices, (CLEAN, CLEAN)], label=_("Flag"), widget=forms.HiddenInput
    )
    period = django_filters.CharFilter(
        label=_("Period"), validators=[_MONTH], widget=forms.HiddenInput
    )

    class Meta:
        model = Invoice
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Invoice], _name: str, value: str
    ) -> QuerySet[Invoice]:
        """The customer has every word."""
        return queryset.filter(customer__in=search_customers(Customer.objects.all(), value))

    def filter_queryset(self, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        """Filter by the words, then by the flag."""
        flag = self.form.cleaned_data.get("flag", "")
        words = self.form.cleaned_data.get("q", "")
        found = self.filter_words(queryset, "q", words) if words else queryset
        return clean_ones(found) if flag == CLEAN else flagged_ones(found, flag)


class PaymentFilter(django_filters.FilterSet):
    """Find payments by invoice, customer or reference, by day, method and currency."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    paid = django_filters.DateFromToRangeFilter(field_name="paid_on", label=_("Paid on"))
    method = django_filters.ChoiceFilter(choices=PaymentMethod.choices, label=_("Method"))
    currency = django_filters.CharFilter(
        field_name="invoice__currency", lookup_expr="iexact", label=_("Currency")
    )

    class Meta:
        model = Payment
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Payment], _name: str, value: str
    ) -> QuerySet[Payment]:
        """The invoice's number or the reference contains it, or the customer has every word."""
        customers = search_customers(Customer.objects.all(), value)
        text = value.strip()
        return queryset.filter(
            Q(invoice__number__icontains=text)
            | Q(reference__icontains=text)
            | Q(invoice__customer__in=customers)
        )


class BankTransactionFilter(django_filters.FilterSet):
    """Find transactions of the bank by state, by payer, reference or text, by day and currency."""

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    status = django_filters.ChoiceFilter(
        field_name="state",
        choices=BankTransaction.State.choices,
        label=_("State"),
        widget=forms.HiddenInput,
    )
    booked = django_filters.DateFromToRangeFilter(field_name="booked_on", label=_("Booked"))
    amount = django_filters.NumberFilter(field_name="amount", label=_("Amount"))

    class Meta:
        model = BankTransaction
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[BankTransaction], _name: str, value: str
    ) -> QuerySet[BankTransaction]:
        """What the bank says contains the text."""
        text = value.strip()
        return queryset.filter(
            Q(party__icontains=text) | Q(reference__icontains=text) | Q(text__icontains=text)
        )


class ReceivablesFilter(django_filters.FilterSet):
    """Find customers by words, what they owe by currency and by the days it is late.

    The last two are asked of rows that are added up already: see ``rows_of``.
    """

    q = django_filters.CharFilter(method="filter_words", label=_("Search"))
    currency = django_filters.CharFilter(method="leave", label=_("Currency"))
    late = django_filters.ChoiceFilter(
        method="leave",
        label=_("Late"),
        choices=[
            ("1", _("1 day or more")),
            ("31", _("More than 30 days")),
            ("61", _("More than 60 days")),
            ("91", _("More than 90 days")),
        ],
    )

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_words(
        self, queryset: QuerySet[Customer], _name: str, value: str
    ) -> QuerySet[Customer]:
        """The customer has every word."""
        return search_customers(queryset, value)

    def leave(self, queryset: QuerySet[Customer], _name: str, _value: str) -> QuerySet[Customer]:
        """Say nothing yet."""
        return queryset

    def rows_of(self, rows: list[Ageing]) -> list[Ageing]:
        """Return those of the currency that are as late as was asked."""
        known = self.form.cleaned_data if self.form.is_valid() else {}
        currency = str(known.get("currency") or "").strip().upper()
        late = int(known.get("late") or 0)
        first = BUCKETS.index(late) + 1 if late in BUCKETS else 0
        return [
            row
            for row in rows
            if (not currency or row.currency == currency)
            and (not first or any(row.buckets[first:]))
        ]
