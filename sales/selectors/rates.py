"""The rates that a customer is charged on a day."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from customers.models import Customer
from sales.models import Contract, ContractRate
from toolkit.telephony import Access

from .contracts import contract_on, rates_known


@dataclass(frozen=True, slots=True, kw_only=True)
class RateInForce:
    """A contract rate on the day asked for.

    ``valid_from`` and ``valid_to`` (exclusive, None: open) are the rate's days that lie inside
    the contract; ``contract_version`` is the version of the contract that brought the rate.
    Prices are in ``currency``, increments and minimum in seconds.
    """

    rate_id: int
    contract: str
    contract_version: int
    currency: str
    access: str
    prefix: str
    band: str
    valid_from: dt.date
    valid_to: dt.date | None
    price_per_minute: Decimal
    first_increment: int
    next_increment: int
    minimum_seconds: int
    connection_fee: Decimal

    @property
    def access_name(self) -> str:
        """The way of access in the active language."""
        return str(Access(self.access).label)

    @property
    def band_name(self) -> str:
        """The hours in the active language."""
        return str(ContractRate.Band(self.band).label)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSheet:
    """The rates of a customer on a local day, and the contract that they come from."""

    customer: Customer
    on: dt.date
    contract: Contract | None
    rates: list[RateInForce]


def customer_today(customer: Customer, now: dt.datetime) -> dt.date:
    """Return the date of ``now`` on the customer's clocks."""
    return now.astimezone(ZoneInfo(customer.timezone)).date()


def rate_sheet(
    *, customer: Customer, on: dt.date, known_at: dt.datetime | None = None
) -> RateSheet:
    """Return the rates in force on a local day, as known at a moment (None: now)."""
    contract = contract_on(customer_id=customer.pk, day=on)
    rates = contract_rates_on(contract, on=on, known_at=known_at) if contract else []
    return RateSheet(customer=customer, on=on, contract=contract, rates=rates)


def rates_in_force(
    *, customer: Customer, on: dt.date, known_at: dt.datetime | None = None
) -> list[RateInForce]:
    """Return the rates in force on a local day, as known at a moment (None: now).

    Empty where no contract binds the customer that day.
    """
    return rate_sheet(customer=customer, on=on, known_at=known_at).rates


def contract_rates_on(
    contract: Contract, *, on: dt.date, known_at: dt.datetime | None = None
) -> list[RateInForce]:
    """Return the rates of a contract, also of a draft, that are in force on one of its days.

    Where a contract has no peak hours, rates for peak or off-peak never are.
    """
    return [
        _in_force(rate, contract)
        for rate in rates_known(contract, known_at=known_at)
        if rate.valid_from <= on
        and (rate.valid_to is None or on < rate.valid_to)
        and (contract.peak is not None or rate.band == ContractRate.Band.ANY)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesByTime:
    """All rates of a contract, seen from a day: in force, agreed for later, no longer in force.

    ``superseded`` are the rows that later agreements replaced, as they were known before.
    """

    current: list[ContractRate]
    later: list[ContractRate]
    past: list[ContractRate]
    superseded: list[ContractRate]


def rates_by_time(contract: Contract, *, today: dt.date) -> RatesByTime:
    """Return the rates of a contract by what they mean today."""
    groups: dict[str, list[ContractRate]] = {"current": [], "later": [], "past": []}
    for rate in rates_known(contract):
        if rate.valid_from > today:
            groups["later"].append(rate)
        elif rate.valid_to is not None and rate.valid_to <= today:
            groups["past"].append(rate)
        else:
            groups["current"].append(rate)
    superseded = contract.rates.exclude(superseded_at=None).select_related("created_by")
    return RatesByTime(**groups, superseded=list(superseded.order_by("-superseded_at", "pk")))


def days_of_change(*, customer: Customer) -> list[dt.date]:
    """Return the local days on which the customer's rates begin or end, in order."""
    rates = ContractRate.objects.filter(contract__customer=customer, superseded_at=None).exclude(
        contract__status=Contract.Status.DRAFT
    )
    days: set[dt.date] = set()
    for contract_start, contract_end, valid_from, valid_to in rates.values_list(
        "contract__start", "contract__end", "valid_from", "valid_to"
    ):
        inside = {contract_start, max(valid_from, contract_start), contract_end, valid_to}
        days |= {day for day in inside if day and (contract_end is None or day <= contract_end)}
    return sorted(days)


def _in_force(rate: ContractRate, contract: Contract) -> RateInForce:
    return RateInForce(
        rate_id=rate.pk,
        contract=contract.number,
        contract_version=rate.contract_version,
        currency=contract.currency,
        access=rate.access,
        prefix=rate.prefix,
        band=rate.band,
        valid_from=max(rate.valid_from, contract.start),
        valid_to=min((day for day in (rate.valid_to, contract.end) if day), default=None),
        price_per_minute=rate.price_per_minute,
        first_increment=rate.first_increment,
        next_increment=rate.next_increment,
        minimum_seconds=rate.minimum_seconds,
        connection_fee=rate.connection_fee,
    )
