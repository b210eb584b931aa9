"""Charge conferences: what the bridge said becomes money, once for each version of it."""

import datetime as dt
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Charge, Invoice
from billing.selectors.billed import home_of
from billing.selectors.calls import Call, call_of, known_legs
from billing.selectors.charges import CURABLE, is_invoiced
from billing.selectors.terms import contract_at, terms_of
from conferencing.models import Conference
from integration.services import record_event
from sales.models import Contract
from toolkit.errors import DomainError
from toolkit.periods import Period

from .adjustments import cause_of, follow_prices
from .chains import Entry, Place, place_of, price_from
from .closed_months import late_legs, price_closed
from .invoice_lines import Cause
from .invoices import follow_charges, lock_contract, lock_period, refresh_draft
from .issuing import issue_if_agreed
from .pricing import Ledger, sum_up


class ConferenceNotOverError(DomainError):
    """The conference is still going on: there is nothing to charge yet."""

    code = "conference-not-over"
    title = gettext_lazy("The conference is not over")


def charge_conference(*, conference_id: uuid.UUID | str, now: dt.datetime) -> Charge:
    """Charge a finished conference, and bring its draft invoice up to date.

    Idempotent: the same call record makes no difference, a newer one makes the next version. Safe
    beside any number of others; a process that dies half-way leaves nothing behind. Conferences of
    the period that come later in the order of pricing are priced again if the counters changed
    for them. Once something of the period is issued a conference takes the counters as they stand
    and goes on the next monthly invoice; one that is invoiced already and is corrected gives a
    credit or a debit there, as do those whose price depends on it (``adjustments``). What can't be
    charged waits as a charge with a problem. Where it was agreed so, the conference's own invoice
    is issued at once.

    Args:
        conference_id: of a conference that is over.
        now: the present moment (aware).

    Raises:
        ConferenceNotOverError: it is live.
        Conference.DoesNotExist: there is none of that id.
    """
    with transaction.atomic():
        conference = _lock_finished(conference_id)
        charge = Charge.objects.filter(conference=conference).first()
        if charge is None or _is_work(charge, conference):
            charge = _charge(conference, charge, now)
    issue_if_agreed(charge=charge, now=now)
    return charge


@dataclass(frozen=True, slots=True)
class _FormerPlace:
    """Where a charge stood before it was priced anew: usually where it stands afterwards, too."""

    contract: Contract | None
    period: str
    place: Place
    invoice: Invoice | None

    @classmethod
    def of(cls, charge: Charge) -> "_FormerPlace":
        return cls(charge.contract, charge.period, place_of(charge), charge.invoice)

    def is_in(self, contract: Contract | None, period: str) -> bool:
        """Tell whether it stood in that month of that contract."""
        return (self.contract, self.period) == (contract, period)

    def close_gap(self, charge: Charge, now: dt.datetime) -> None:
        """Price again what came after it, and take its lines back, if it went away."""
        if self.contract is None or self.is_in(charge.contract, charge.period):
            return
        known = terms_of(self.contract)
        ledger = Ledger(known, now)
        if lock_period(contract=self.contract, period=self.period).closed_at is None:
            price_from(
                ledger=ledger, period=self.period, since=self.place, until=self.place, entry=None
            )
            follow_charges(charges=ledger.changed, known=known, now=now)
        else:
            if known.has_counters:
                price_closed(ledger=ledger, period=self.period, entry=None)
            follow_prices(
                charges=[*ledger.changed, charge],
                known=known,
                period=self.period,
                cause=Cause.CORRECTION,
                now=now,
            )
        is_draft = self.invoice is not None and self.invoice.state == Invoice.State.DRAFT
        if self.invoice is not None and is_draft and self.invoice.pk != charge.invoice_id:
            refresh_draft(invoice=self.invoice, known=known, now=now)


def _lock_finished(conference_id: uuid.UUID | str) -> Conference:
    conference = Conference.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=conference_id
    )
    if conference.state == Conference.State.LIVE:
        raise ConferenceNotOverError(_("The conference is still going on."))
    return conference


def _is_work(charge: Charge, conference: Conference) -> bool:
    is_newer = conference.record_version > charge.record_version
    return is_newer or charge.problem in {*CURABLE, Charge.Problem.CORRECTION}


