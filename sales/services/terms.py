"""Check the terms and rates of a contract: the ``contract`` of TARIFF.md, field by field."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from sales.models import Contract, ContractRate
from sales.selectors import plain_amount
from toolkit.money import UnknownCurrencyError, minor_unit_digits
from toolkit.telephony import Access

from .reading import ContractInvalidError, Path, Reader

AMOUNT_FEES = (
    "setup",
    "operator",
    "recording_per_minute",
    "unused_port",
    "overage_port",
    "no_show",
    "late_cancel",
    "minimum_participant_per_minute",
)
"""Fees in money: absent is no line, "0" a line of zero."""
WHOLE_FEES = ("late_cancel_hours", "minimum_participants")
LONGEST_PAYMENT_DAYS = 365
LONGEST_PREFIX = 15  # digits of the longest number of E.164

Terms = Mapping[str, Any]
Rates = Sequence[Mapping[str, Any]]

_WALL_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_END_OF_DAY = "24:00"
_DIGITS = re.compile(r"[0-9]*")
_RATE_KEY = ("access", "prefix", "band")


def checked_contract(
    terms: Terms, rates: Rates | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the values of a contract's columns, and those of its rates in the order given.

    ``terms`` may hold all that ``Contract`` keeps: the terms of TARIFF.md and how it is billed.
    Fields that are no term are refused.

    Raises:
        ContractInvalidError: with every fault found.
    """
    reader = Reader(terms)
    values = _read_terms(reader)
    values |= _read_billing(reader)
    reader.refuse_unknown()
    given = Reader({"rates": rates}, reader.faults).items("rates")
    checked = [
        _read_rate(Reader(rate, reader.faults, ("rates", index)))
        for index, rate in enumerate(given)
    ]
    if not reader.faults:
        _refuse_ties(reader, checked)
    if reader.faults:
        raise ContractInvalidError(reader.faults)
    return values, checked


def checked_rate(rate: Mapping[str, Any], *, valid_from: dt.date | str) -> dict[str, Any]:
    """Return the values of one rate's columns, valid from a local date.

    Raises:
        ContractInvalidError: paths are those of the rate's own fields.
    """
    reader = Reader({**rate, "valid_from": valid_from})
    values = _read_rate(reader)
    if reader.faults:
        raise ContractInvalidError(reader.faults)
    return values


def _read_terms(reader: Reader) -> dict[str, Any]:
    start, end = _read_days(reader, "start", "end")
    return {
        "currency": _read_currency(reader),
        "timezone": _read_zone(reader),
        "start": start,
        "end": end,
        "peak": _read_peak(reader),
        "holidays": reader.days("holidays"),
        "included_minutes": reader.whole("included_minutes"),
        "included_access": reader.choices("included_access", Access.values),
        "tiers": _read_tiers(reader),
        "fees": _read_fees(reader),
        "commitment": reader.amount("commitment"),
        "monthly_fee": reader.amount("monthly_fee"),
    }


def _read_billing(reader: Reader) -> dict[str, Any]:
    return {
        "billing": reader.choice("billing", Contract.Billing.values),
        "issue": reader.choice("issue", Contract.Issue.values, Contract.Issue.REVIEW),
        "payment_days": reader.whole("payment_days", at_most=LONGEST_PAYMENT_DAYS, default=30),
        "vat_category": reader.choice("vat_category", Contract.VatCategory.values),
        "notes": reader.text("notes"),
    }


def _read_days(reader: Reader, first: str, after: str) -> tuple[dt.date | None, dt.date | None]:
    start = reader.day(first) if reader.required(first) else None
    end = reader.day(after)
    if start and end and end <= start:
        reader.fault(after, "not_after_start", _("This must be later than the first day."))
    return start, end


def _read_currency(reader: Reader) -> str:
    currency = reader.text("currency")
    if reader.required("currency"):
        try:
            minor_unit_digits(currency)
        except UnknownCurrencyError:
            reader.fault("currency", "unknown_currency", _("Unknown currency."))
    return currency


def _read_zone(reader: Reader) -> str:
    zone = reader.text("timezone")
    if reader.required("timezone") and zone not in available_timezones():
        reader.fault("timezone", "unknown_timezone", _("Unknown time zone."))
    return zone


