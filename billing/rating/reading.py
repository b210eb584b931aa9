"""Read the ``input`` of a tariff case into terms and calls, refusing what cannot be priced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from billing.rating.calls import Conference, Leg
from billing.rating.fields import Fields, InputError
from billing.rating.rates import ACCESSES, BANDS, Peak, Rate, tied_rates
from billing.rating.terms import ContractTerms, Fees, Tier
from toolkit.money import HUNDRED_PERCENT, UnknownCurrencyError, minor_unit_digits
from toolkit.periods import InvalidPeriodError, Period

_PREFIX: Final = re.compile(r"[0-9]{0,15}")
_NUMBER: Final = re.compile(r"\+?[1-9][0-9]{0,14}")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_NO_PERIOD: Final = Period(1970, 1)


class InvalidTariffInput(ValueError):  # noqa: N818 - named for what it is about
    """An input that cannot be priced; ``errors`` says everything that is wrong with it."""

    def __init__(self, errors: list[InputError]) -> None:
        """Keep the errors, in the order in which they were found."""
        super().__init__("; ".join(f"{error.pointer or '/'} {error.detail}" for error in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffInput:
    """What a case asks: price these conferences in this month of this contract."""

    terms: ContractTerms
    period: Period
    vat_percent: int
    conferences: tuple[Conference, ...]


def read_input(content: object) -> TariffInput:
    """Read the input of a case. Fields that nobody knows are passed over.

    Raises:
        InvalidTariffInput: with all errors at once.
    """
    errors: list[InputError] = []
    fields = Fields(content, "", errors)
    terms = _read_terms(fields.child("contract"))
    period = _read_period(fields)
    vat_percent = fields.micros_or_none("vat_percent") or 0
    if vat_percent < 0:
        fields.refuse("vat_percent", "out_of_range", "must not be negative")
    conferences = tuple(map(_read_conference, fields.children("conferences", required=True)))
    _refuse_repeated_ids(fields, "conferences", [one.id for one in conferences])
    if errors:
        raise InvalidTariffInput(errors)
    return TariffInput(terms=terms, period=period, vat_percent=vat_percent, conferences=conferences)


def read_terms(content: object) -> ContractTerms:
    """Read the ``contract`` of a case alone; pointers start at it.

    Raises:
        InvalidTariffInput: with all errors at once.
    """
    errors: list[InputError] = []
    terms = _read_terms(Fields(content, "", errors))
    if errors:
        raise InvalidTariffInput(errors)
    return terms


def _read_period(fields: Fields) -> Period:
    text = fields.text("period")
    try:
        return Period.parse(text) if text else _NO_PERIOD
    except InvalidPeriodError as error:
        fields.refuse("period", "period", str(error))
        return _NO_PERIOD


def _read_terms(fields: Fields) -> ContractTerms:
    start = fields.day("start")
    return ContractTerms(
        currency=_read_currency(fields),
        timezone=_read_timezone(fields),
        start=start,
        end=_read_end(fields, "end", start),
        rates=_read_rates(fields),
        peak=_read_peak(fields.child("peak")) if fields.has("peak") else None,
        holidays=frozenset(
            fields.checked_day(day, pointer) for day, pointer in fields.items("holidays")
        ),
        included_minutes=fields.whole_or_none("included_minutes", 0) or 0,
        included_access=frozenset(
            fields.checked_choice(access, ACCESSES, pointer)
            for access, pointer in fields.items("included_access")
        ),
        tiers=_read_tiers(fields),
        fees=_read_fees(fields.child("fees")) if fields.has("fees") else Fees(),
        commitment=fields.micros_or_none("commitment"),
        monthly_fee=fields.micros_or_none("monthly_fee"),
    )


def _read_currency(fields: Fields) -> str:
    currency = fields.text("currency")
    try:
        if currency:
            minor_unit_digits(currency)
    except UnknownCurrencyError as error:
        fields.refuse("currency", "unknown_currency", str(error))
    return currency


def _read_timezone(fields: Fields) -> str:
    name = fields.text("timezone")
    try:
        if name:
            ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone; no name at all; a folder of zones
        fields.refuse("timezone", "unknown_timezone", f"{name[:40]!r} is no IANA time zone")
    return name


def _read_end(fields: Fields, name: str, start: date) -> date | None:
    end = fields.day_or_none(name)
    if end is not None and date.min < end <= start:
        fields.refuse(name, "order", f"must be after {start}, where it starts")
    return end


def _read_rates(fields: Fields) -> tuple[Rate, ...]:
    known = len(fields.errors)
    rates = tuple(map(_read_rate, fields.children("rates", required=True)))
    if len(fields.errors) == known:  # what stands in for wrong values ties all too easily
        for first, second in tied_rates(rates):
            fields.refuse_at(
                fields.pointer_to("rates", second),
                "tie",
                f"could tie with rate {first}: same access, prefix and band on the same days",
            )
    return rates


def _read_rate(fields: Fields) -> Rate:
    valid_from = fields.day("valid_from")
    prefix = fields.text("prefix", may_be_empty=True)
    if not _PREFIX.fullmatch(prefix):
        fields.refuse("prefix", "prefix", "must be up to 15 digits, without +")
    return Rate(
        access=fields.choice("access", ACCESSES),
        prefix=prefix,
        band=fields.choice("band", BANDS),
        valid_from=valid_from,
        valid_to=_read_end(fields, "valid_to", valid_from),
        price_per_minute=fields.micros("price_per_minute"),
        first_increment=fields.whole("first_increment", 1),
        next_increment=fields.whole("next_increment", 1),
        minimum_seconds=fields.whole("minimum_seconds", 0),
        connection_fee=fields.micros("connection_fee"),
    )


def _read_peak(fields: Fields) -> Peak:
    weekdays: set[int] = set()
    for day, pointer in fields.items("weekdays", required=True):
        if isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= 7:
            weekdays.add(day)
        else:
            fields.refuse_at(pointer, "out_of_range", "must be 1 (Monday) to 7 (Sunday)")
    start, end = _read_minute(fields, "from"), _read_minute(fields, "to")
    if start is not None and end is not None and start >= end:
        fields.refuse("to", "order", "must be after 'from', on the same day")
    return Peak(weekdays=frozenset(weekdays), from_minute=start or 0, to_minute=end or 0)


def _read_minute(fields: Fields, name: str) -> int | None:
    text = fields.text(name)
    match = _CLOCK.fullmatch(text)
    if match is None:
        if text:
            fields.refuse(name, "clock", "must be a time such as '08:00', '24:00' at most")
        return None
    return int(match[1]) * 60 + int(match[2]) if match[1] else 24 * 60


def _read_tiers(fields: Fields) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    for one in fields.children("tiers"):
        tier = Tier(one.whole("from_minutes", 0), one.micros("discount_percent"))
        if not 0 <= tier.discount_percent <= HUNDRED_PERCENT:
            one.refuse("discount_percent", "out_of_range", "must be between 0 and 100")
        if any(tier.from_minutes == other.from_minutes for other in tiers):
            one.refuse("from_minutes", "repeated", "another tier starts there, too")
        tiers.append(tier)
    return tuple(sorted(tiers))


def _read_fees(fields: Fields) -> Fees:
    return Fees(
        setup=fields.micros_or_none("setup"),
        operator=fields.micros_or_none("operator"),
        recording_per_minute=fields.micros_or_none("recording_per_minute"),
        unused_port=fields.micros_or_none("unused_port"),
        overage_port=fields.micros_or_none("overage_port"),
        no_show=fields.micros_or_none("no_show"),
        late_cancel=fields.micros_or_none("late_cancel"),
        late_cancel_hours=fields.whole_or_none("late_cancel_hours", 1),
        minimum_participants=fields.whole_or_none("minimum_participants", 0),
        minimum_participant_per_minute=fields.micros_or_none("minimum_participant_per_minute"),
    )


def _read_conference(fields: Fields) -> Conference:
    legs = tuple(map(_read_leg, fields.children("legs", required=True)))
    _refuse_repeated_ids(fields, "legs", [leg.id for leg in legs])
    # A call without reservation has no scheduled start; its first answer stands for it.
    starts_by_itself = any(leg.is_billable for leg in legs)
    return Conference(
        id=fields.text("id"),
        scheduled_start=(
            fields.moment_or_none("scheduled_start")
            if starts_by_itself
            else fields.moment("scheduled_start")
        ),
        legs=legs,
        cancelled_at=fields.moment_or_none("cancelled_at"),
        operator_assisted=fields.flag("operator_assisted"),
        recorded=fields.flag("recorded"),
        reserved_ports=fields.whole_or_none("reserved_ports", 0),
    )


def _read_leg(fields: Fields) -> Leg:
    number = fields.text("number") if fields.has("number") else None
    if number and not _NUMBER.fullmatch(number):
        fields.refuse("number", "number", "must be in E.164, such as '+34911234567', or null")
    return Leg(
        id=fields.text("id"),
        participant=fields.text("participant"),
        access=fields.choice("access", ACCESSES),
        number=number,
        answered_at=fields.moment("answered_at"),
        ended_at=fields.moment("ended_at"),
    )


def _refuse_repeated_ids(fields: Fields, name: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for index, one in enumerate(ids):
        if one and one in seen:
            pointer = fields.pointer_to(name, index, "id")
            fields.refuse_at(pointer, "repeated", f"{one[:40]!r} was used before")
        seen.add(one)
