"""Tell three months of business in the order in which they happened, a step at a time.

Each step is one transaction of the product's own services under the clock of its moment, and is
left out when its effect is there: a story that was interrupted goes on where it stopped.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from billing.models import Invoice
from billing.selectors import with_balances
from billing.services import (
    charge_conference,
    issue_invoice,
    prepare_period,
    record_payment,
)
from conferencing.models import Bridge, CallRecord, Conference, Reservation
from conferencing.services import (
    accept_call_record,
    book_reservation,
    cancel_reservation,
    close_missed_reservations,
)
from conferencing.services.bridge_adapters import ensure_embedded_bridge
from conferencing.services.link_stories import lock_story
from customers.models import Customer
from customers.services import register_customer, suspend_customer
from sales.models import Contract
from sales.services import activate_contract, draft_contract, extend_rate
from toolkit.money import from_decimal, to_decimal
from toolkit.periods import Period

from . import plans
from .calls import PlannedConference, conferences_of, record_of
from .companies import COMPANIES, Company
from .house import ACTOR, found_the_house, set_vat
from .letters import write_templates

# Rooms stay open a quarter of an hour: nobody comes back after that.
SETTLED = dt.timedelta(minutes=16)
MONTHS = 3
EVERY_FIFTH_PAYS_LATE = 5
EVERY_SEVENTH_IN_TWO_PARTS = 7


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Something that happens at a moment (UTC); ``order`` decides between equal moments."""

    at: dt.datetime
    order: int
    act: Callable[[dt.datetime], object]


def steps(*, anchor: dt.datetime, companies: Sequence[Company] = COMPANIES) -> list[Step]:
    """Return the story up to ``anchor`` (and the bookings beyond it), in order of time."""
    first = Period.of_date(anchor.date())
    for _each in range(MONTHS):
        first = first.previous
    opening = dt.datetime.combine(first.first_day, dt.time(6), dt.UTC)
    found = [Step(opening, 0, found_the_house), Step(opening, 1, write_templates)]
    for place, company in enumerate(companies):
        found.append(Step(opening + place * dt.timedelta(minutes=9), 1, _signing(company, first)))
        found.extend(_conferences(company, opening, anchor))
    found.extend(_months(first, anchor))
    found.append(Step(anchor, 9, _loose_ends(companies)))
    return [Step(step.at, place, step.act) for place, step in enumerate(sorted(found, key=_when))]


def _when(step: Step) -> tuple[dt.datetime, int]:
    return step.at, step.order


def _signing(company: Company, first: Period) -> Callable[[dt.datetime], None]:
    def sign(now: dt.datetime) -> None:
        set_vat(now)
        if Customer.objects.filter(tax_id=company.tax_id).exists():
            return
        start = first.first_day.isoformat()
        customer = _register(company, now)
        contract = draft_contract(
            customer=customer,
            actor=ACTOR,
            now=now,
            terms=plans.terms_of(company, start=start),
            rates=plans.rates_of(company, start=start),
            **plans.settings_of(company),
        )
        activate_contract(contract=contract, actor=ACTOR, now=now)

    return sign


def _register(company: Company, now: dt.datetime) -> Customer:
    references = ["Dirección", "Ventas", "Producción"] if company.reference == "list" else []
    return register_customer(
        actor=ACTOR,
        now=now,
        legal_name=company.legal_name,
        trade_name=company.trade_name,
        tax_id=company.tax_id,
        country=company.country,
        language=company.language,
        currency=company.currency,
        timezone=company.timezone,
        email=f"administracion@{company.domain}.example",
        phone=company.phone,
        account_manager=User.objects.filter(groups__name="sales").order_by("pk").first(),
        tags=list(company.tags),
        reference_policy=company.reference,
        references=references,
        preferences={"letters": True, "notices": True},
        addresses=[
            {
                "kind": "billing",
                "line1": company.street,
                "postcode": company.postcode,
                "city": company.city,
                "country": company.country,
            }
        ],
        contacts=[
            {
                "name": company.contact,
                "role": "booking",
                "email": f"reservas@{company.domain}.example",
            }
        ],
    )


