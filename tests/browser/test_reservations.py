"""Booking in a browser: found while typing, refused, moved to a free time, seen on the day."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bpi_portal.roles import sync_roles
from conferencing.models import Bridge, Conference, Leg, Reservation
from tests.browser.harness import check_page, log_in, speak
from tests.factories.conferencing import make_bridge, make_reservation
from tests.factories.customers import make_customer
from tests.factories.users import make_user

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture
def desk(page, live_server):
    """Return the page, logged in as the reservations desk, in English."""
    sync_roles()
    log_in(page, make_user("reservations"), live_server.url)
    speak(page, "en", live_server.url)
    return page


@pytest.fixture
def tomorrow() -> dt.datetime:
    local = timezone.now().astimezone(MADRID) + dt.timedelta(days=1)
    return local.replace(hour=10, minute=0, second=0, microsecond=0)


def test_book_a_time_that_is_free(desk, tomorrow) -> None:
    bridge = make_bridge(
        name="Puente principal",
        capacity=20,
        dial_in=[{"access": "toll", "number": "+34910000000", "country": "ES", "label": "Madrid"}],
    )
    customer = make_customer(
        legal_name="Cerámicas Núñez, S.A.", reference_policy="list", references=["CC-1", "CC-2"]
    )
    make_customer(legal_name="Cerámicas del Sur, S.L.")
    taken = {"scheduled_start": tomorrow, "reserved_ports": 18, "now": timezone.now()}
    make_reservation(bridge=bridge, customer=customer, billing_reference="CC-1", **taken)

    desk.goto("/conferencing/reservations/new/")
    check_page(desk)
    # By hand, key by key: the hint follows what is typed.
    desk.get_by_label("Customer").press_sequentially("ceramicas")
    meant = desk.get_by_role("group", name="Which customer?").get_by_role("button")
    expect(meant).to_have_count(2)
    desk.get_by_role("button", name="Núñez").click()
    expect(desk.get_by_label("Customer")).to_have_value(f"{customer.number} · {customer.name}")
    desk.get_by_label("Title").fill("Comité de dirección")
    desk.get_by_label("Start").fill(tomorrow.strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_label("Billing reference").select_option("CC-2")
    desk.locator("#booking").get_by_role("button", name="Book", exact=True).click()
    note = desk.get_by_role("alert").filter(has_text="These times have it")
    expect(note.get_by_role("button")).to_have_count(3)
    check_page(desk)
    note.get_by_role("button").first.click()
    expect(desk.get_by_label("Title")).to_have_value("Comité de dirección")
    expect(desk.get_by_label("Billing reference")).to_have_value("CC-2")
    desk.locator("#booking").get_by_role("button", name="Book", exact=True).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Comité de dirección")
    check_page(desk)
    made = Reservation.objects.latest("pk")
    assert made.billing_reference == "CC-2"
    assert made.scheduled_start != tomorrow

    desk.goto(f"/conferencing/day/?on={tomorrow:%Y-%m-%d}")
    check_page(desk)
    desk.locator("svg.day a").first.focus()
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(re.compile(r"/conferencing/reservations/R-"))


def test_a_live_conference_shows_who_comes(desk, tomorrow) -> None:
    bridge = make_bridge(make=Bridge.Make.SIMULATED, last_poll_at=timezone.now(), capacity=60)
    start = timezone.now()
    reservation = make_reservation(bridge=bridge, scheduled_start=start, now=start)
    conference = Conference.objects.create(
        reservation=reservation,
        customer=reservation.customer,
        bridge=bridge,
        room=reservation.room,
        title=reservation.title,
        state=Conference.State.LIVE,
        scheduled_start=start,
        started_at=start,
    )

    def join(name: str, **fields: object) -> Leg:
        return Leg.objects.create(
            bridge=bridge,
            conference=conference,
            leg_id=name,
            participant=name,
            access="voip",
            answered_at=timezone.now(),
            answered_how="event",
            **fields,
        )

    join("Ana", without_ticket=True)
    desk.goto(f"/conferencing/conferences/{conference.pk}/")
    expect(desk.get_by_text("1 participant now")).to_be_visible()
    check_page(desk)
    join("Luis")
    expect(desk.get_by_text("2 participants now")).to_be_visible(timeout=8000)
    desk.get_by_role("button", name="Put out Luis").click()
    expect(desk.get_by_text("being put out")).to_be_visible()
    Leg.objects.update(ended_at=timezone.now(), ended_how="poll")
    Conference.objects.update(state=Conference.State.ENDED, ended_at=timezone.now())
    expect(desk.locator("#live[hx-trigger]")).to_have_count(0, timeout=8000)
    check_page(desk)
    for path in ("conferences", "bridges", "reservations", f"reservations/{reservation.number}"):
        desk.goto(f"/conferencing/{path}/")
        check_page(desk)
