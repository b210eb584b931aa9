"""One small, complete world: something of everything that a page or an address can be about.

Made by the product's own services under clocks that go up to ``now``, so that it holds together.
Fast enough for every test that wants it, and small enough to know by heart.
"""

import base64
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User

from billing.models import Charge, Invoice
from billing.services import (
    charge_conference,
    issue_invoice,
    open_series,
    record_payment,
    set_vat_rate,
)
from bpi_portal.roles import ROLES, sync_roles
from conferencing.models import Bridge, Conference, Leg, Reservation
from conferencing.services import (
    accept_call_record,
    book_reservation,
    cancel_reservation,
    issue_ticket,
)
from customers.models import Customer
from customers.services import register_customer, save_holidays, suspend_customer
from integration.models import Event, Job, OutgoingMessage, Suppression
from integration.services import (
    Attachment,
    NewMessage,
    queue_message,
    suppress,
)
from mailing.models import PrintJob
from sales.models import Contract
from sales.services import activate_contract, end_contracts
from tests.factories.conferencing import make_leg, make_record, text
from tests.factories.customers import make_issuer, spanish_tax_id
from tests.factories.printing import make_print_jobs
from tests.factories.sales import a_rate, draft
from tests.factories.users import make_user
from tests.factories.wishes import Record, make_record_of
from tests.portal.billing_world import BillingWorld, link_to
from tests.portal.billing_world import build as build_billing
from tests.portal.world_mailing import Mailings, make_mailings

ACTOR = "world"
NO_ROLE = "nobody"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

# One grey pixel.
LOGO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)

# Money that stands nowhere else: where it shows up, money was shown.
PRICE = "0.0637"
CONNECTION_FEE = "0.1913"


@dataclass(frozen=True)
class World:
    """What there is. ``users`` are by role; ``NO_ROLE`` has an account and nothing more."""

    now: dt.datetime
    users: dict[str, User]
    guest: User
    bridge: Bridge
    customer: Customer
    suspended: Customer
    contract: Contract
    draft_contract: Contract
    ended_contract: Contract
    coming: Reservation
    cancelled: Reservation
    held: Conference
    live: Conference
    live_leg: Leg
    orphan: Charge
    charge: Charge
    draft: Invoice
    issued: Invoice
    invoice_token: str
    job: Job
    message: OutgoingMessage
    suppression: Suppression
    event: Event
    print_job: PrintJob
    mailings: Mailings
    record: Record
    billing: BillingWorld


def build(now: dt.datetime) -> World:
    """Write the world as it is at ``now`` (aware, UTC)."""
    sync_roles()
    users = {role: make_user(role, username=f"{role}-user") for role in ROLES}
    users[NO_ROLE] = make_user(username=NO_ROLE)
    _found_the_house(now)
    bridge = _bridge()
    customer = _customer(users["sales"], now)
    suspended = _suspended(now)
    contract = _contract(customer, now)
    ended_contract = _ended_contract(suspended, now)
    issued = _issued_invoice(customer, now)
    held = _held(customer, now - 26 * HOUR, "Junta de accionistas")
    charge = charge_conference(conference_id=held.pk, now=now)
    assert charge.invoice is not None
    coming = _coming(customer, now)
    live = _live(customer, now)
    billing = build_billing(ended_contract, users["billing"], now)
    return World(
        now=now,
        users=users,
        guest=make_user("mailing", username="guest", first_name="Nuria", last_name="Paz"),
        bridge=bridge,
        customer=customer,
        suspended=suspended,
        contract=contract,
        draft_contract=draft(customer=suspended, now=now, start=str(now.date() + 40 * DAY)),
        ended_contract=ended_contract,
        coming=coming,
        cancelled=_cancelled(customer, now),
        held=held,
        live=live,
        live_leg=live.legs.get(ended_at=None),
        orphan=_orphan(bridge, now),
        charge=charge,
        draft=charge.invoice,
        issued=issued,
        job=billing.run.job,
        message=_message(customer, now),
        suppression=suppress(email="gone@example.es", reason="by_hand", actor=ACTOR, now=now),
        record=make_record_of(customer, user=users["sales"], now=now),
        event=Event.objects.order_by("pk")[0],
        print_job=make_print_jobs(now)[0],
        mailings=make_mailings(users["mailing"], now),
        billing=billing,
        invoice_token=link_to(issued, now),
    )


