"""Exchange rates, and VAT in the currency of the issuer's books."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.models import ExchangeRate, Invoice, InvoiceTax
from customers.models import Issuer
from customers.selectors import issuer
from toolkit.money import divide_half_up, from_decimal, minor_unit, to_decimal

from .invoices import tax_day_of

EURO = "EUR"
OLDEST = dt.timedelta(days=10)
"""A rate that is older than this on the day that counts says nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The rates of one day: units per euro by currency (none of the euro itself)."""

    day: dt.date
    source: str
    rates: Mapping[str, Decimal]

    def convert(self, amount: Decimal, *, currency: str, into: str) -> Decimal:
        """Convert an amount, rounded half-up once to the minor unit of ``into``."""
        numerator = from_decimal(self.rates.get(into, Decimal(1)))
        denominator = from_decimal(self.rates.get(currency, Decimal(1)))
        unit = minor_unit(into)
        units = divide_half_up(from_decimal(amount) * numerator, denominator * unit)
        return to_decimal(units * unit, into)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedTax:
    """One tax of an invoice in the issuer's currency."""

    category: str
    percent: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The taxes of an invoice in the issuer's currency; ``vat`` is the sum of their amounts."""

    currency: str
    exchange: Exchange
    taxes: tuple[ConvertedTax, ...]

    @property
    def vat(self) -> Decimal:
        """Add up the VAT of the categories."""
        return sum((tax.amount for tax in self.taxes), Decimal())

    def as_copy(self) -> dict[str, Any]:
        """Return what an issued invoice keeps of it."""
        return {
            "currency": self.currency,
            "day": self.exchange.day.isoformat(),
            "source": self.exchange.source,
            "rates": {name: f"{rate:f}" for name, rate in self.exchange.rates.items()},
            "vat": str(self.vat),
            "taxes": [
                {
                    "category": tax.category,
                    "percent": str(tax.percent),
                    "base": str(tax.base),
                    "amount": str(tax.amount),
                }
                for tax in self.taxes
            ],
        }


def exchange_on(*, day: dt.date, currencies: Iterable[str]) -> Exchange | None:
    """Answer the rates of the last day on or before ``day`` that has all of ``currencies``.

    None where that day lies more than ``OLDEST`` before: nobody knows then.
    """
    wanted = set(currencies) - {EURO}
    known = ExchangeRate.objects.filter(
        currency__in=wanted, day__lte=day, day__gte=day - OLDEST
    ).order_by("-day")
    by_day: dict[dt.date, list[ExchangeRate]] = {}
    for rate in known:
        by_day.setdefault(rate.day, []).append(rate)
    for found, rates in by_day.items():
        if len(rates) == len(wanted):
            sources = {rate.source for rate in rates}
            source = ExchangeRate.Source.HAND
            if sources == {ExchangeRate.Source.ECB}:
                source = ExchangeRate.Source.ECB
            return Exchange(
                day=found,
                source=source.value,
                rates={rate.currency: rate.rate.normalize() for rate in rates},
            )
    return None


def conversion_of(invoice: Invoice, company: Issuer | None = None) -> Converted | None:
    """Answer the taxes of an invoice in the issuer's currency.

    Once issued its copy; before (and where it was issued without one) by the rate of its tax day.
    A credit note takes the rate of the invoice that it rectifies. None where both currencies are
    the same, or nobody knows a rate.
    """
    kept = invoice.snapshot.get("exchange")
    if kept and kept.get("taxes") is not None and invoice.state == Invoice.State.ISSUED:
        return _from_copy(kept)
    company = company or issuer()
    if company is None or company.currency == invoice.currency:
        return None
    exchange = _exchange_for(invoice, company.currency)
    if exchange is None:
        return None
    return Converted(
        currency=company.currency,
        exchange=exchange,
        taxes=tuple(
            _convert(tax, exchange, invoice.currency, company.currency)
            for tax in invoice.taxes.all()
        ),
    )


def rate_is_missing(invoice: Invoice, company: Issuer | None) -> bool:
    """Tell whether a document has VAT in another currency, and nobody knows what it is in ours."""
    return (
        company is not None
        and company.currency != invoice.currency
        and invoice.vat != 0
        and conversion_of(invoice, company) is None
    )


def _exchange_for(invoice: Invoice, into: str) -> Exchange | None:
    rectified = invoice.rectifies
    if rectified is not None:
        kept = rectified.snapshot.get("exchange")
        if kept and kept["currency"] == into:
            return _from_copy(kept).exchange
    day = tax_day_of(rectified or invoice)
    return exchange_on(day=day, currencies=(invoice.currency, into))


def _convert(tax: InvoiceTax, exchange: Exchange, currency: str, into: str) -> ConvertedTax:
    return ConvertedTax(
        category=tax.category,
        percent=tax.percent,
        base=exchange.convert(tax.base, currency=currency, into=into),
        amount=exchange.convert(tax.amount, currency=currency, into=into),
    )


def _from_copy(kept: Mapping[str, Any]) -> Converted:
    return Converted(
        currency=kept["currency"],
        exchange=Exchange(
            day=dt.date.fromisoformat(kept["day"]),
            source=kept["source"],
            rates={name: Decimal(rate) for name, rate in kept["rates"].items()},
        ),
        taxes=tuple(
            ConvertedTax(
                category=tax["category"],
                percent=Decimal(tax["percent"]),
                base=Decimal(tax["base"]),
                amount=Decimal(tax["amount"]),
            )
            for tax in kept["taxes"]
        ),
    )
