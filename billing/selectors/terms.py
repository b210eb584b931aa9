"""What was agreed on a conference's day, in the form that ``rating`` counts with."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Sum

from billing.models import Charge
from billing.rating import ContractTerms, Line, PeriodState, period_lines, read_terms
from sales.models import Contract, ContractRate
from sales.selectors import (
    contract_object,
    contract_on,
    contract_rate_ids,
    contract_terms,
    rate_object,
)
from toolkit.money import format_exact, from_decimal
from toolkit.periods import Period

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTerms:
    """The terms of a contract as known now; ``rate_ids`` names each of ``terms.rates``."""

    contract: Contract
    terms: ContractTerms
    rate_ids: tuple[int, ...]

    def carry(self, state: PeriodState) -> PeriodState:
        """Answer the counters that can change a price: none without a pool, none without tiers.

        A contract with neither prices every conference alone, whatever came before it.
        """
        return PeriodState(
            free_seconds_used=state.free_seconds_used if self.has_pool else 0,
            charged_seconds=state.charged_seconds if self.terms.tiers else 0,
        )

    @property
    def has_pool(self) -> bool:
        """Tell whether any minutes are included."""
        return bool(self.terms.included_minutes and self.terms.included_access)

    @property
    def has_counters(self) -> bool:
        """Tell whether what a conference costs may depend on those before it."""
        return self.has_pool or bool(self.terms.tiers)


def terms_of(contract: Contract) -> KnownTerms:
    """Answer the terms of a contract.

    Rates and their ids are two queries: hold the contract's row locked where a price depends on
    it (extending a rate locks it, too).
    """
    return KnownTerms(
        contract=contract,
        terms=read_terms(contract_object(contract)),
        rate_ids=tuple(contract_rate_ids(contract)),
    )


def terms_with_rates(contract: Contract, rates: Sequence[ContractRate]) -> KnownTerms:
    """Answer the terms of a contract as they would be with other rates, to see what comes of it.

    A rate that is not kept yet has the id 0.
    """
    objects = [rate_object(rate) for rate in rates]
    return KnownTerms(
        contract=contract,
        terms=read_terms(contract_terms(contract) | {"rates": objects}),
        rate_ids=tuple(rate.pk or 0 for rate in rates),
    )


def period_lines_of(
    known: KnownTerms, period: str, *, net_of_conferences: Decimal | None = None
) -> list[tuple[Line, dict[str, Any]]]:
    """Answer the lines of a contract's month itself, as its conferences stand now; by kind.

    Each with what it was computed from, so that it can be re-added later: the agreed amount, the
    days in force and of the month and, for the commitment, the lines that it was held against
    (``net_of_conferences``, by default the sum of the month's charges).
    """
    conferences = Charge.objects.filter(contract=known.contract, period=period)
    total = net_of_conferences
    if total is None:
        total = conferences.aggregate(net=Sum("net", default=0))["net"]
    terms, month = known.terms, Period.parse(period)
    days = {"active_days": month.active_days(terms.start, terms.end), "days": month.days}
    bases = {
        "commitment_shortfall": {
            "agreed": _exact(terms.commitment),
            "conference_lines": _exact(from_decimal(total)),
            **days,
        },
        "monthly_fee": {"agreed": _exact(terms.monthly_fee), **days},
    }
    lines = period_lines(terms, month, from_decimal(total))
    return [(line, bases[line.kind]) for line in lines]


def _exact(micros: int | None) -> str | None:
    return None if micros is None else format_exact(micros)


def contract_at(*, customer_id: int, moment: dt.datetime) -> Contract | None:
    """Answer the contract whose own local date at ``moment`` it covers.

    Contracts of a customer may differ in time zone, so the days around the UTC date are asked;
    where two claim the moment, the one that began first has it.
    """
    day = moment.astimezone(dt.UTC).date()
    for candidate in (day - _DAY, day, day + _DAY):
        contract = contract_on(customer_id=customer_id, day=candidate)
        if contract is not None and _covers(contract, moment):
            return contract
    return None


def contract_among(contracts: Iterable[Contract], moment: dt.datetime) -> Contract | None:
    """Answer as ``contract_at`` out of all contracts of a customer that are no drafts."""
    day = moment.astimezone(dt.UTC).date()
    for candidate in (day - _DAY, day, day + _DAY):
        for contract in contracts:
            if _binds(contract, candidate) and _covers(contract, moment):
                return contract
    return None


def _binds(contract: Contract, day: dt.date) -> bool:
    return contract.start <= day and (contract.end is None or day < contract.end)


def _covers(contract: Contract, moment: dt.datetime) -> bool:
    return _binds(contract, moment.astimezone(ZoneInfo(contract.timezone)).date())