def _message(customer: Customer, now: dt.datetime) -> OutgoingMessage:
    """Queue an e-mail that can't be sent again yet and can be looked at from all sides."""
    return queue_message(
        message=NewMessage(
            key="world:1",
            purpose="world.greeting",
            recipient="ana@example.es",
            customer_number=customer.number,
            subject="Buenos días",
            text="Buenos días",
            html="<p>Buenos días</p>",
            attachments=[Attachment("hola.txt", "text/plain", b"hola")],
        ),
        now=now,
    )


def _found_the_house(now: dt.datetime) -> None:
    make_issuer(logo=LOGO, logo_type="image/png")
    begin = dt.date(now.year - 1, 1, 1)
    for category, percent in {"domestic": "21", "reverse_charge": "0"}.items():
        set_vat_rate(
            category=category,
            percent=Decimal(percent),
            valid_from=begin,
            reason_es="" if category == "domestic" else "Inversión del sujeto pasivo",
            reason_en="" if category == "domestic" else "Reverse charge",
            actor=ACTOR,
            now=now,
        )
    for year in (now.year - 1, now.year, now.year + 1):
        open_series(kind="invoice", year=year, prefix="F", actor=ACTOR, now=now)
    days = [(dt.date(now.year, 12, 8), "Inmaculada"), (dt.date(now.year, 12, 25), "Navidad")]
    save_holidays(holidays=days, actor=ACTOR, now=now)


def _bridge() -> Bridge:
    return Bridge.objects.create(
        slug="madrid",
        name="Puente de Madrid",
        make=Bridge.Make.FEED,
        capacity=60,
        dial_in=[{"access": "toll", "number": "+34910555000", "country": "ES", "label": "Madrid"}],
    )


def _customer(manager: User, now: dt.datetime) -> Customer:
    return register_customer(
        actor=ACTOR,
        now=now - 60 * DAY,
        legal_name="Óptica Lumen, S.L.",
        trade_name="Óptica Lumen",
        tax_id="B64717838",
        country="ES",
        language="es",
        currency="EUR",
        timezone="Europe/Madrid",
        email="administracion@lumen.example",
        phone="+34 943 555 010",
        account_manager=manager,
        tags=["Gran cuenta"],
        reference_policy="list",
        references=["Dirección", "Ventas"],
        addresses=[
            {
                "kind": kind,
                "line1": "Calle del Urumea 12",
                "postcode": "20012",
                "city": "Donostia",
                "country": "ES",
            }
            for kind in ("billing", "postal")
        ],
        contacts=[
            {"name": "Iñaki Otxoa", "email": "inaki@lumen.example", "role": "booking"},
            {"name": "Amaia Ruiz", "email": "amaia@lumen.example", "role": "billing"},
        ],
    )


def _suspended(now: dt.datetime) -> Customer:
    customer = register_customer(
        actor=ACTOR,
        now=now - 60 * DAY,
        legal_name="Transportes Bidasoa, S.A.",
        tax_id=spanish_tax_id(1),
        country="ES",
        language="en",
        currency="EUR",
        timezone="Europe/Madrid",
        email="oficina@bidasoa.example",
    )
    return suspend_customer(
        customer=customer, reason="Dos facturas vencidas", actor=ACTOR, now=now - 3 * DAY
    )


def _contract(customer: Customer, now: dt.datetime) -> Contract:
    start = str(dt.date(now.year - 1, 1, 1))
    soon = now.date() + 45 * DAY
    common = {"valid_from": start, "connection_fee": CONNECTION_FEE}
    contract = draft(
        customer=customer,
        now=now - 59 * DAY,
        start=start,
        rates=[
            a_rate(access="voip", price_per_minute="0.0291", valid_from=start),
            a_rate(access="toll", price_per_minute=PRICE, **common, valid_to=str(soon)),
            a_rate(access="toll", price_per_minute="0.0711", valid_from=str(soon)),
            a_rate(access="toll_free", price_per_minute="0.1187", **common),
        ],
        fees={"setup": "2.50", "no_show": "15"},
    )
    return activate_contract(contract=contract, actor=ACTOR, now=now - 59 * DAY)