def _charge(conference: Conference, charge: Charge | None, now: dt.datetime) -> Charge:
    call = call_of(conference)
    contract = _lock_contracts(conference, call, charge)
    if charge is None:
        charge = Charge(conference=conference, record_version=call.record_version, created_at=now)
        left = None
    else:
        # Whoever held the lock may have priced it again, or issued its invoice.
        charge.refresh_from_db()
        left = _FormerPlace.of(charge)
    charge.customer = conference.customer
    charge.sort_at = call.sort_at
    charge.priced_at = now
    changed = _price(charge, call, contract, left, now) if contract else _wait(charge, call)
    if left is not None:
        left.close_gap(charge, now)
    if changed:
        _record(charge, _what_happened(charge), now)
    return charge


def _what_happened(charge: Charge) -> str:
    if charge.contract is None:
        return "charge.waiting"
    return "charge.corrected" if is_invoiced(charge) else "charge.priced"


def _lock_contracts(conference: Conference, call: Call, charge: Charge | None) -> Contract | None:
    """Lock the contract of the day and that of the charge so far; answer the former."""
    contract = None
    if conference.customer_id is not None:
        contract = contract_at(customer_id=conference.customer_id, moment=call.sort_at)
    wanted = {contract.pk if contract else None, charge.contract_id if charge else None}
    locked = {pk: lock_contract(pk) for pk in sorted(pk for pk in wanted if pk is not None)}
    return locked[contract.pk] if contract else None


def _price(
    charge: Charge, call: Call, contract: Contract, left: "_FormerPlace | None", now: dt.datetime
) -> bool:
    """Price a charge in its contract's month; tell whether anything changed."""
    period = str(Period.of_moment(call.sort_at, ZoneInfo(contract.timezone)))
    is_closed = lock_period(contract=contract, period=period).closed_at is not None
    stays = left is not None and left.is_in(contract, period)
    if not stays:
        charge.invoice = home_of(charge, contract, period) if charge.pk else None
    before = charge.version
    charge.contract, charge.currency, charge.period = contract, contract.currency, period
    ledger = Ledger(terms_of(contract), now)
    if is_closed:
        call = call.with_late(late_legs(call, known_legs(charge) if stays else {}, now))
        price_closed(ledger=ledger, period=period, entry=Entry(charge=charge, call=call))
    else:
        entry = Entry(charge=charge, call=call)
        places = [entry.place]
        if left is not None and stays:
            places.append(left.place)
        price_from(ledger=ledger, period=period, since=min(places), until=max(places), entry=entry)
    charge.save()
    if is_closed:
        follow_prices(
            charges=list(dict.fromkeys([charge, *ledger.changed])),
            known=ledger.known,
            period=period,
            cause=cause_of(charge, before) if stays else Cause.LATE,
            now=now,
        )
    else:
        follow_charges(charges=ledger.changed, known=ledger.known, now=now)
    return charge in ledger.changed


def _wait(charge: Charge, call: Call) -> bool:
    """Keep a conference that has no customer or no contract where people see it."""
    before = (charge.problem, charge.digest, charge.record_version, charge.pk)
    customer = charge.customer
    charge.contract = charge.invoice = None
    charge.currency = customer.currency if customer else ""
    charge.period = (
        str(Period.of_moment(call.sort_at, ZoneInfo(customer.timezone))) if customer else ""
    )
    charge.problem = Charge.Problem.NO_CONTRACT if customer else Charge.Problem.NO_CUSTOMER
    charge.version += charge.digest != ""  # the lines of the old version are nobody's now
    charge.digest = ""
    charge.record_version = call.record_version
    charge.free_before = charge.free_after = charge.charged_before = charge.charged_after = 0
    sum_up(charge, call, None)
    charge.save()
    return before != (charge.problem, charge.digest, charge.record_version, charge.pk)


def _record(charge: Charge, what: str, now: dt.datetime) -> None:
    record_event(
        type=what,
        actor="billing",
        customer_number=charge.customer.number if charge.customer else "",
        subject=("conference", charge.conference_id),
        data={
            "version": charge.version,
            "period": charge.period,
            "problem": charge.problem,
            "call_record_version": charge.record_version,
        },
        now=now,
    )
