"""Find the rate in force: rates, peak hours, and a book that answers by number and moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING, Final

from toolkit.periods import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from billing.rating.clock import LocalClock

TOLL: Final = "toll"
TOLL_FREE: Final = "toll_free"
DIAL_OUT: Final = "dial_out"
VOIP: Final = "voip"
ACCESSES: Final = (TOLL, TOLL_FREE, DIAL_OUT, VOIP)

PEAK: Final = "peak"
OFFPEAK: Final = "offpeak"
ANY: Final = "any"
BANDS: Final = (PEAK, OFFPEAK, ANY)

NO_RATE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A contract rate: money in micros, increments in seconds, validity in local dates.

    ``valid_to`` is exclusive, None is open. An empty ``prefix`` matches every number, and it alone
    matches a leg without number.
    """

    access: str
    prefix: str
    band: str
    valid_from: date
    valid_to: date | None
    price_per_minute: int
    first_increment: int
    next_increment: int
    minimum_seconds: int = 0
    connection_fee: int = 0

    def is_valid_on(self, day: date) -> bool:
        """Tell whether a local date lies inside the validity."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def could_tie_with(self, other: Rate) -> bool:
        """Tell whether some number at some moment would find both rates equally good."""
        return (
            (self.access, self.prefix, self.band) == (other.access, other.prefix, other.band)
            and (self.valid_to is None or other.valid_from < self.valid_to)
            and (other.valid_to is None or self.valid_from < other.valid_to)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The peak hours of a contract on its local wall clock, in minutes after midnight.

    ``to_minute`` is exclusive, 1440 is midnight at the end of the day.
    """

    weekdays: frozenset[int]
    from_minute: int
    to_minute: int


def tied_rates(rates: Sequence[Rate]) -> list[tuple[int, int]]:
    """Answer the pairs of indexes of rates that could tie; terms with such a pair are refused."""
    alike: dict[tuple[str, str, str], list[int]] = {}
    for index, rate in enumerate(rates):
        alike.setdefault((rate.access, rate.prefix, rate.band), []).append(index)
    return sorted(
        (first, second)
        for indexes in alike.values()
        for first, second in combinations(indexes, 2)
        if rates[first].could_tie_with(rates[second])
    )


class Timeline:
    """The rates that matched prefixes put in force, one after the other in time.

    Looked up by UTC day and kept, so that the thousands of legs of a day pay for it once.
    """

    __slots__ = ("_clock", "_days", "_ranked", "_uses_bands")

    def __init__(
        self, ranked: tuple[tuple[int, Rate], ...], clock: LocalClock, *, uses_bands: bool
    ) -> None:
        """Keep ``ranked`` (index, rate), the best first."""
        self._ranked = ranked
        self._clock = clock
        self._uses_bands = uses_bands
        self._days: dict[int, tuple[tuple[int, int], ...]] = {}

    def at(self, moment: int) -> tuple[int, int]:
        """Answer the index of the rate in force, or NO_RATE, and until when that is certain.

        Both moments are UTC microseconds; the same rate may go on after the answered one.
        """
        day = moment // DAY
        spans = self._days.get(day)
        if spans is None:
            spans = self._days[day] = self._spans_of(day)
        for span in spans:
            if moment < span[1]:
                return span
        raise AssertionError  # the spans of a day reach to its end

    def _spans_of(self, utc_day: int) -> tuple[tuple[int, int], ...]:
        spans: list[tuple[int, int]] = []
        for end, local_day, is_peak in self._clock.spans(utc_day):
            index = self._best(date.fromordinal(local_day), PEAK if is_peak else OFFPEAK)
            if spans and spans[-1][0] == index:
                spans[-1] = (index, end)
            else:
                spans.append((index, end))
        return tuple(spans)

    def _best(self, day: date, band: str) -> int:
        bands = (band, ANY) if self._uses_bands else (ANY,)
        for index, rate in self._ranked:
            if rate.band in bands and rate.is_valid_on(day):
                return index
        return NO_RATE


class RateBook:
    """The rates of a contract, ready to be asked by access, number and moment."""

    __slots__ = ("_by_head", "_clock", "_head", "_rates", "_timelines", "_uses_bands")

    def __init__(self, rates: Iterable[Rate], clock: LocalClock, *, uses_bands: bool) -> None:
        """Index the rates; without ``uses_bands`` only those of the band ``any`` count."""
        self._rates = tuple(enumerate(rates))
        self._clock = clock
        self._uses_bands = uses_bands
        # Numbers that agree on as many digits as the longest prefix has match the same prefixes.
        self._head = 1 + max((len(rate.prefix) for _, rate in self._rates), default=0)
        self._by_head: dict[tuple[str, str], Timeline] = {}
        self._timelines: dict[tuple[int, ...], Timeline] = {}

    def timeline(self, access: str, number: str | None) -> Timeline:
        """Answer the rates in force for a number (E.164, or None where the caller is unknown)."""
        head = number[: self._head] if number else ""
        found = self._by_head.get((access, head))
        if found is None:
            found = self._by_head[access, head] = self._matching(access, head.removeprefix("+"))
        return found

    def _matching(self, access: str, digits: str) -> Timeline:
        matching = [
            (index, rate)
            for index, rate in self._rates
            if rate.access == access and digits.startswith(rate.prefix)
        ]
        matching.sort(key=lambda ranked: (-len(ranked[1].prefix), ranked[1].band == ANY))
        indexes = tuple(index for index, _ in matching)
        if indexes not in self._timelines:
            self._timelines[indexes] = Timeline(
                tuple(matching), self._clock, uses_bands=self._uses_bands
            )
        return self._timelines[indexes]
