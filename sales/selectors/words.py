"""The terms of a contract in words, in the active language; money stays a number."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sales.models import Contract
from toolkit.telephony import Access

FEE_LABELS: dict[str, str | Promise] = {
    "setup": gettext_lazy("Set-up, per conference"),
    "operator": gettext_lazy("Operator, per assisted conference"),
    "recording_per_minute": gettext_lazy("Recording, per minute"),
    "unused_port": gettext_lazy("Reserved port not used"),
    "overage_port": gettext_lazy("Port beyond those reserved"),
    "no_show": gettext_lazy("Conference not attended"),
    "late_cancel": gettext_lazy("Late cancellation"),
    "late_cancel_hours": gettext_lazy("Late means: hours before the start"),
    "minimum_participants": gettext_lazy("Minimum of participants"),
    "minimum_participant_per_minute": gettext_lazy("Missing participant, per minute"),
}
_DASH = "\N{EN DASH}"
_DAYS_OF_A_RUN = 3  # from three days on, "Mon-Wed" reads better than "Mon, Tue, Wed"


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee that was agreed: an amount of money or a whole number."""

    label: str | Promise
    amount: Decimal | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Discount:
    """From so many charged minutes of a month, so many percent less."""

    from_minutes: int
    percent: Decimal


def weekday_choices() -> list[tuple[int, str | Promise]]:
    """Return the days of the week by their ISO number, Monday first."""
    return [(number + 1, name) for number, name in sorted(WEEKDAYS.items())]


def peak_in_words(contract: Contract) -> str:
    """Say when it is peak: ``Mon-Fri, 08:00-20:00``; empty without peak hours."""
    if not contract.peak:
        return ""
    days = _runs_in_words(sorted(contract.peak["weekdays"])) or _("no day")
    return f"{days}, {contract.peak['from']}{_DASH}{contract.peak['to']}"


def fees_of(contract: Contract) -> list[Fee]:
    """Return the fees that were agreed, in the order of TARIFF.md."""
    return [
        Fee(label, Decimal(value), None)
        if isinstance(value := contract.fees[key], str)
        else Fee(label, None, value)
        for key, label in FEE_LABELS.items()
        if key in contract.fees
    ]


def discounts_of(contract: Contract) -> list[Discount]:
    """Return the volume discounts, ascending."""
    return [
        Discount(tier["from_minutes"], Decimal(tier["discount_percent"])) for tier in contract.tiers
    ]


def included_in_words(contract: Contract) -> str:
    """Name the ways of access that the included minutes are for."""
    return ", ".join(str(Access(access).label) for access in contract.included_access)


def terms_in_words(contract: Contract) -> dict[str, Any]:
    """Return what a page or a document shows beside the rates."""
    return {
        "peak": peak_in_words(contract),
        "fees": fees_of(contract),
        "discounts": discounts_of(contract),
        "included_access": included_in_words(contract),
    }


def _runs_in_words(days: list[int]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = []
    for run in runs:
        names = [str(WEEKDAYS_ABBR[day - 1]) for day in run]
        parts += [f"{names[0]}{_DASH}{names[-1]}"] if len(run) >= _DAYS_OF_A_RUN else names
    return ", ".join(parts)
