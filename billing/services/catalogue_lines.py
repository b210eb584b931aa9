"""The lines of a draft that come from the catalogue: subscriptions, and single charges."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.models import Invoice, InvoiceLine, LineKind, OneOffCharge, Product
from billing.selectors.catalogue import (
    DueMonth,
    amount_of,
    due_one_off_charges,
    due_subscriptions,
    is_catalogue_used,
)
from sales.models import Contract
from toolkit.money import format_exact, from_decimal
from toolkit.periods import Period

_DAY = dt.timedelta(days=1)
_COMPARED = (
    *("subscription_id", "one_off_id", "period", "quantity", "net", "description"),
    *("vat_category", "basis"),
)


def refresh_catalogue_lines(invoice: Invoice, contract: Contract) -> None:
    """Make the lines of the catalogue on a month's draft what is due, in the active language."""
    if not is_catalogue_used(contract):
        return
    there = InvoiceLine.objects.filter(
        invoice=invoice,
        kind__in=(LineKind.SUBSCRIPTION, LineKind.ONE_OFF),
        credits=None,
        replaces=None,
    )
    lines = list(_lines(invoice, contract))
    key = lambda line: (line.kind, line.subscription_id or 0, line.one_off_id or 0, line.period)  # noqa: E731
    if [_said(line) for line in sorted(there, key=key)] == [
        _said(line) for line in sorted(lines, key=key)
    ]:
        return
    there.delete()
    InvoiceLine.objects.bulk_create(lines)


def _said(line: InvoiceLine) -> list[Any]:
    return [getattr(line, name) for name in _COMPARED]


def _lines(invoice: Invoice, contract: Contract) -> Iterator[InvoiceLine]:
    for due in due_subscriptions(contract, invoice.period):
        yield _subscription_line(invoice, contract, due)
    for charge in due_one_off_charges(contract, invoice.period):
        yield _one_off_line(invoice, contract, charge)


def _subscription_line(invoice: Invoice, contract: Contract, due: DueMonth) -> InvoiceLine:
    agreed = due.subscription
    return InvoiceLine(
        invoice=invoice,
        kind=LineKind.SUBSCRIPTION,
        subscription=agreed,
        description=_of_days(agreed.product, due, invoice),
        period=str(due.period),
        quantity=agreed.quantity,
        net=due.net,
        vat_category=agreed.product.vat_category or contract.vat_category,
        basis={
            "product": agreed.product.code,
            "unit": agreed.product.unit,
            "unit_price": format_exact(from_decimal(agreed.unit_price)),
            "active_days": due.active_days,
            "days": due.period.days,
        },
    )


def _of_days(product: Product, due: DueMonth, invoice: Invoice) -> str:
    """Name the product; where not the whole month of the invoice is billed, the days or month."""
    name = product.name_in(invoice.language)
    month = date_format(due.period.first_day, "YEAR_MONTH_FORMAT")
    if due.active_days < due.period.days:
        first = max(due.subscription.valid_from, due.subscription.contract.start)
        first = max(first, due.period.first_day)
        last = first + (due.active_days - 1) * _DAY
        return _("%(name)s (%(first)s to %(last)s)") % {
            "name": name,
            "first": date_format(first, "SHORT_DATE_FORMAT"),
            "last": date_format(last, "SHORT_DATE_FORMAT"),
        }
    if str(due.period) != invoice.period:
        return _("%(what)s (%(month)s, late)") % {"what": name, "month": month}
    return name


def _one_off_line(invoice: Invoice, contract: Contract, charge: OneOffCharge) -> InvoiceLine:
    words = charge.description
    if charge.period != invoice.period:
        month = date_format(Period.parse(charge.period).first_day, "YEAR_MONTH_FORMAT")
        words = _("%(what)s (%(month)s, late)") % {"what": words, "month": month}
    product = charge.product
    return InvoiceLine(
        invoice=invoice,
        kind=LineKind.ONE_OFF,
        one_off=charge,
        description=words,
        period=charge.period,
        quantity=charge.quantity,
        net=amount_of(charge),
        vat_category=charge.vat_category or contract.vat_category,
        basis={
            "product": product.code if product else None,
            "unit": charge.unit,
            "unit_price": format_exact(from_decimal(charge.unit_price)),
        },
    )
