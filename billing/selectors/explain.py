"""Why an amount is what it is: line -> legs -> segments -> rate version -> contract.

Everything is plain JSON, amounts are exact decimal strings. Each line names its ``rule``, by which
its ``net`` re-adds from what stands under it:

- ``legs``: the amounts of its legs, rounded half-up to the minor unit. A leg is the sum over its
  segments of (seconds - free_seconds) * price_per_minute / 60 * (100 - discount_percent) / 100,
  rounded half-up to six decimals once, plus connection_fee.
- ``fee``: unit_price, times quantity where that is not null, rounded half-up.
- ``commitment``: agreed * active_days / days, rounded half-up, minus conference_lines.
- ``monthly_fee``: agreed * active_days / days, rounded half-up.

``net`` of the invoice is the sum of its lines; VAT of a category is base * percent / 100, rounded
half-up once.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from billing.models import Invoice, InvoiceLine, LineKind, RatedLeg
from sales.models import ContractRate
from toolkit.money import format_exact, format_micros, from_decimal

_PERIOD_RULES = {
    LineKind.COMMITMENT_SHORTFALL: "commitment",
    LineKind.MONTHLY_FEE: "monthly_fee",
}


def explain_invoice(invoice: Invoice) -> dict[str, Any]:
    """Answer the explanation of every amount of an invoice or draft.

    The number of queries does not grow with the invoice.
    """
    currency = invoice.currency
    return {
        "invoice": invoice.pk,
        "number": invoice.number,
        "state": invoice.state,
        "customer": invoice.customer.number,
        "contract": invoice.contract.number if invoice.contract else None,
        "period": invoice.period,
        "currency": currency,
        "lines": _explain(invoice.lines.select_related("charge_line__charge"), currency),
        "taxes": [
            {
                "category": tax.category,
                "percent": _plain(tax.percent),
                "base": _money(tax.base, currency),
                "amount": _money(tax.amount, currency),
                "reason": tax.reason,
            }
            for tax in invoice.taxes.all()
        ],
        "net": _money(invoice.net, currency),
        "vat": _money(invoice.vat, currency),
        "total": _money(invoice.total, currency),
    }


def explain_line(line: InvoiceLine) -> dict[str, Any]:
    """Answer the explanation of one line, as it stands in that of its invoice."""
    lines = InvoiceLine.objects.filter(pk=line.pk).select_related("charge_line__charge")
    return _explain(lines, line.invoice.currency)[0]


def _explain(lines: Iterable[InvoiceLine], currency: str) -> list[dict[str, Any]]:
    lines = list(lines)
    legs = _legs_of(lines)
    rates = _rates_of(leg for legs_of_line in legs.values() for leg in legs_of_line)
    return [_head(line, currency) | _reason(line, legs.get(line.pk, []), rates) for line in lines]


def _head(line: InvoiceLine, currency: str) -> dict[str, Any]:
    return {
        "line": line.pk,
        "kind": line.kind,
        "description": line.description,
        "period": line.period,
        "conference": line.conference_id and str(line.conference_id),
        "title": line.title,
        "reference": line.reference,
        "quantity": line.quantity,
        "net": _money(line.net, currency),
    }


def _reason(
    line: InvoiceLine, legs: list[RatedLeg], rates: dict[int, dict[str, Any]]
) -> dict[str, Any]:
    charged = line.charge_line
    if charged is None:
        return {"rule": _PERIOD_RULES[LineKind(line.kind)], **line.basis}
    source = {
        "charge_version": charged.version,
        "call_record_version": charged.charge.record_version,
    }
    if charged.unit_price is not None:
        return {"rule": "fee", "unit_price": _exact(charged.unit_price), **source}
    return {
        "rule": "legs",
        **source,
        "sum": _exact(sum((leg.amount for leg in legs), Decimal(0))),
        "legs": [_leg(leg, rates) for leg in legs],
    }


def _leg(leg: RatedLeg, rates: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {
        "leg": leg.reference,
        "participant": leg.participant,
        "access": leg.access,
        "number": leg.number,
        "answered_at": leg.answered_at.isoformat(),
        "ended_at": leg.ended_at.isoformat(),
        "estimated": leg.estimated,
        "duration_seconds": leg.duration_seconds,
        "billed_seconds": leg.billed_seconds,
        "free_seconds": leg.free_seconds,
        "connection_fee": _exact(leg.connection_fee),
        "amount": _exact(leg.amount),
        "segments": [segment | {"rate": rates[segment["rate"]]} for segment in leg.segments],
    }


def _legs_of(lines: list[InvoiceLine]) -> dict[int, list[RatedLeg]]:
    """Answer the priced legs behind each usage line, in the order in which they were priced."""
    wanted: dict[tuple[int, int, str], int] = {}
    for line in lines:
        if line.charge_line is not None and line.kind.startswith("usage:"):
            access = line.kind.removeprefix("usage:")
            wanted[line.charge_line.charge_id, line.charge_line.version, access] = line.pk
    found: dict[int, list[RatedLeg]] = {}
    rated = RatedLeg.objects.filter(charge__in={charge for charge, _, _ in wanted}, problem="")
    for leg in rated.order_by("answered_at", "reference"):
        line_id = wanted.get((leg.charge_id, leg.version, leg.access))
        if line_id is not None:
            found.setdefault(line_id, []).append(leg)
    return found


def _rates_of(legs: Iterable[RatedLeg]) -> dict[int, dict[str, Any]]:
    ids = {segment["rate"] for leg in legs for segment in leg.segments}
    rates = ContractRate.objects.filter(pk__in=ids).select_related("contract")
    return {
        rate.pk: {
            "id": rate.pk,
            "contract": rate.contract.number,
            "contract_version": rate.contract_version,
            "known_from": rate.known_from.isoformat(),
            "access": rate.access,
            "prefix": rate.prefix,
            "band": rate.band,
            "valid_from": rate.valid_from.isoformat(),
            "valid_to": rate.valid_to and rate.valid_to.isoformat(),
            "price_per_minute": _exact(rate.price_per_minute),
            "first_increment": rate.first_increment,
            "next_increment": rate.next_increment,
            "minimum_seconds": rate.minimum_seconds,
            "connection_fee": _exact(rate.connection_fee),
        }
        for rate in rates
    }


def _exact(amount: Decimal) -> str:
    return format_exact(from_decimal(amount))


def _money(amount: Decimal, currency: str) -> str:
    return format_micros(from_decimal(amount), currency)


def _plain(percent: Decimal) -> str:
    return f"{percent.normalize():f}"
