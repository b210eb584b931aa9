"""The screens: what they show, to whom, and with how many queries."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from conferencing.models import Bridge, Conference, Leg, Reservation
from conferencing.selectors import join_url
from conferencing.services import accept_call_record, cancel_reservation
from tests.factories.conferencing import make_bridge, make_record, make_reservation
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def tomorrow() -> dt.datetime:
    """Tomorrow at ten, UTC."""
    day = timezone.now() + dt.timedelta(days=1)
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


def booked(start: dt.datetime, **fields) -> Reservation:
    return make_reservation(scheduled_start=start, now=timezone.now(), **fields)


def live_conference(reservation: Reservation) -> Conference:
    conference = Conference.objects.create(
        reservation=reservation,
        customer=reservation.customer,
        bridge=reservation.bridge,
        room=reservation.room,
        title=reservation.title,
        state=Conference.State.LIVE,
        scheduled_start=reservation.scheduled_start,
        started_at=reservation.scheduled_start,
    )
    Leg.objects.create(
        bridge=reservation.bridge,
        conference=conference,
        leg_id="open-leg",
        participant="Ana",
        access="voip",
        answered_at=reservation.scheduled_start,
        answered_how="poll",
        without_ticket=True,
    )
    return conference


# --- lists ----------------------------------------------------------------------------------------
def test_the_list_filters_searches_and_stays_cheap(
    as_role, tomorrow, django_assert_max_num_queries
) -> None:
    make_bridge(capacity=500)
    acme = make_customer(legal_name="Cerámicas Núñez, S.A.")
    other = make_customer(legal_name="Otra, S.L.")
    mine = booked(tomorrow, customer=acme, title="Junta")
    for _ in range(30):
        booked(tomorrow, customer=other, reserved_ports=1)
    gone = booked(tomorrow, customer=acme, title="Fuera")
    cancel_reservation(reservation=gone, reason="x", actor="tests", now=timezone.now())
    client = as_role("reservations")
    url = reverse("conferencing:reservation_list")
    with django_assert_max_num_queries(15):
        page = client.get(url)
    assert page.context["tabs"][0][2] == 32
    found = client.get(url, {"q": "ceramicas nunez", "status": "booked"})
    assert [row.pk for row in found.context["page"].rows] == [mine.pk]
    fragment = client.get(url, {"q": "junta"}, headers={"HX-Request": "true"})
    assert b"<html" not in fragment.content
    assert mine.number in fragment.content.decode()
    assert client.get(url, {"q": "nothing such"}).context["page"].rows == []
    day = tomorrow.date()
    for given, count in [((day, day), 31), ((day + dt.timedelta(days=1), ""), 0)]:
        answer = client.get(
            url, {"day_after": given[0], "day_before": given[1], "status": "booked"}
        )
        assert len(answer.context["page"].rows) == count


def test_conference_list_and_detail(as_role, tomorrow, django_assert_max_num_queries) -> None:
    make_bridge(capacity=500)
    for _ in range(25):
        reservation = booked(tomorrow, reserved_ports=3)
        accept_call_record(
            bridge=reservation.bridge, record=make_record(reservation), now=timezone.now()
        )
    orphan = accept_call_record(
        bridge=reservation.bridge, record=make_record(), now=timezone.now()
    ).conference
    client = as_role("reservations")
    url = reverse("conferencing:conference_list")
    with django_assert_max_num_queries(15):
        page = client.get(url)
    assert {row.leg_count for row in page.context["page"].rows} == {3}
    only = client.get(url, {"without_customer": "true", "state": "ended"})
    assert [row.pk for row in only.context["page"].rows] == [orphan.pk]
    with django_assert_max_num_queries(15):
        detail = client.get(reverse("conferencing:conference_detail", args=[orphan.pk]))
    text = detail.content.decode()
    assert "Nobody knows whose call this was" in text
    assert "from the call record" in text
    assert "hx-trigger" not in text.split('id="live"')[1].split(">")[0]


def test_roles(as_role, client, tomorrow) -> None:
    reservation = booked(tomorrow)
    urls = [
        reverse("conferencing:reservation_list"),
        reverse("conferencing:reservation_create"),
        reverse("conferencing:reservation_detail", args=[reservation.number]),
        reverse("conferencing:reservation_edit", args=[reservation.number]),
        reverse("conferencing:reservation_cancel", args=[reservation.number]),
        reverse("conferencing:reservation_ics", args=[reservation.number]),
        reverse("conferencing:day"),
        reverse("conferencing:conference_list"),
        reverse("conferencing:bridge_list"),
    ]
    allowed = {
        "reservations": [200] * 9,
        "sales": [200] * 9,
        "auditor": [200, 403, 200, 403, 403, 200, 200, 200, 200],
        "billing": [200, 403, 200, 403, 403, 200, 200, 200, 200],
        "mailing": [403] * 9,
    }
    for role, expected in allowed.items():
        person = as_role(role)
        assert [person.get(url).status_code for url in urls] == expected, role
    assert [client.get(url).status_code for url in urls] == [302] * 9


# --- calendar, join page, day ---------------------------------------------------------------------
def test_calendar_file(as_role, tomorrow) -> None:
    reservation = booked(
        tomorrow, invitees=["a@example.com"], customer=make_customer(language="en")
    )
    answer = as_role("sales").get(
        reverse("conferencing:reservation_ics", args=[reservation.number])
    )
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    text = answer.content.decode().replace("\r\n ", "")
    assert f"DTSTART:{tomorrow:%Y%m%dT%H%M%SZ}" in text
    assert "SUMMARY:Comité de dirección" in text
    assert "STATUS:CONFIRMED" in text
    assert f"PIN: {reservation.pin}" in text
    assert reservation.host_pin not in text
    assert "MAILTO:a@example.com" in text
    cancel_reservation(reservation=reservation, reason="x", actor="tests", now=timezone.now())
    answer = as_role("sales").get(
        reverse("conferencing:reservation_ics", args=[reservation.number])
    )
    assert b"STATUS:CANCELLED" in answer.content
    assert b"SEQUENCE:1" in answer.content


def test_the_join_page_is_open_to_who_has_the_address(client, tomorrow) -> None:
    bridge = make_bridge(dial_in=[{"access": "toll", "number": "+34910000000", "country": "ES"}])
    reservation = booked(tomorrow, bridge=bridge)
    url = "/" + join_url(reservation).split("/", 3)[3]
    page = client.get(url)
    assert page.status_code == 200
    text = page.content.decode()
    assert reservation.pin in text
    assert "+34910000000" in text
    assert reservation.host_pin not in text
    assert client.get(url.replace("R-", "R-1")).status_code == 404
    cancel_reservation(reservation=reservation, reason="x", actor="tests", now=timezone.now())
    assert reservation.pin not in client.get(url).content.decode()


def test_the_day_view(as_role, tomorrow, django_assert_max_num_queries) -> None:
    bridge = make_bridge(capacity=30, make=Bridge.Make.SIMULATED)
    first = booked(tomorrow, reserved_ports=10, bridge=bridge)
    booked(tomorrow + HOUR / 2, reserved_ports=15, bridge=bridge)
    for _ in range(5):
        booked(tomorrow + 4 * HOUR, reserved_ports=1, bridge=bridge)
    client = as_role("reservations")
    given = {"on": tomorrow.date().isoformat(), "zone": "Europe/Madrid"}
    with django_assert_max_num_queries(15):
        page = client.get(reverse("conferencing:day"), given)
    [drawing] = page.context["drawings"]
    assert len(drawing.bars) == 7
    free = {quarter.start: quarter.free for quarter in drawing.day.quarters}
    assert free[tomorrow] == 20
    assert free[tomorrow + HOUR / 2] == 5
    assert free[tomorrow + HOUR] == 15
    assert free[tomorrow + 2 * HOUR] == 30
    assert drawing.day.least_free == 5
    text = page.content.decode()
    assert first.number in text
    assert "Simulated" in text
    assert 'style="' not in text
    for odd in ({"on": "0001-01-01"}, {"on": "2026-02-31"}, {"zone": "../etc"}, {"on": "x"}):
        assert client.get(reverse("conferencing:day"), odd).status_code == 200
    # The day on which clocks go back has 25 hours.
    page = client.get(reverse("conferencing:day"), {"on": "2027-10-31", "zone": "Europe/Madrid"})
    assert len(page.context["drawings"][0].hours) == 25


def test_booking_from_the_day_view_fills_in_the_time(as_role) -> None:
    bridge = make_bridge()
    customer = make_customer(timezone="America/Bogota")
    page = as_role("reservations").get(
        reverse("conferencing:reservation_create"),
        {"at": "2027-01-10T15:15:00+00:00", "bridge": bridge.slug, "customer": customer.number},
    )
    text = page.content.decode()
    assert 'value="2027-01-10T10:15"' in text
    assert f'<option value="{bridge.slug}" selected' in text


# --- live -----------------------------------------------------------------------------------------
def test_a_live_conference_is_polled_until_it_ends(as_role, tomorrow) -> None:
    conference = live_conference(booked(tomorrow))
    client = as_role("reservations")
    detail = client.get(reverse("conferencing:conference_detail", args=[conference.pk]))
    assert 'hx-trigger="every 2s"' in detail.content.decode()
    assert "found by asking: estimated" in detail.content.decode()
    url = reverse("conferencing:conference_legs", args=[conference.pk])
    assert client.get(url).status_code == 302
    fragment = client.get(url, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "1 participant now" in fragment.content.decode()
    Leg.objects.update(ended_at=tomorrow + HOUR, ended_how="event")
    Conference.objects.update(state="ended", ended_at=tomorrow + HOUR)
    last = client.get(url, headers={"HX-Request": "true"})
    assert last.status_code == 286
    assert "hx-trigger" not in last.content.decode()


def test_the_room_of_a_reservation_is_followed_near_its_time(as_role, tomorrow) -> None:
    far, near = booked(tomorrow), booked(timezone.now())
    client = as_role("sales")
    status = {}
    for name, reservation in {"far": far, "near": near}.items():
        url = reverse("conferencing:reservation_room", args=[reservation.number])
        assert client.get(url).status_code == 302
        status[name] = client.get(url, headers={"HX-Request": "true"})
    assert (status["far"].status_code, status["near"].status_code) == (286, 200)
    assert "Closed until its time" in status["near"].content.decode()
    Reservation.objects.update(room_asserted_at=timezone.now())
    url = reverse("conferencing:reservation_room", args=[near.number])
    opened = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Open on the bridge" in opened


def test_end_and_put_out(as_role, tomorrow) -> None:
    reservation = booked(tomorrow)
    conference = live_conference(reservation)
    end = reverse("conferencing:conference_end", args=[conference.pk])
    out = reverse("conferencing:leg_remove", args=[conference.pk, "open-leg"])
    sales, desk = as_role("sales"), as_role("reservations")
    assert [sales.post(url).status_code for url in (end, out)] == [403, 403]
    reservation.refresh_from_db()
    assert reservation.room_state == "wanted"
    assert Leg.objects.get().removal_requested_at is None
    assert desk.get(end).status_code == 405
    assert desk.post(out).status_code == 302
    assert Leg.objects.get().removal_requested_at is not None
    assert desk.post(end).status_code == 302
    reservation.refresh_from_db()
    assert reservation.room_state == "ending"
    Conference.objects.update(state="ended")
    Leg.objects.update(ended_at=tomorrow)
    answers = [desk.post(url, follow=True).content.decode() for url in (end, out)]
    assert "not live" in answers[0]
    assert "has left already" in answers[1]


def test_bridges_say_how_they_are(as_role) -> None:
    make_bridge(make=Bridge.Make.SIMULATED, last_poll_at=timezone.now(), clock_skew_ms=12)
    make_bridge(make=Bridge.Make.JANUS, last_error="connection refused")
    make_bridge(make=Bridge.Make.JANUS, last_poll_at=timezone.now() - HOUR)
    text = as_role("auditor").get(reverse("conferencing:bridge_list")).content.decode()
    for words in ("no real call is carried", "12 ms", "connection refused", "Silent", "Answers"):
        assert words in text


def test_a_customers_part_of_the_profile(as_role, tomorrow, django_assert_max_num_queries) -> None:
    customer = make_customer()
    coming = booked(tomorrow, customer=customer)
    gone = booked(tomorrow, customer=customer, title="Fuera")
    cancel_reservation(reservation=gone, reason="x", actor="tests", now=timezone.now())
    booked(tomorrow, title="De otro")
    client = as_role("sales")
    url = reverse("conferencing:customer_conferences", args=[customer.number])
    with django_assert_max_num_queries(15):
        fragment = client.get(url, headers={"HX-Request": "true"})
    assert fragment.context["coming"] == [coming]
    assert fragment.context["past"] == [gone]
    assert "<html" not in fragment.content.decode()
    assert "<h1>" in client.get(url).content.decode()
    assert client.get(url.replace("C-", "C-9")).status_code == 404
    assert as_role("mailing").get(url).status_code == 403
