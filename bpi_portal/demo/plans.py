"""What the invented companies pay: contracts in the words of TARIFF.md."""

from typing import Any, Final

from toolkit.money import format_exact, parse_micros

from .companies import Company

PEAK: Final = {"weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "20:00"}
# Access -> price a minute in the cheapest currency here; others are multiples of it.
BASE: Final = {"voip": "0.035", "toll": "0.060", "toll_free": "0.110", "dial_out": "0.145"}
TIMES: Final = {"EUR": 1, "USD": 1, "MXN": 18, "CLP": 950}


def settings_of(company: Company) -> dict[str, Any]:
    """Return how the contract is billed."""
    category = {"reverse": "reverse_charge", "canary": "igic"}.get(company.plan, "domestic")
    if company.plan.startswith("export"):
        category = "export"
    return {
        "billing": "per_conference" if company.plan == "per_conference" else "monthly",
        "issue": "review" if company.plan in {"peak", "commitment"} else "automatic",
        "payment_days": 15 if company.plan == "per_conference" else 30,
        "vat_category": category,
    }


def terms_of(company: Company, *, start: str) -> dict[str, Any]:
    """Return the contract without its rates, from a local day on."""
    terms: dict[str, Any] = {
        "currency": company.currency,
        "timezone": company.timezone,
        "start": start,
        "end": None,
    }
    return terms | _EXTRAS.get(company.plan, {})


_EXTRAS: Final[dict[str, dict[str, Any]]] = {
    "peak": {
        "peak": PEAK,
        "holidays": ["2026-10-12", "2026-11-02", "2026-12-07", "2026-12-08", "2026-12-25"],
        "fees": {"setup": "2.5", "operator": "45", "recording_per_minute": "0.015"},
        "monthly_fee": "49",
    },
    "tiers": {
        "tiers": [
            {"from_minutes": 500, "discount_percent": "5"},
            {"from_minutes": 1500, "discount_percent": "12.5"},
        ],
        "fees": {"unused_port": "0.75", "overage_port": "1.5", "no_show": "15"},
    },
    "included": {"included_minutes": 300, "included_access": ["voip", "toll"], "monthly_fee": "19"},
    "commitment": {"commitment": "120", "fees": {"late_cancel": "20", "late_cancel_hours": 24}},
    "per_conference": {"fees": {"setup": "5", "no_show": "12"}},
    "reverse": {"fees": {"setup": "2", "late_cancel": "18", "late_cancel_hours": 12}},
}


def rates_of(company: Company, *, start: str) -> list[dict[str, Any]]:
    """Return the first rates, all from the contract's first day."""
    rates = []
    for access, price in BASE.items():
        if company.plan == "canary" and access == "toll_free":
            continue  # its toll-free calls have no rate yet: the queue of problems shows them
        for band, percent in _bands(company):
            rates.append(_rate(access, "", band, _priced(price, company, percent), start))
    rates.append(_rate("dial_out", "52", "any", _priced("0.21", company, 100), start))
    return rates


def _bands(company: Company) -> list[tuple[str, int]]:
    return [("peak", 115), ("offpeak", 70)] if company.plan == "peak" else [("any", 100)]


def _priced(price: str, company: Company, percent: int) -> str:
    micros = parse_micros(price) * TIMES[company.currency] * percent // 100
    return format_exact(micros)


def _rate(access: str, prefix: str, band: str, price: str, start: str) -> dict[str, Any]:
    dialled = access in {"dial_out", "toll_free"}
    return {
        "access": access,
        "prefix": prefix,
        "band": band,
        "valid_from": start,
        "valid_to": None,
        "price_per_minute": price,
        "first_increment": 60,
        "next_increment": 60 if dialled else 6,
        "minimum_seconds": 60 if dialled else 0,
        "connection_fee": "0.05" if access == "dial_out" else "0",
    }


def raised_rate(company: Company) -> dict[str, Any]:
    """Return the dearer internet rate that the demonstration extends from a coming day."""
    price = _priced(BASE["voip"], company, 104)
    rate = _rate("voip", "", _bands(company)[0][0], price, "")
    return {name: value for name, value in rate.items() if not name.startswith("valid_")}
