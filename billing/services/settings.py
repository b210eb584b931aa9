"""Settings of invoicing: VAT rates and number series."""

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import InvoiceSeries, VatRate
from customers.services import Who
from integration.services import record_event


@transaction.atomic
def set_vat_rate(
    *,
    category: str,
    percent: Decimal,
    valid_from: date,
    actor: Who,
    now: datetime,
    reason_es: str = "",
    reason_en: str = "",
) -> VatRate:
    """Let ``percent`` hold for a category from a day on; the rate before it ends there.

    Invoices already issued keep what they copied.

    Raises:
        ValidationError: a rate of the category begins on that day or later.
    """
    rates = VatRate.objects.select_for_update().filter(category=category)
    if rates.filter(valid_from__gte=valid_from).exists():
        message = _("A rate of this category begins on that day or later.")
        raise ValidationError({"valid_from": ValidationError(message, code="rate_overlaps")})
    rates.filter(valid_to=None).update(valid_to=valid_from)
    rate = VatRate.objects.create(
        category=category,
        percent=percent,
        valid_from=valid_from,
        reason_es=reason_es,
        reason_en=reason_en,
    )
    record_event(
        type="vat_rate.set",
        actor=actor,
        subject=("vat_rate", rate.pk),
        data={"category": category, "percent": str(percent), "valid_from": str(valid_from)},
        now=now,
    )
    return rate


@transaction.atomic
def open_series(*, kind: str, year: int, prefix: str, actor: Who, now: datetime) -> InvoiceSeries:
    """Name the series of a kind and year; possible until its first number is given.

    Raises:
        ValidationError: numbers were given already, or another kind uses the prefix that year.
    """
    series = InvoiceSeries.objects.select_for_update().filter(kind=kind, year=year).first()
    if series and series.next_number > 1:
        message = _("This series has given numbers already: its prefix stays.")
        raise ValidationError({"prefix": ValidationError(message, code="series_in_use")})
    others = InvoiceSeries.objects.filter(prefix=prefix, year=year)
    if (others.exclude(pk=series.pk) if series else others).exists():
        message = _("Another series of that year has this prefix.")
        raise ValidationError({"prefix": ValidationError(message, code="prefix_taken")})
    series = series or InvoiceSeries(kind=kind, year=year)
    series.prefix = prefix
    series.save()
    record_event(
        type="series.opened",
        actor=actor,
        subject=("series", f"{prefix}-{year}"),
        data={"kind": kind},
        now=now,
    )
    return series
