"""What took place: conferences and their legs.

Moments are UTC microseconds since 1970, see ``toolkit.periods.to_microseconds``.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.periods import SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One participant's way into a conference; moments in UTC microseconds."""

    id: str
    participant: str
    access: str
    number: str | None
    answered_at: int
    ended_at: int

    @property
    def duration_seconds(self) -> int:
        """Count the seconds, any fraction as a whole one; below zero if the times are bad."""
        return -((self.answered_at - self.ended_at) // SECOND)

    @property
    def is_billable(self) -> bool:
        """Tell whether the leg lasted at all."""
        return self.ended_at > self.answered_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """A conference that took place, was cancelled or was not attended.

    Moments are UTC microseconds. ``scheduled_start`` may be None only where a leg lasted.
    ``reserved_ports`` None or 0 means that no port was reserved: no port lines.
    """

    id: str
    scheduled_start: int | None
    legs: tuple[Leg, ...]
    cancelled_at: int | None = None
    operator_assisted: bool = False
    recorded: bool = False
    reserved_ports: int | None = None

    @property
    def first_moment(self) -> int:
        """Answer the first answer of a leg that lasted, else the scheduled start.

        Raises:
            ValueError: neither exists.
        """
        first = min((leg.answered_at for leg in self.legs if leg.is_billable), default=None)
        if first is None:
            first = self.scheduled_start
        if first is None:
            message = f"conference {self.id!r} has neither a leg that lasted nor a scheduled start"
            raise ValueError(message)
        return first


def pricing_key(conference: Conference) -> tuple[int, str]:
    """Answer the order in which a period's conferences eat its pool and climb its tiers."""
    return conference.first_moment, conference.id
