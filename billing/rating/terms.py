"""The terms of a contract, as the arithmetic sees them: frozen, in integers, without database."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from billing.rating.clock import LocalClock
from billing.rating.rates import RateBook

if TYPE_CHECKING:
    from datetime import date

    from billing.rating.rates import Peak, Rate


@dataclass(frozen=True, slots=True, order=True)
class Tier:
    """From so many charged minutes of the period, a discount in millionths of a percent."""

    from_minutes: int
    discount_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """The fees of a contract in micros; None means no line at all, 0 a line of zero."""

    setup: int | None = None
    operator: int | None = None
    recording_per_minute: int | None = None
    unused_port: int | None = None
    overage_port: int | None = None
    no_show: int | None = None
    late_cancel: int | None = None
    late_cancel_hours: int | None = None
    minimum_participants: int | None = None
    minimum_participant_per_minute: int | None = None


@dataclass(frozen=True, kw_only=True)
class ContractTerms:
    """All that a contract says about money; amounts in micros of ``currency``.

    ``start`` and ``end`` are local dates, ``end`` exclusive or None. A rate is named by its index
    in ``rates``, everywhere in the results. Keep and reuse an instance: what it looked up about
    its rates and its zone is remembered on it. Not slotted for that reason.
    """

    currency: str
    timezone: str
    start: date
    end: date | None
    rates: tuple[Rate, ...]
    peak: Peak | None = None
    holidays: frozenset[date] = frozenset()
    included_minutes: int = 0
    included_access: frozenset[str] = frozenset()
    tiers: tuple[Tier, ...] = ()
    fees: Fees = field(default_factory=Fees)
    commitment: int | None = None
    monthly_fee: int | None = None

    @cached_property
    def zone(self) -> ZoneInfo:
        """Answer the zone of the contract's local dates."""
        return ZoneInfo(self.timezone)

    @cached_property
    def clock(self) -> LocalClock:
        """Answer the wall clock of the contract."""
        return LocalClock(self.zone, self.peak, self.holidays)

    @cached_property
    def rate_book(self) -> RateBook:
        """Answer the rates, ready to be asked by number and moment."""
        return RateBook(self.rates, self.clock, uses_bands=self.peak is not None)

    @cached_property
    def discount_steps(self) -> tuple[tuple[int, int], ...]:
        """Answer (charged seconds from which it counts, discount), ascending."""
        return tuple((tier.from_minutes * 60, tier.discount_percent) for tier in sorted(self.tiers))

    @property
    def included_seconds(self) -> int:
        """Answer the size of the period's pool."""
        return self.included_minutes * 60

    def covers(self, day: date) -> bool:
        """Tell whether the contract is in force on a local date."""
        return self.start <= day and (self.end is None or day < self.end)