def _conferences(company: Company, opening: dt.datetime, anchor: dt.datetime) -> Iterator[Step]:
    day = dt.timedelta(days=1)
    everybody_signed = opening + day / 4
    planned_ones = conferences_of(
        company, since=opening.date() + day, until=anchor.date() + 10 * day
    )
    for planned in planned_ones:
        booked_at = max(planned.start - dt.timedelta(days=2, hours=3), everybody_signed)
        # What lies ahead is booked by now at the latest; what began shortly ago is left out.
        if planned.end < anchor:
            yield _past(planned, booked_at)
        elif planned.start > anchor + dt.timedelta(minutes=5):
            yield Step(min(booked_at, anchor), 2, _booking(planned))


def _past(planned: PlannedConference, booked_at: dt.datetime) -> Step:
    """Return a booking together with what became of it.

    In one transaction, for the portal may be running: its own sweep, by today's clock, would take
    a booking of the past that stood there alone for one that nobody came to.
    """
    at, order, become = _fate(planned)

    def tell(now: dt.datetime) -> None:
        with transaction.atomic():
            lock_story(ensure_embedded_bridge())  # before the rows: so does the bridge link
            _booking(planned)(booked_at)
            become(now)

    return Step(at, order, tell)


def _fate(planned: PlannedConference) -> tuple[dt.datetime, int, Callable[[dt.datetime], None]]:
    match planned.fate:
        case "cancelled":
            return planned.start - dt.timedelta(hours=5), 3, _cancelling(planned)
        case "missed":
            return planned.end + SETTLED, 4, _missing(planned)
    return planned.end + SETTLED, 4, _holding(planned)


def _booking(planned: PlannedConference) -> Callable[[dt.datetime], None]:
    def book(now: dt.datetime) -> None:
        if _reservation(planned):
            return
        customer = Customer.objects.get(tax_id=planned.company.tax_id)
        book_reservation(
            customer=customer,
            title=planned.title,
            scheduled_start=planned.start,
            duration_minutes=planned.minutes,
            reserved_ports=planned.ports,
            access=["voip", "toll", "toll_free", "dial_out"],
            operator_assisted=planned.title in {"Junta directiva", "Board meeting"},
            recorded=planned.title in {"Formación de producto", "Product training"},
            billing_reference=_reference(customer, planned),
            actor=ACTOR,
            now=now,
        )

    return book


def _reference(customer: Customer, planned: PlannedConference) -> str:
    if customer.references:
        return customer.references[len(planned.title) % len(customer.references)]
    required = customer.reference_policy == Customer.ReferencePolicy.REQUIRED
    return f"PED-{planned.start:%m%d}" if required else ""


def _reservation(planned: PlannedConference) -> Reservation | None:
    return Reservation.objects.filter(
        customer__tax_id=planned.company.tax_id,
        scheduled_start=planned.start,
        title=planned.title,
    ).first()


def _cancelling(planned: PlannedConference) -> Callable[[dt.datetime], None]:
    def cancel(now: dt.datetime) -> None:
        reservation = _reservation(planned)
        if reservation and reservation.status == Reservation.Status.BOOKED:
            cancelled = cancel_reservation(
                reservation=reservation, reason="Aplazada", actor=ACTOR, now=now
            )
            charge_conference(conference_id=cancelled.pk, now=now)

    return cancel


def _missing(_planned: PlannedConference) -> Callable[[dt.datetime], None]:
    def miss(now: dt.datetime) -> None:
        for conference in close_missed_reservations(now):
            charge_conference(conference_id=conference.pk, now=now)

    return miss


def _holding(planned: PlannedConference) -> Callable[[dt.datetime], None]:
    def hold(now: dt.datetime) -> None:
        reservation = _reservation(planned)
        if reservation is None or reservation.status != Reservation.Status.BOOKED:
            return
        record = record_of(planned, room=reservation.room, reservation=reservation.number)
        _take(reservation.bridge, record, now)

    return hold