def _ended_contract(customer: Customer, now: dt.datetime) -> Contract:
    first = now.date() - 400 * DAY
    contract = draft(
        customer=customer,
        now=now - 59 * DAY,
        start=str(first),
        end=str(now.date() - 2 * DAY),
        rates=[a_rate(valid_from=str(first))],
    )
    contract = activate_contract(contract=contract, actor=ACTOR, now=now - 58 * DAY)
    end_contracts(now=now - DAY)
    contract.refresh_from_db()
    return contract


def _book(
    customer: Customer, start: dt.datetime, title: str, *, now: dt.datetime | None = None
) -> Reservation:
    return book_reservation(
        customer=customer,
        title=title,
        scheduled_start=start,
        duration_minutes=60,
        reserved_ports=5,
        access=["voip", "toll", "toll_free"],
        billing_reference="Ventas",
        invitees=["invitada@lumen.example"],
        actor=ACTOR,
        now=now or start - DAY,
    )


def _held(customer: Customer, start: dt.datetime, title: str) -> Conference:
    reservation = _book(customer, start, title)
    legs = [
        make_leg(f"{title[:5]}-{place}", start + place * dt.timedelta(seconds=17), **leg)
        for place, leg in enumerate(
            (
                {"access": "voip", "participant": "Iñaki Otxoa"},
                {"access": "toll", "participant": "Amaia Ruiz", "number": "+34943555011"},
                {"access": "toll_free", "participant": "Jon Elizondo", "number": "+34600555012"},
            )
        )
    ]
    return accept_call_record(
        bridge=reservation.bridge, record=make_record(reservation, legs=legs), now=start + 2 * HOUR
    ).conference


def _issued_invoice(customer: Customer, now: dt.datetime) -> Invoice:
    """Leave an invoice of last month that is paid in part and overdue in part."""
    start = now - 35 * DAY
    conference = _held(customer, start, "Comité de dirección")
    charge = charge_conference(conference_id=conference.pk, now=start + 3 * HOUR)
    assert charge.invoice is not None
    issued = issue_invoice(invoice=charge.invoice, actor=ACTOR, now=start + DAY)
    record_payment(
        invoice=issued,
        amount=Decimal("1.07"),
        paid_on=(now - 20 * DAY).date(),
        method="transfer",
        reference="TR-1",
        actor=ACTOR,
        now=now - 20 * DAY,
    )
    issued.refresh_from_db()
    return issued


def _coming(customer: Customer, now: dt.datetime) -> Reservation:
    coming = _book(customer, now + 20 * HOUR, "Presentación a clientes", now=now)
    issue_ticket(
        reservation=coming,
        participant="Amaia Ruiz",
        access="voip",
        number="",
        actor=ACTOR,
        now=now,
    )
    return coming


def _cancelled(customer: Customer, now: dt.datetime) -> Reservation:
    reservation = _book(customer, now + 3 * DAY, "Formación", now=now)
    conference = cancel_reservation(
        reservation=reservation, reason="Aplazada", actor=ACTOR, now=now
    )
    charge_conference(conference_id=conference.pk, now=now)
    reservation.refresh_from_db()
    return reservation


def _live(customer: Customer, now: dt.datetime) -> Conference:
    """Make rows as the bridge link leaves them while people talk."""
    start = now - dt.timedelta(minutes=10)
    reservation = _book(customer, start, "Seguimiento semanal", now=start - HOUR)
    conference = Conference.objects.create(
        reservation=reservation,
        customer=customer,
        bridge=reservation.bridge,
        room=reservation.room,
        title=reservation.title,
        state=Conference.State.LIVE,
        scheduled_start=start,
        started_at=start,
        reserved_ports=reservation.reserved_ports,
    )
    for place, (who, ended_at) in enumerate({"Iñaki Otxoa": None, "Amaia Ruiz": now}.items()):
        Leg.objects.create(
            bridge=conference.bridge,
            conference=conference,
            leg_id=f"live-{place}",
            participant=who,
            access="voip",
            answered_at=start,
            answered_how="event",
            ended_at=ended_at,
            ended_how="event" if ended_at else "",
        )
    return conference


def _orphan(bridge: Bridge, now: dt.datetime) -> Charge:
    start = now - 5 * HOUR
    record = make_record(
        started_at=text(start),
        ended_at=text(start + dt.timedelta(minutes=12)),
        legs=[make_leg("nobody-1", start)],
    )
    outcome = accept_call_record(bridge=bridge, record=record, now=now)
    return charge_conference(conference_id=outcome.conference.pk, now=now)
