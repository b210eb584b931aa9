"""Charge a batch of imported calls in one transaction."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction

from billing import rating
from billing.models import BillingPeriod, Charge, ChargeLine, Invoice
from billing.rating import PeriodState
from billing.selectors.calls import Call
from billing.selectors.terms import KnownTerms, contract_among, terms_with_rates
from conferencing.models import Bridge, Conference
from conferencing.services import OutcomeKind, accept_call_record
from conferencing.services.bulk_intake import (
    BilledLeg,
    ImportedCall,
    NewCall,
    new_calls,
    sort_calls,
    write_calls,
)
from customers.models import Customer
from integration.services import record_event
from sales.models import Contract
from sales.selectors import rates_by_contract
from toolkit.copying import copy_models, next_ids
from toolkit.periods import Period, to_microseconds

from .bulk_drafts import Draft, VatRates, contracts_with_more, draft_month, write_lines
from .charges import charge_conference
from .invoices import follow_charges
from .pricing import Ledger
from .problems import assign_conference

IMPORT = "import"


@dataclass
class BatchDone:
    """What a batch wrote, and what is left for the ordinary path."""

    unusual: list[ImportedCall] = field(default_factory=list)
    imported: int = 0
    legs: int = 0
    known: int = 0
    drafts: int = 0


class _MonthKey(NamedTuple):
    contract_id: int
    period: str


@dataclass
class _Month:
    """The new calls of a contract's month, in the order of pricing."""

    key: _MonthKey
    known: KnownTerms
    calls: list[NewCall]
    last: Charge | None
    ledger: Ledger
    charges: list[Charge] = field(default_factory=list)


def order_of(call: ImportedCall) -> tuple[str, dt.datetime, uuid.UUID]:
    """Answer the place of a call: customer by customer, then in the order of pricing."""
    return call.customer, _first_moment(call), call.conference_id


def _first_moment(call: ImportedCall) -> dt.datetime:
    held = (leg.answered_at for leg in call.told.legs if leg.ended_at > leg.answered_at)
    return min(held, default=call.told.started_at)


def import_one(*, bridge: Bridge, call: ImportedCall, now: dt.datetime) -> None:
    """Take a call in as the signed feed does, give it to its customer, and charge it.

    Raises:
        InvalidCallRecordError: a leg belongs to another call.
    """
    with transaction.atomic():
        outcome = accept_call_record(bridge=bridge, record=call.record, now=now)
        conference = outcome.conference
        customer = Customer.objects.filter(number=call.customer).first() if call.customer else None
        if conference.customer_id is None and customer is not None:
            if outcome.kind == OutcomeKind.NEW:
                Conference.objects.filter(pk=conference.pk).update(**call.booked)
            if conference.state != Conference.State.LIVE:
                assign_conference(conference=conference, customer=customer, actor=IMPORT, now=now)
                return
    if conference.state != Conference.State.LIVE:
        charge_conference(conference_id=conference.pk, now=now)


def import_batch(
    *, bridge: Bridge, calls: Sequence[ImportedCall], now: dt.datetime, is_careful: bool
) -> BatchDone:
    """Write and charge the plain calls of some customers; answer the others.

    Contracts and months are locked as one charge locks them, many at once in the order of their
    ids. The caller's transaction is all or nothing.

    Raises:
        IntegrityError: a leg is known already; repeat it with ``is_careful``.
    """
    numbers = {call.customer for call in calls if call.customer}
    customers = {one.number: one for one in Customer.objects.filter(number__in=numbers)}
    found = sort_calls(bridge=bridge, calls=calls, customers=customers, is_careful=is_careful)
    done = BatchDone(unusual=found.unusual, known=len(found.known))
    if not found.plain:
        return done
    contracts = _lock_contracts(customers.values())
    homes = _homes(found.plain, customers, contracts, done)
    keys = sorted(set(homes.values()))
    closed, last = _lock_months(keys)
    plain = sorted((call for call in found.plain if call.conference_id in homes), key=order_of)
    terms = _terms(contracts, keys)
    months = []
    for key, of_month in _by_month(plain, homes):
        known = terms[key.contract_id]
        if key in closed or not _goes_last(known, of_month[0], last.get(key)):
            done.unusual += of_month
            continue
        fresh = new_calls(bridge=bridge, calls=of_month, customers=customers, now=now)
        months.append(_Month(key, known, fresh, last.get(key), Ledger(known, now)))
    if months:
        _write(bridge, months, done, now)
    return done