def _take(bridge: Bridge, record: dict[str, object], now: dt.datetime) -> Conference:
    outcome = accept_call_record(
        bridge=bridge, record=record, now=now, source=CallRecord.Source.FEED
    )
    charge_conference(conference_id=outcome.conference.pk, now=now)
    return outcome.conference


def _months(first: Period, anchor: dt.datetime) -> Iterator[Step]:
    """Close each month on the second of the next one, and let most customers pay."""
    month = first
    while True:
        second = dt.datetime.combine(month.next.first_day, dt.time(7), dt.UTC) + dt.timedelta(
            days=1
        )
        if second >= anchor:
            return
        yield Step(second, 6, _closing(month))
        for days in (17, 26):
            paid_at = second + dt.timedelta(days=days)
            if paid_at < anchor:
                yield Step(paid_at, 7, _paying)
        month = month.next


def _closing(month: Period) -> Callable[[dt.datetime], None]:
    def close(now: dt.datetime) -> None:
        prepare_period(period=str(month), actor=ACTOR, now=now)
        newest = month.next.previous
        reviewed = Invoice.objects.filter(
            state=Invoice.State.DRAFT, period=str(newest), contract__issue=Contract.Issue.REVIEW
        )
        for invoice in reviewed.order_by("pk"):
            # The commitment's draft stays for the specialist to look at.
            if invoice.total > 0 and invoice.contract and invoice.contract.commitment is None:
                issue_invoice(invoice=invoice, actor=ACTOR, now=now)

    return close


def _paying(now: dt.datetime) -> None:
    owed = with_balances(Invoice.objects.filter(state=Invoice.State.ISSUED), on=now.date())
    for place, invoice in enumerate(owed.filter(issued_at__lt=now).order_by("pk")):
        balance: Decimal = invoice.balance  # type: ignore[attr-defined]  # annotated
        reference = f"TR-{invoice.number}-{now:%m%d}"
        if balance <= 0 or place % EVERY_FIFTH_PAYS_LATE == 0:
            continue
        if invoice.payments.filter(reference=reference).exists():
            continue
        in_two_parts = place % EVERY_SEVENTH_IN_TWO_PARTS == 0
        amount = _half(balance, invoice.currency) if in_two_parts else balance
        record_payment(
            invoice=invoice,
            amount=amount,
            paid_on=now.date(),
            method="transfer",
            reference=reference,
            actor=ACTOR,
            now=now,
        )


def _half(amount: Decimal, currency: str) -> Decimal:
    return to_decimal(from_decimal(amount) // 2, currency)


def _loose_ends(companies: Sequence[Company]) -> Callable[[dt.datetime], None]:
    """Leave what people have to decide: an orphan, a suspension, a price that rises soon."""

    def leave(now: dt.datetime) -> None:
        _take(ensure_embedded_bridge(), _orphan(companies[0], now), now)
        last = Customer.objects.get(tax_id=companies[-1].tax_id)
        suspend_customer(customer=last, reason="Dos facturas vencidas", actor=ACTOR, now=now)
        raised_from = Period.of_date(now.date()).next.next.first_day
        for company in companies[:2]:
            contract = Contract.objects.get(customer__tax_id=company.tax_id)
            if not contract.rates.filter(valid_from=raised_from).exists():
                extend_rate(
                    contract=contract,
                    rate=plans.raised_rate(company),
                    valid_from=raised_from,
                    actor=ACTOR,
                    now=now,
                )

    return leave


def _orphan(company: Company, now: dt.datetime) -> dict[str, object]:
    planned = PlannedConference(
        company=company,
        title="",
        start=now - dt.timedelta(hours=26),
        minutes=30,
        ports=4,
        fate="held",
        seed="orphan",
    )
    return record_of(planned, room=999_000_001, reservation=None)


def present_moment() -> dt.datetime:
    """Return the moment at which a new story ends: now, to the minute."""
    return timezone.now().replace(second=0, microsecond=0)
