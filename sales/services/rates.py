"""Extend a rate from a day on: close the one before, never edit the past."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from integration.services import record_event
from sales.models import Contract, ContractRate
from sales.selectors import rates_known

from .contracts import ContractNotActiveError, Who, local_day, locked, user_or_none
from .reading import ContractInvalidError, Fault
from .terms import checked_rate

_TERMS = (
    "price_per_minute",
    "first_increment",
    "next_increment",
    "minimum_seconds",
    "connection_fee",
)


@dataclass(slots=True)
class RateExtension:
    """What extending a rate changes: rows that stop counting, rows that come in their place.

    ``kept`` are the shortened copies of what is superseded: the days before the new rate and,
    where the new one has an end, those after it.
    """

    new: ContractRate
    superseded: list[ContractRate] = field(default_factory=list)
    kept: list[ContractRate] = field(default_factory=list)

    @property
    def after(self) -> list[ContractRate]:
        """The rows that come, in the order of their days."""
        return sorted([*self.kept, self.new], key=lambda rate: rate.valid_from)


def preview_extension(
    *, contract: Contract, rate: Mapping[str, Any], valid_from: dt.date | str, now: dt.datetime
) -> RateExtension:
    """Return what ``extend_rate`` would do; write nothing.

    Raises:
        ContractNotActiveError: the contract has ended.
        ContractInvalidError: the rate is not possible.
    """
    if contract.status == Contract.Status.ENDED:
        raise ContractNotActiveError(_("This contract has ended."))
    values = checked_rate(rate, valid_from=valid_from)
    known = rates_known(contract)
    new = ContractRate(contract=contract, **values)
    extension = plan_extension(new, [row for row in known if _key(row) == _key(new)])
    if fault := _fault_of_days(contract, new, known, local_day(contract, now)):
        raise ContractInvalidError([fault])
    return extension


@transaction.atomic
def extend_rate(
    *,
    contract: Contract,
    rate: Mapping[str, Any],
    valid_from: dt.date | str,
    actor: Who,
    now: dt.datetime,
) -> ContractRate:
    """Agree a new price of a minute from a local day on, and return it.

    The rate in force before for the same access, prefix and band ends that day: it is superseded
    by a copy that is shorter. Without ``valid_to`` the new rate holds until the next one that is
    already agreed, else until the contract ends; with it, the rate before holds again afterwards.
    Prices of past days stay: a rate that starts earlier than today (of the contract's time zone)
    is refused where it would win over one that was in force. On a draft nothing is past.

    Args:
        contract: a draft or one in force.
        rate: a rate of TARIFF.md without ``valid_from``.
        valid_from: the first local day.
        actor: who does it.
        now: the moment from which it is known (aware).

    Raises:
        ContractNotActiveError: the contract has ended.
        ContractInvalidError: the rate is not possible, or already is as given.
    """
    contract = locked(contract)
    extension = preview_extension(contract=contract, rate=rate, valid_from=valid_from, now=now)
    return write_extension(extension, "contract.rate_extended", actor=actor, now=now)


def write_extension(
    extension: RateExtension, what: str, *, actor: Who, now: dt.datetime
) -> ContractRate:
    """Supersede and insert what was planned, and record it. The caller holds the contract's lock.

    ``what`` is the type of the event.
    """
    new = extension.new
    contract = new.contract
    contract.version += 1
    contract.save(update_fields=["version", "updated_at"])
    # First out, then in: the exclusion constraint looks at every statement.
    ContractRate.objects.filter(pk__in=[row.pk for row in extension.superseded]).update(
        superseded_at=now
    )
    for row in (*extension.kept, extension.new):
        row.contract_version = contract.version
        row.known_from = now
        row.created_by = user_or_none(actor)
    ContractRate.objects.bulk_create([*extension.kept, extension.new])
    record_event(
        type=what,
        actor=actor,
        customer_number=contract.customer.number,
        subject=("contract", contract.number),
        data={
            "version": contract.version,
            "rate": new.pk,
            "access": new.access,
            "prefix": new.prefix,
            "band": new.band,
            "valid_from": new.valid_from.isoformat(),
            "valid_to": new.valid_to.isoformat() if new.valid_to else None,
            "supersedes": [row.pk for row in extension.superseded],
        },
        now=now,
    )
    return new


def plan_extension(new: ContractRate, alike: list[ContractRate]) -> RateExtension:
    """Fit ``new`` between the rows for the same calls; set its end where another row begins."""
    later = min((row.valid_from for row in alike if row.valid_from > new.valid_from), default=None)
    if later and new.valid_to and new.valid_to > later:
        message = _("Another rate for the same calls is already agreed from %s.") % later
        raise ContractInvalidError([Fault(("valid_to",), "reaches_later_rate", message)])
    new.valid_to = new.valid_to or later
    extension = RateExtension(new)
    before = next((row for row in alike if _valid_on(row, new.valid_from)), None)
    if before is None:
        return extension
    if _same_terms(before, new):
        message = _("This is the rate in force on those days already.")
        raise ContractInvalidError([Fault(("price_per_minute",), "unchanged", message)])
    extension.superseded.append(before)
    if before.valid_from < new.valid_from:
        extension.kept.append(_copy(before, before.valid_from, new.valid_from))
    if new.valid_to and (before.valid_to is None or before.valid_to > new.valid_to):
        extension.kept.append(_copy(before, new.valid_to, before.valid_to))
    return extension


def _fault_of_days(
    contract: Contract, new: ContractRate, known: Iterable[ContractRate], today: dt.date
) -> Fault | None:
    if contract.end and new.valid_from >= contract.end:
        message = _("The contract does not cover that day.")
        return Fault(("valid_from",), "outside_contract", message)
    if contract.status == Contract.Status.DRAFT or new.valid_from >= today:
        return None
    if any(_was_beaten_by(new, row, today) for row in known):
        message = _("It would change the price of past days: choose today or later.")
        return Fault(("valid_from",), "in_the_past", message)
    return None


def _was_beaten_by(new: ContractRate, row: ContractRate, today: dt.date) -> bool:
    """Tell whether ``new`` would win over ``row`` for some call before ``today``."""
    share_days = row.valid_from < min(new.valid_to or today, today) and (
        row.valid_to is None or row.valid_to > new.valid_from
    )
    any_hour = ContractRate.Band.ANY
    share_calls = (
        row.access == new.access
        and new.prefix.startswith(row.prefix)
        and (row.band == new.band or any_hour in (row.band, new.band))
    )
    loses = row.prefix == new.prefix and new.band == any_hour != row.band
    return share_days and share_calls and not loses


def _key(rate: ContractRate) -> tuple[str, str, str]:
    return rate.access, rate.prefix, rate.band


def _valid_on(rate: ContractRate, day: dt.date) -> bool:
    return rate.valid_from <= day and (rate.valid_to is None or day < rate.valid_to)


def _same_terms(one: ContractRate, other: ContractRate) -> bool:
    return one.valid_to == other.valid_to and all(
        getattr(one, name) == getattr(other, name) for name in _TERMS
    )


def _copy(rate: ContractRate, valid_from: dt.date, valid_to: dt.date | None) -> ContractRate:
    return ContractRate(
        contract=rate.contract,
        access=rate.access,
        prefix=rate.prefix,
        band=rate.band,
        valid_from=valid_from,
        valid_to=valid_to,
        **{name: getattr(rate, name) for name in _TERMS},
    )