def _lock_contracts(customers: Iterable[Customer]) -> dict[int, list[Contract]]:
    """Lock the contracts of customers until the end of the transaction; answer them by customer."""
    contracts = (
        Contract.objects.exclude(status=Contract.Status.DRAFT)
        .filter(customer__in=[customer.pk for customer in customers])
        .select_related("customer")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    found: dict[int, list[Contract]] = {}
    for contract in contracts:
        found.setdefault(contract.customer_id, []).append(contract)
    return found


def _homes(
    calls: Iterable[ImportedCall],
    customers: dict[str, Customer],
    contracts: dict[int, list[Contract]],
    done: BatchDone,
) -> dict[uuid.UUID, _MonthKey]:
    """Answer the month that each call belongs to; those without a contract are unusual."""
    homes = {}
    for call in calls:
        moment = _first_moment(call)
        of_customer = contracts.get(customers[call.customer].pk, [])
        contract = contract_among(of_customer, moment)
        if contract is None or contract.billing != Contract.Billing.MONTHLY:
            done.unusual.append(call)
            continue
        period = str(Period.of_moment(moment, ZoneInfo(contract.timezone)))
        homes[call.conference_id] = _MonthKey(contract.pk, period)
    return homes


def _lock_months(keys: list[_MonthKey]) -> tuple[set[_MonthKey], dict[_MonthKey, Charge]]:
    """Lock months; answer those that are closed, and the last charge in the order of each."""
    ids = {key.contract_id for key in keys}
    BillingPeriod.objects.bulk_create(
        [BillingPeriod(contract_id=key.contract_id, period=key.period) for key in keys],
        ignore_conflicts=True,
    )
    locked = BillingPeriod.objects.filter(contract__in=ids).order_by("contract_id", "period")
    closed = {
        _MonthKey(month.contract_id, month.period)
        for month in locked.select_for_update()
        if month.closed_at is not None
    }
    charges = (
        Charge.objects.filter(contract__in=ids, period__in={key.period for key in keys})
        .order_by("contract_id", "period", "-sort_at", "-conference_id")
        .distinct("contract_id", "period")
    )
    last = {
        _MonthKey(charge.contract_id, charge.period): charge
        for charge in charges
        if charge.contract_id is not None
    }
    return closed, last


def _terms(
    contracts: dict[int, list[Contract]], keys: Iterable[_MonthKey]
) -> dict[int, KnownTerms]:
    wanted = {key.contract_id for key in keys}
    used = [one for some in contracts.values() for one in some if one.pk in wanted]
    rates = rates_by_contract(used)
    return {contract.pk: terms_with_rates(contract, rates[contract.pk]) for contract in used}


def _by_month(
    calls: list[ImportedCall], homes: dict[uuid.UUID, _MonthKey]
) -> list[tuple[_MonthKey, list[ImportedCall]]]:
    by_month = sorted(calls, key=lambda call: homes[call.conference_id])  # stable: still in order
    return [
        (key, list(group)) for key, group in groupby(by_month, key=lambda c: homes[c.conference_id])
    ]


def _goes_last(known: KnownTerms, first: ImportedCall, last: Charge | None) -> bool:
    if last is None or not known.has_counters:
        return True
    return (last.sort_at, last.conference_id) < order_of(first)[1:]


def _write(bridge: Bridge, months: list[_Month], done: BatchDone, now: dt.datetime) -> None:
    calls = [call for month in months for call in month.calls]
    ids = next_ids(Charge, len(calls))
    for month in months:
        _price(month, ids, now)
    lines = [line for month in months for line in month.ledger.unsaved_lines]
    for line, pk in zip(lines, next_ids(ChargeLine, len(lines)), strict=True):
        line.pk = pk
    drafts, others = _draft(months, now)
    write_calls(bridge=bridge, calls=calls, now=now)
    copy_models([draft.invoice for draft in drafts])
    copy_models([charge for month in months for charge in month.charges])
    copy_models(lines)
    copy_models([leg for month in months for leg in month.ledger.unsaved_legs])
    write_lines(drafts)
    for month in others:
        follow_charges(charges=month.charges, known=month.known, now=now)
    for month in months:
        _record(month, now)
    done.imported += len(calls)
    done.legs += sum(len(call.legs) for call in calls)
    done.drafts += len(drafts)


def _price(month: _Month, ids: Iterator[int], now: dt.datetime) -> None:
    """Price the calls of a month at the counters that it has reached."""
    last, known = month.last, month.known
    state = PeriodState(last.free_after, last.charged_after) if last else PeriodState()
    for new in month.calls:
        call = _call(new)
        charge = Charge(
            id=next(ids),
            conference=new.conference,
            customer=new.conference.customer,
            contract=known.contract,
            period=month.key.period,
            currency=known.contract.currency,
            record_version=1,
            sort_at=call.sort_at,
            created_at=now,
            priced_at=now,
        )
        state = month.ledger.price(charge, call, state)
        month.charges.append(charge)


def _call(new: NewCall) -> Call:
    """Answer a new call as ``call_of`` will once it is written."""
    conference = new.conference
    return Call(
        conference=conference,
        record_version=1,
        counted=rating.Conference(
            id=str(conference.pk),
            scheduled_start=to_microseconds(conference.scheduled_start),
            cancelled_at=None,
            operator_assisted=conference.operator_assisted,
            recorded=conference.recorded,
            reserved_ports=conference.reserved_ports,
            legs=tuple(_counted(leg) for leg in new.legs),
        ),
        leg_ids={leg.told.leg_id: leg.id for leg in new.legs},
        estimated=frozenset(leg.told.leg_id for leg in new.legs if leg.is_estimated),
    )


def _counted(leg: BilledLeg) -> rating.Leg:
    told = leg.told
    return rating.Leg(
        id=told.leg_id,
        participant=told.participant,
        access=leg.access,
        number=leg.number or None,
        answered_at=to_microseconds(told.answered_at),
        ended_at=to_microseconds(told.ended_at),
    )


def _draft(months: list[_Month], now: dt.datetime) -> tuple[list[Draft], list[_Month]]:
    """Draft the invoices of months that begin here; answer those that have something already."""
    ids = {month.key.contract_id for month in months}
    others = contracts_with_more(ids)
    drafts, rest = [], []
    vat: VatRates = {}
    for month in months:
        if month.last is not None or month.key in others or month.key.contract_id in others:
            rest.append(month)
            continue
        draft = draft_month(
            known=month.known,
            period=month.key.period,
            charges=month.charges,
            lines=month.ledger.unsaved_lines,
            vat=vat,
            now=now,
        )
        if draft is not None:
            drafts.append(draft)
    for draft, pk in zip(drafts, next_ids(Invoice, len(drafts)), strict=True):
        draft.take_id(pk)
    return drafts, rest


def _record(month: _Month, now: dt.datetime) -> None:
    record_event(
        type="calls.imported",
        actor=IMPORT,
        customer_number=month.known.contract.customer.number,
        subject=("contract", month.known.contract.number),
        data={"period": month.key.period, "conferences": len(month.calls)},
        now=now,
    )
