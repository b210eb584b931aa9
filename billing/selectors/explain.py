"""Why an amount is what it is: line -> legs -> segments -> rate version -> contract.

Everything is plain JSON, amounts are exact decimal strings. Each line names its ``rule``, by which
its ``net`` re-adds from what stands under it:

- ``legs``: the amounts of its legs, rounded half-up to the minor unit. A leg is the sum over its
  segments of (seconds - free_seconds) * price_per_minute / 60 * (100 - discount_percent) / 100,
  rounded half-up to six decimals once, plus connection_fee.
- ``fee``: unit_price, times quantity where that is not null, rounded half-up.
- ``commitment``: agreed * active_days / days, rounded half-up, minus conference_lines.
- ``monthly_fee``: agreed * active_days / days, rounded half-up.
- ``subscription``: unit_price * quantity * active_days / days, rounded half-up.
- ``one_off``: unit_price * quantity, rounded half-up.
- ``adjustment``: after - before, where ``before`` is what was billed so far and ``after`` the net
  of ``now``, which is explained by a rule of its own; a credit is never more than what was
  ``left`` of it after credit notes.
- ``credit``: what a credit note takes back of the line that ``of`` names.
- ``again``: what was credited of the line that ``of`` names, invoiced once more.
- ``amount``: an amount that stands for no line.

``net`` of the invoice is the sum of its lines; VAT of a category is base * percent / 100, rounded
half-up once (the last credit note of an invoice takes back all VAT that is left).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from billing.models import ChargeLine, Invoice, InvoiceLine, LineKind, RatedLeg
from sales.models import ContractRate
from toolkit.money import format_exact, format_micros, from_decimal

_PERIOD_RULES = {
    LineKind.COMMITMENT_SHORTFALL: "commitment",
    LineKind.MONTHLY_FEE: "monthly_fee",
    LineKind.SUBSCRIPTION: "subscription",
    LineKind.ONE_OFF: "one_off",
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
        "kind": invoice.kind,
        "rectifies": invoice.rectifies and invoice.rectifies.number,
        "replaces": invoice.replaces and invoice.replaces.number,
        "lines": _explain(invoice.lines.all(), currency),
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
    return _explain(InvoiceLine.objects.filter(pk=line.pk), line.invoice.currency)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """What the lines of an invoice are made of: charge lines, legs, rates, by what names them."""

    charged: Mapping[int, ChargeLine]
    legs: Mapping[tuple[int, int, str], list[RatedLeg]]
    rates: Mapping[int, dict[str, Any]]


def _explain(lines: QuerySet[InvoiceLine], currency: str) -> list[dict[str, Any]]:
    found = list(
        lines.select_related(
            "charge_line__charge", "adjusts", "credits__invoice", "replaces__invoice"
        )
    )
    charged = _charged(found)
    legs = _legs_of(charged.values())
    rates = _rates_of(leg for of_line in legs.values() for leg in of_line)
    sources = _Sources(charged=charged, legs=legs, rates=rates)
    return [_head(line, currency) | _reason(line, sources, currency) for line in found]


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


def _reason(line: InvoiceLine, sources: _Sources, currency: str) -> dict[str, Any]:
    if line.adjusts is not None:
        return _adjustment(line, sources, currency)
    if line.credits is not None:
        return {"rule": "credit", "of": _named(line.credits, currency)}
    if line.kind == LineKind.CREDIT:
        return {"rule": "amount"}
    reason: dict[str, Any] = {"rule": "again"}
    of = line.replaces
    if of is None or (line.net == of.net and of.adjusts_id is None):
        reason = _priced(line.kind, sources.charged.get(line.pk), sources) | line.basis
    if line.replaces is not None:
        reason["of"] = _named(line.replaces, currency)
    return reason


def _adjustment(line: InvoiceLine, sources: _Sources, currency: str) -> dict[str, Any]:
    """Explain a difference: what was billed, and the price now by the rule of its own."""
    basis = dict(line.basis)
    now = basis.pop("now", {})
    charged = sources.charged.get(line.pk)
    if charged is not None:
        now = {"quantity": charged.quantity}
    if charged is not None or now:
        net = _money(Decimal(line.basis["after"]), currency)
        now |= {"kind": line.kind, "net": net} | _priced(line.kind, charged, sources)
    adjusts = line.adjusts
    return {
        "rule": "adjustment",
        **basis,
        "adjusts": {"invoice": line.adjusts_id, "number": adjusts and adjusts.number},
        "now": now or None,
    }


def _priced(kind: str, charged: ChargeLine | None, sources: _Sources) -> dict[str, Any]:
    """Explain a line that the tariff made: of a charge, or of the month itself."""
    if charged is None:
        return {"rule": _PERIOD_RULES[LineKind(kind)]}
    source = {
        "charge_version": charged.version,
        "call_record_version": charged.record_version or charged.charge.record_version,
    }
    if charged.unit_price is not None:
        return {"rule": "fee", "unit_price": _exact(charged.unit_price), **source}
    legs = sources.legs.get(_usage(charged), [])
    return {
        "rule": "legs",
        **source,
        "sum": _exact(sum((leg.amount for leg in legs), Decimal(0))),
        "legs": [_leg(leg, sources.rates) for leg in legs],
    }


def _named(line: InvoiceLine, currency: str) -> dict[str, Any]:
    return {
        "invoice": line.invoice_id,
        "number": line.invoice.number,
        "line": line.pk,
        "net": _money(line.net, currency),
    }


def _charged(lines: Iterable[InvoiceLine]) -> dict[int, ChargeLine]:
    """Answer the charge line behind each line; of an adjustment the one that holds now."""
    found = {line.pk: line.charge_line for line in lines if line.charge_line is not None}
    adjusting = {
        (line.charge_id, line.to_version, line.kind): line.pk
        for line in lines
        if line.charge_id is not None
    }
    if adjusting:
        wanted = ChargeLine.objects.filter(charge__in={charge for charge, _, _ in adjusting})
        for charged in wanted.select_related("charge"):
            line_id = adjusting.get((charged.charge_id, charged.version, charged.kind))
            if line_id is not None:
                found[line_id] = charged
    return found


def _leg(leg: RatedLeg, rates: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
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


def _legs_of(charged: Collection[ChargeLine]) -> dict[tuple[int, int, str], list[RatedLeg]]:
    """Answer the priced legs behind usage lines, in the order in which they were priced."""
    found: dict[tuple[int, int, str], list[RatedLeg]] = {
        _usage(line): [] for line in charged if line.kind.startswith("usage:")
    }
    rated = RatedLeg.objects.filter(charge__in={charge for charge, _, _ in found}, problem="")
    for leg in rated.order_by("answered_at", "reference"):
        key = (leg.charge_id, leg.version, leg.access)
        if key in found:
            found[key].append(leg)
    return found


def _usage(line: ChargeLine) -> tuple[int, int, str]:
    return line.charge_id, line.version, line.kind.removeprefix("usage:")


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
