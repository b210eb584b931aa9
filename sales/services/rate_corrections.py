"""Correct a rate that was wrong, also of past days; billing corrects what was billed by it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from sales.models import Contract, ContractRate
from sales.selectors import rate_object

from .contracts import ContractNotActiveError, Who, locked
from .rates import RateExtension, plan_extension, write_extension
from .reading import ContractInvalidError, Fault
from .terms import checked_rate

CORRECTABLE = (
    "price_per_minute",
    "first_increment",
    "next_increment",
    "minimum_seconds",
    "connection_fee",
)


def preview_correction(
    *,
    rate: ContractRate,
    terms: Mapping[str, Any],
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> RateExtension:
    """Return what ``correct_rate`` would do; write nothing.

    Raises:
        ContractNotActiveError: a draft, which is simply changed.
        ContractInvalidError: see ``correct_rate``.
    """
    if rate.contract.status == Contract.Status.DRAFT:
        raise ContractNotActiveError(_("A draft is changed, not corrected."))
    if rate.superseded_at is not None:
        message = _("Another rate has taken the place of this one: look again.")
        raise ContractInvalidError([Fault(("price_per_minute",), "superseded", message)])
    given = rate_object(rate) | {name: terms[name] for name in CORRECTABLE if name in terms}
    first = valid_from or rate.valid_from
    last = valid_to or rate.valid_to
    given["valid_to"] = last.isoformat() if last else None
    values = checked_rate(given, valid_from=first)
    _refuse_other_days(rate, first, last)
    new = ContractRate(contract=rate.contract, **values)
    if all(getattr(new, name) == getattr(rate, name) for name in CORRECTABLE):
        message = _("This is what the rate says already.")
        raise ContractInvalidError([Fault(("price_per_minute",), "unchanged", message)])
    return plan_extension(new, [rate])


@transaction.atomic
def correct_rate(
    *,
    rate: ContractRate,
    terms: Mapping[str, Any],
    actor: Who,
    now: dt.datetime,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> ContractRate:
    """Supersede a rate that was wrong, on some or all of its days, and return the right one.

    What was known before stays known as such. Unlike ``extend_rate`` it changes the price of past
    days: nothing is priced again by it alone.

    Args:
        rate: one that is known now (not superseded).
        terms: what was wrong: price and fee as decimal strings, increments and minimum in seconds.
        actor: who does it.
        now: the moment from which it is known (aware).
        valid_from: the first local day, by default the rate's.
        valid_to: the first local day on which it was right again, by default the rate's.

    Raises:
        ContractNotActiveError: a draft, which is simply changed.
        ContractInvalidError: values that can't be, days outside of the rate's own, no difference,
            or a rate that was superseded.
    """
    contract = locked(rate.contract)
    rate = ContractRate.objects.get(pk=rate.pk)
    rate.contract = contract
    extension = preview_correction(rate=rate, terms=terms, valid_from=valid_from, valid_to=valid_to)
    return write_extension(extension, "contract.rate_corrected", actor=actor, now=now)


def _refuse_other_days(rate: ContractRate, first: dt.date, last: dt.date | None) -> None:
    message = _("Only days of the rate itself can be corrected.")
    if first < rate.valid_from or (rate.valid_to is not None and first >= rate.valid_to):
        raise ContractInvalidError([Fault(("valid_from",), "outside_rate", message)])
    if rate.valid_to is not None and (last is None or last > rate.valid_to):
        raise ContractInvalidError([Fault(("valid_to",), "outside_rate", message)])
