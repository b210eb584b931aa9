"""Write a priced period as TARIFF.md's ``expected``: text and numbers, nothing rounded anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.money import format_exact, format_micros

if TYPE_CHECKING:
    from billing.rating.legs import PricedLeg
    from billing.rating.periods import PricedPeriod


def as_expected(priced: PricedPeriod) -> dict[str, Any]:
    """Answer legs, lines, problems, net, vat and total, in this order."""
    currency = priced.currency
    return {
        "legs": [_leg(leg) for leg in priced.legs],
        "lines": [
            {
                "kind": line.kind,
                "conference": line.conference,
                "net": format_micros(line.net, currency),
                "quantity": line.quantity,
            }
            for line in priced.lines
        ],
        "problems": [
            {"leg": problem.leg, "problem": problem.problem} for problem in priced.problems
        ],
        "net": format_micros(priced.net, currency),
        "vat": format_micros(priced.vat, currency),
        "total": format_micros(priced.total, currency),
    }


def _leg(leg: PricedLeg) -> dict[str, Any]:
    return {
        "conference": leg.conference,
        "id": leg.id,
        "duration_seconds": leg.duration_seconds,
        "billed_seconds": leg.billed_seconds,
        "free_seconds": leg.free_seconds,
        "segments": [{"rate": rate, "seconds": seconds} for rate, seconds in leg.seconds_by_rate],
        "amount": format_exact(leg.amount),
    }
