"""Price a period: its conferences in order, its own lines, VAT and totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.rating.calls import pricing_key
from billing.rating.conferences import Line, PricedConference, Problem, belongs_to, price_conference
from billing.rating.legs import PeriodState, PricedLeg
from toolkit.money import HUNDRED_PERCENT, share_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.rating.calls import Conference
    from billing.rating.terms import ContractTerms
    from toolkit.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPeriod:
    """The price of a contract's month: conferences in pricing order, amounts in micros."""

    currency: str
    period: Period
    conferences: tuple[PricedConference, ...]
    period_lines: tuple[Line, ...]
    state: PeriodState
    net: int
    vat: int

    @property
    def total(self) -> int:
        """Answer net plus VAT."""
        return self.net + self.vat

    @property
    def legs(self) -> list[PricedLeg]:
        """Answer the priced legs by (conference, leg)."""
        legs = [leg for conference in self.conferences for leg in conference.legs]
        return sorted(legs, key=lambda leg: (leg.conference, leg.id))

    @property
    def lines(self) -> list[Line]:
        """Answer the lines by (conference, kind), then those of the period by kind."""
        conferences = sorted(self.conferences, key=lambda conference: conference.id)
        lines = [line for conference in conferences for line in conference.lines]
        return [*lines, *self.period_lines]

    @property
    def problems(self) -> list[Problem]:
        """Answer the problems by leg."""
        return sorted(problem for conference in self.conferences for problem in conference.problems)


def period_lines(
    terms: ContractTerms, period: Period, conference_lines_total: int
) -> tuple[Line, ...]:
    """Answer the lines of the period itself, by kind.

    Args:
        terms: of the contract.
        period: the month; the days on which the contract is in force give the share.
        conference_lines_total: net micros of all conference lines of the period, which the
            commitment is compared with.
    """
    active = period.active_days(terms.start, terms.end)
    lines = []
    if terms.commitment is not None:
        committed = share_of(terms.commitment, active, period.days, terms.currency)
        if committed > conference_lines_total:
            shortfall = committed - conference_lines_total
            lines.append(Line("commitment_shortfall", None, shortfall, None))
    if terms.monthly_fee is not None and active:
        fee = share_of(terms.monthly_fee, active, period.days, terms.currency)
        lines.append(Line("monthly_fee", None, fee, active))
    return tuple(lines)


def price_period(
    terms: ContractTerms, period: Period, vat_percent: int, conferences: Iterable[Conference]
) -> PricedPeriod:
    """Price a month of a contract; conferences of other months are left out.

    Args:
        terms: of the contract, without rates that could tie (see ``tied_rates``).
        period: a calendar month of the contract's zone.
        vat_percent: in millionths of a percent; VAT is rounded once, on the whole net.
        conferences: in any order.

    Raises:
        ValueError: a conference has no moment at all, see ``Conference.first_moment``.
        UnknownCurrencyError: of the terms.
    """
    state = PeriodState()
    priced: list[PricedConference] = []
    of_period = (one for one in conferences if belongs_to(terms, one) == period)
    for conference in sorted(of_period, key=pricing_key):
        priced_conference, state = price_conference(terms, state, conference)
        priced.append(priced_conference)
    conference_total = sum(conference.net for conference in priced)
    lines = period_lines(terms, period, conference_total)
    net = conference_total + sum(line.net for line in lines)
    return PricedPeriod(
        currency=terms.currency,
        period=period,
        conferences=tuple(priced),
        period_lines=lines,
        state=state,
        net=net,
        vat=share_of(net, vat_percent, HUNDRED_PERCENT, terms.currency),
    )
