"""Who would be touched if a rate that was wrong were corrected, and by how much. Writes nothing."""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from billing.models import BillingPeriod, Charge, ChargeLine, Invoice
from billing.selectors.billed import by_charge, differences, pending_lines
from billing.selectors.re_ratings import months_of
from billing.selectors.terms import KnownTerms, period_lines_of, terms_of, terms_with_rates
from sales.models import Contract, ContractRate
from sales.selectors import rates_known
from sales.services import RateExtension, preview_correction
from toolkit.money import to_decimal

from .closed_months import price_month
from .pricing import Ledger

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedConference:
    """A conference that would cost another price; amounts without VAT.

    ``difference`` is what would be billed more or less: 0 where all that was billed of it was
    credited, and never more than what credit notes left.
    """

    charge: Charge
    is_issued: bool
    before: Decimal
    after: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedMonth:
    """A contract's month, and what would be billed more or less of it, without VAT.

    ``of_month`` is the part of the month itself (its commitment).
    """

    contract: Contract
    period: str
    is_closed: bool
    conferences: list[TouchedConference]
    of_month: Decimal

    @property
    def difference(self) -> Decimal:
        """Answer the whole difference."""
        return self.of_month + sum((one.difference for one in self.conferences), _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCorrection:
    """What correcting a rate in some contracts would change."""

    extensions: list[RateExtension]
    months: list[TouchedMonth]

    @property
    def touched(self) -> list[TouchedMonth]:
        """Answer the months in which anything changes."""
        return [month for month in self.months if month.conferences or month.of_month]

    @property
    def sums(self) -> dict[str, Decimal]:
        """Answer the whole difference by currency."""
        found: dict[str, Decimal] = {}
        for month in self.touched:
            currency = month.contract.currency
            found[currency] = found.get(currency, _NOTHING) + month.difference
        return found

    @property
    def fingerprint(self) -> str:
        """Answer a text that differs as soon as anything of it does."""
        said = [
            [
                month.contract.pk,
                month.period,
                month.is_closed,
                str(month.of_month),
                [
                    [one.charge.pk, str(one.before), str(one.after), str(one.difference)]
                    for one in month.conferences
                ],
            ]
            for month in self.months
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def preview_rate_correction(
    *,
    rates: Sequence[ContractRate],
    terms: Mapping[str, Any],
    now: dt.datetime,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> RateCorrection:
    """Answer what correcting ``rates``, each of another contract, would change.

    Every month in which a rate was used is priced again as a whole: included minutes, tiers and
    the commitment make one conference depend on another.

    Raises:
        ContractNotActiveError: see ``sales.services.correct_rate``.
        ContractInvalidError: see there.
    """
    extensions, months = [], []
    for place, rate in enumerate(rates):
        first, last = (
            (valid_from, valid_to) if not place else days_within(rate, valid_from, valid_to)
        )
        extension = preview_correction(rate=rate, terms=terms, valid_from=first, valid_to=last)
        extensions.append(extension)
        months += list(_months(extension, now))
    return RateCorrection(extensions=extensions, months=months)


def days_within(
    rate: ContractRate, valid_from: dt.date | None, valid_to: dt.date | None
) -> tuple[dt.date, dt.date | None]:
    """Answer the days asked for that are days of the rate."""
    ends = [day for day in (valid_to, rate.valid_to) if day is not None]
    return max(valid_from or rate.valid_from, rate.valid_from), min(ends, default=None)


def _months(extension: RateExtension, now: dt.datetime) -> Iterator[TouchedMonth]:
    new = extension.new
    contract = new.contract
    gone = {rate.pk for rate in extension.superseded}
    kept = [rate for rate in rates_known(contract) if rate.pk not in gone]
    known = terms_with_rates(contract, [*kept, *extension.after])
    known_now = terms_of(contract)
    for period in months_of(contract, new.valid_from, new.valid_to):
        yield _month(known, known_now, period, now)


def _month(known: KnownTerms, known_now: KnownTerms, period: str, now: dt.datetime) -> TouchedMonth:
    contract = known.contract
    before = dict(Charge.objects.filter(contract=contract, period=period).values_list("pk", "net"))
    ledger = Ledger(known, now)
    price_month(ledger=ledger, period=period)
    after = before | {charge.pk: charge.net for charge in ledger.changed}
    closed = BillingPeriod.objects.filter(contract=contract, period=period)
    is_closed = closed.filter(closed_at__isnull=False).exists()
    issued = set(
        Invoice.objects.filter(
            pk__in={charge.invoice_id for charge in ledger.changed},
            state=Invoice.State.ISSUED,
        ).values_list("pk", flat=True)
    )
    billed = _issued_differences(
        known,
        period,
        [charge for charge in ledger.changed if charge.invoice_id in issued],
        by_charge(ledger.unsaved_lines),
        sum(after.values(), _NOTHING),
    )
    touched = [
        TouchedConference(
            charge=charge,
            is_issued=charge.invoice_id in issued,
            before=before[charge.pk],
            after=charge.net,
            difference=billed.get(charge.pk, charge.net - before[charge.pk]),
        )
        for charge in ledger.changed
    ]
    if None in billed:
        of_month = billed[None]
    else:
        of_month = _net_of_month(known, period, after) - _net_of_month(known_now, period, before)
    return TouchedMonth(
        contract=contract,
        period=period,
        is_closed=is_closed,
        conferences=[one for one in touched if one.before != one.after or one.difference],
        of_month=of_month,
    )


def _issued_differences(
    known: KnownTerms,
    period: str,
    charges: Collection[Charge],
    lines: Mapping[int, Mapping[str, ChargeLine]],
    net: Decimal,
) -> dict[int | None, Decimal]:
    """Answer what would be billed more or less, by charge (None: the month itself, if issued)."""
    found: dict[int | None, Decimal] = {}
    for one in differences(
        known=known, period=period, charges=charges, lines=lines, net_of_conferences=net
    ):
        pk = one.charge.pk if one.charge else None
        found[pk] = found.get(pk, _NOTHING) + one.amount
    pending = pending_lines(known.contract, period).order_by()
    for pk, waiting in pending.values_list("charge").annotate(sum=Sum("net")):
        if pk in found:
            found[pk] -= waiting
    return found


def _net_of_month(known: KnownTerms, period: str, nets: Mapping[int, Decimal]) -> Decimal:
    total = sum(nets.values(), _NOTHING)
    lines = period_lines_of(known, period, net_of_conferences=total)
    return sum((to_decimal(line.net, known.terms.currency) for line, _ in lines), _NOTHING)
