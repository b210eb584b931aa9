"""Cut UTC time where local clocks cross midnight or a peak boundary, or are put forward or back.

Zones are asked once per UTC day; between the cuts everything is integer arithmetic. The hour that
comes twice lies in two spans of equal wall clock, hence it is peak twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from toolkit.periods import DAY, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from billing.rating.rates import Peak

MINUTE: Final = 60 * SECOND
DAY_SECONDS: Final = DAY // SECOND
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


class Span(NamedTuple):
    """A stretch of UTC microseconds on one local date, all peak or all not; ``end`` exclusive."""

    end: int
    local_day: int
    is_peak: bool


class LocalClock:
    """The wall clock of a contract: local dates (as ordinals) and peak hours of UTC moments."""

    __slots__ = ("_days", "_holidays", "_peak", "_zone")

    def __init__(self, zone: ZoneInfo, peak: Peak | None, holidays: frozenset[date]) -> None:
        """Read the clock of ``zone``; without ``peak`` no moment is peak."""
        self._zone = zone
        self._peak = peak
        self._holidays = frozenset(day.toordinal() for day in holidays)
        self._days: dict[int, tuple[Span, ...]] = {}

    def spans(self, utc_day: int) -> tuple[Span, ...]:
        """Answer the spans of a UTC day (counted from 1970), in order and without gap."""
        spans = self._days.get(utc_day)
        if spans is None:
            spans = self._days[utc_day] = tuple(self._cut(utc_day))
        return spans

    def local_day(self, moment: int) -> date:
        """Answer the local date of a moment in UTC microseconds."""
        for span in self.spans(moment // DAY):
            if moment < span.end:
                return date.fromordinal(span.local_day)
        raise AssertionError  # the spans of a day reach to its end

    def _cut(self, utc_day: int) -> Iterator[Span]:
        for start, end, offset in self._stretches(utc_day):
            reached = start
            for day in range((start + offset) // DAY, (end - 1 + offset) // DAY + 1):
                midnight = day * DAY - offset
                for until, is_peak in self._hours(day + EPOCH_ORDINAL):
                    cut = min(end, midnight + until)
                    if reached < cut:
                        yield Span(cut, day + EPOCH_ORDINAL, is_peak)
                        reached = cut

    def _hours(self, local_day: int) -> tuple[tuple[int, bool], ...]:
        """Answer (microseconds after midnight at which it ends, peak or not) of a local date."""
        peak = self._peak
        weekday = (local_day - 1) % 7 + 1
        if peak is None or weekday not in peak.weekdays or local_day in self._holidays:
            return ((DAY, False),)
        return (
            (peak.from_minute * MINUTE, False),
            (peak.to_minute * MINUTE, True),
            (DAY, False),
        )

    def _stretches(self, utc_day: int) -> Iterator[tuple[int, int, int]]:
        """Answer (start, end, offset of the zone) in microseconds: stretches of one offset.

        Clocks are looked at every hour: none was ever changed twice within one.
        """
        first = utc_day * DAY_SECONDS
        start, offset = first, self._offset(first)
        for hour in range(first + 3600, first + DAY_SECONDS + 1, 3600):
            last = hour - 1
            if self._offset(last) != offset:
                change = self._change_between(max(start, last - 3600), last, offset)
                yield start * SECOND, change * SECOND, offset * SECOND
                start, offset = change, self._offset(last)
        yield start * SECOND, (first + DAY_SECONDS) * SECOND, offset * SECOND

    def _change_between(self, low: int, high: int, offset: int) -> int:
        """Answer the first second after ``low`` whose offset differs; that of ``high`` does."""
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == offset:
                low = middle
            else:
                high = middle
        return high

    def _offset(self, second: int) -> int:
        # Counted from a moment instead of datetime.fromtimestamp(), whose range depends on the C
        # library of the machine.
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        offset = moment.astimezone(self._zone).utcoffset() or timedelta()
        return offset // timedelta(seconds=1)
