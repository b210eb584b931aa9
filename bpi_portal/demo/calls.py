"""Invent conferences: when, how long, who, over which access. The same seed invents the same."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from .companies import FIRST_NAMES, TITLES_EN, TITLES_ES, Company

ACCESS = ("voip", "voip", "voip", "toll", "toll", "toll_free", "dial_out")
HOURS = (8, 9, 9, 10, 11, 12, 15, 16, 17, 18, 19)
FRIDAY = 5
SHARE_NOT_AT_WEEKENDS = 0.85
SHARE_ABROAD = 0.3
NUMBERS = {
    "ES": "+3491555",
    "PT": "+35121555",
    "FR": "+3315555",
    "DE": "+4930555",
    "IT": "+39065555",
    "NL": "+3120555",
    "IE": "+3531555",
    "BE": "+322555",
    "MX": "+525555",
    "CL": "+5622555",
    "CO": "+57601555",
    "PE": "+511555",
    "AR": "+54115555",
    "UY": "+5982555",
    "EC": "+5932555",
}


@dataclass(frozen=True, slots=True)
class PlannedConference:
    """A conference to be booked: ``fate`` is held, missed, or cancelled (the day before)."""

    company: Company
    title: str
    start: dt.datetime
    minutes: int
    ports: int
    fate: str
    seed: str

    @property
    def end(self) -> dt.datetime:
        """The end of the booked time (UTC)."""
        return self.start + dt.timedelta(minutes=self.minutes)


def conferences_of(
    company: Company, *, since: dt.date, until: dt.date
) -> Iterator[PlannedConference]:
    """Yield the conferences of a company between two days (``until`` exclusive), in any order."""
    chance = random.Random(f"{company.tax_id} {since}")  # noqa: S311 (not a secret)
    days = (until - since).days
    for place in range(round(company.conferences * days / 30)):
        day = since + dt.timedelta(days=chance.randrange(days))
        if day.isoweekday() > FRIDAY and chance.random() < SHARE_NOT_AT_WEEKENDS:
            day += dt.timedelta(days=7 - day.weekday())
        if day >= until:
            continue
        clock = dt.time(chance.choice(HOURS), chance.choice((0, 0, 15, 30)))
        start = dt.datetime.combine(day, clock, ZoneInfo(company.timezone)).astimezone(dt.UTC)
        titles = TITLES_EN if company.language == "en" else TITLES_ES
        yield PlannedConference(
            company=company,
            title=chance.choice(titles),
            start=start,
            minutes=chance.choice((30, 30, 45, 60, 60, 90)),
            ports=company.people + chance.randrange(3),
            fate=chance.choices(("held", "missed", "cancelled"), (92, 4, 4))[0],
            seed=f"{company.tax_id}-{since:%Y%m%d}-{place}",
        )


def record_of(
    planned: PlannedConference, *, room: int | None, reservation: str | None
) -> dict[str, Any]:
    """Return the call record of a conference held, as a bridge posts it (API.md)."""
    chance = random.Random(planned.seed)  # noqa: S311 (not a secret)
    legs = [_leg(planned, place, chance) for place in range(_people(planned, chance))]
    return {
        "call_id": f"demo-{planned.seed}",
        "conference_id": None,
        "room": room,
        "reservation": reservation,
        "started_at": min(leg["answered_at"] for leg in legs),
        "ended_at": max(leg["ended_at"] for leg in legs),
        "legs": legs,
    }


def _people(planned: PlannedConference, chance: random.Random) -> int:
    return max(2, min(planned.ports, planned.company.people + chance.randrange(-2, 2)))


def _leg(planned: PlannedConference, place: int, chance: random.Random) -> dict[str, Any]:
    access = chance.choice(ACCESS)
    answered = planned.start + dt.timedelta(seconds=chance.uniform(-90, 300))
    longest = (planned.end - answered).total_seconds()
    ended = answered + dt.timedelta(seconds=chance.uniform(0.55, 1.0) * longest)
    number = None
    if access != "voip":
        # Some dial out to Mexico, for which contracts have a rate of their own.
        abroad = access == "dial_out" and chance.random() < SHARE_ABROAD
        prefix = "+5281555" if abroad else NUMBERS[planned.company.country]
        number = f"{prefix}{chance.randrange(1000, 10_000)}"
    return {
        "id": f"demo-{planned.seed}-{place}",
        "participant": f"{chance.choice(FIRST_NAMES)} {place + 1}",
        "access": access,
        "number": number,
        "answered_at": _text(answered),
        "ended_at": _text(ended),
    }


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