def _read_peak(reader: Reader) -> dict[str, Any] | None:
    if reader.raw("peak") is None:
        return None
    peak = reader.inner("peak")
    weekdays: dict[int, None] = {}
    for index, day in enumerate(peak.items("weekdays")):
        if isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= 7:
            weekdays[day] = None
        else:
            message = _("Days of the week go from 1 (Monday) to 7 (Sunday).")
            peak.fault(("weekdays", index), "invalid_weekday", message)
    begins, ends = peak.text("from"), peak.text("to")
    for key, moment in (("from", begins), ("to", ends)):
        known = _WALL_CLOCK.fullmatch(moment) or (key == "to" and moment == _END_OF_DAY)
        if peak.required(key) and not known:
            peak.fault(key, "invalid_time", _("Write the time as 08:00; the day ends at 24:00."))
    if begins >= ends and begins and ends:
        peak.fault("to", "not_after_start", _("Peak hours must end after they begin."))
    peak.refuse_unknown()
    return {"weekdays": list(weekdays), "from": begins, "to": ends}


def _read_tiers(reader: Reader) -> list[dict[str, Any]]:
    tiers: list[dict[str, Any]] = []
    for index, item in enumerate(reader.items("tiers")):
        tier = Reader(item, reader.faults, (*reader.path, "tiers", index))
        from_minutes = tier.whole("from_minutes") if tier.required("from_minutes") else 0
        discount = tier.amount("discount_percent", at_most=100)
        tier.required("discount_percent")
        tier.refuse_unknown()
        if tiers and from_minutes <= tiers[-1]["from_minutes"]:
            message = _("Each discount must begin at more minutes than the one before.")
            tier.fault("from_minutes", "not_ascending", message)
        tiers.append(
            {"from_minutes": from_minutes, "discount_percent": plain_amount(discount or 0)}
        )
    return tiers


def _read_fees(reader: Reader) -> dict[str, str | int]:
    if reader.raw("fees") is None:
        return {}
    fees = reader.inner("fees")
    values: dict[str, str | int] = {}
    for key in AMOUNT_FEES:
        if (amount := fees.amount(key)) is not None:
            values[key] = plain_amount(amount)
    for key in WHOLE_FEES:
        if fees.raw(key) is not None:
            values[key] = fees.whole(key, at_least=1)
    fees.refuse_unknown()
    return values


def _read_rate(rate: Reader) -> dict[str, Any]:
    valid_from, valid_to = _read_days(rate, "valid_from", "valid_to")
    rate.required("price_per_minute")
    values = {
        "access": rate.choice("access", Access.values),
        "prefix": _read_prefix(rate),
        "band": rate.choice("band", ContractRate.Band.values, ContractRate.Band.ANY),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "price_per_minute": rate.amount("price_per_minute"),
        "first_increment": rate.whole("first_increment", at_least=1, default=60),
        "next_increment": rate.whole("next_increment", at_least=1, default=60),
        "minimum_seconds": rate.whole("minimum_seconds"),
        "connection_fee": rate.amount("connection_fee") or 0,
    }
    rate.refuse_unknown()
    return values


def _read_prefix(rate: Reader) -> str:
    prefix = rate.text("prefix")
    if len(prefix) > LONGEST_PREFIX or not _DIGITS.fullmatch(prefix):
        message = _("Only digits, without +, at most %d of them.") % LONGEST_PREFIX
        rate.fault("prefix", "invalid_prefix", message)
    return prefix


def _refuse_ties(reader: Reader, rates: list[dict[str, Any]]) -> None:
    """Find fault with rates that could both be the best for the same call."""
    alike: dict[Path, list[int]] = {}
    for index, rate in enumerate(rates):
        alike.setdefault(tuple(rate[key] for key in _RATE_KEY), []).append(index)
    for indexes in alike.values():
        for first, second in combinations(indexes, 2):
            if _overlap(rates[first], rates[second]):
                message = _("It covers days of rate %d, which is for the same calls.")
                reader.fault(("rates", second, "valid_from"), "overlaps", message % (first + 1))


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["valid_to"] is None or other["valid_from"] < one["valid_to"]) and (
        other["valid_to"] is None or one["valid_from"] < other["valid_to"]
    )
