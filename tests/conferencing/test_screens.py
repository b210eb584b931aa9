"""The screens: what they show, to whom, and with how many queries."""

import datetime as dt
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from conferencing.models import Bridge, Conference, Leg, Reservation
from conferencing.selectors import join_url
from conferencing.services import accept_call_record, cancel_reservation
from customers.services import suspend_customer
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


# --- booking --------------------------------------------------------------------------------------
def form_of(who, start: dt.datetime, **fields: Any) -> dict[str, Any]:
    return {
        "customer": who.number,
        "title": "Comité",
        "scheduled_start": start.strftime("%Y-%m-%dT%H:%M"),
        "duration_minutes": "45",
        "reserved_ports": "6",
        "access": ["voip", "toll_free"],
        "billing_reference": "",
        "language": "",
        "bridge": "",
        "invitees": "a@example.com, b@example.com\nA@example.com",
        **fields,
    }


def test_book_on_the_customers_clocks(as_role, tomorrow) -> None:
    make_bridge()
    customer = make_customer(timezone="America/Mexico_City", legal_name="Agave, S.A.")
    client = as_role("sales")
    url = reverse("conferencing:reservation_create")
    answer = client.post(url, form_of(customer, tomorrow, customer="agave", operator_assisted="on"))
    reservation = Reservation.objects.get()
    assert answer.url == reverse("conferencing:reservation_detail", args=[reservation.number])
    # Ten on the clocks of Mexico City is sixteen UTC, all the year.
    assert reservation.scheduled_start == tomorrow + 6 * HOUR
    assert reservation.scheduled_end - reservation.scheduled_start == dt.timedelta(minutes=45)
    assert reservation.access == ["toll_free", "voip"]
    assert reservation.operator_assisted is True
    assert reservation.invitees == ["a@example.com", "b@example.com", "A@example.com"]
    assert reservation.created_by.startswith("sales")
    page = client.get(answer.url).content.decode()
    assert reservation.pin in page
    assert reservation.host_pin in page
    assert "America/Mexico_City" in page


@pytest.mark.parametrize(
    ("local", "which", "stored", "fault"),
    [
        ("2027-03-28T02:30", "", None, "does not exist"),
        ("2027-10-31T02:30", "", None, "say which of the two"),
        ("2027-10-31T02:30", "1", "2027-10-31T00:30:00+00:00", ""),
        ("2027-10-31T02:30", "2", "2027-10-31T01:30:00+00:00", ""),
        ("not a time", "", None, "Write day and time"),
    ],
)
def test_hours_that_are_missing_or_come_twice(as_role, local, which, stored, fault) -> None:
    make_bridge()
    customer = make_customer(timezone="Europe/Madrid")
    given = form_of(customer, timezone.now(), scheduled_start=local, which=which)
    answer = as_role("reservations").post(reverse("conferencing:reservation_create"), given)
    if stored is None:
        assert not Reservation.objects.exists()
        assert fault in answer.content.decode()
        assert local in answer.content.decode()
        assert ('name="which"' in answer.content.decode()) is ("which" in fault)
    else:
        assert Reservation.objects.get().scheduled_start.isoformat() == stored


def test_a_full_bridge_offers_times_that_refill_the_form(as_role, tomorrow) -> None:
    bridge = make_bridge(capacity=10)
    customer = make_customer(timezone="Europe/Madrid")
    booked(tomorrow, customer=customer, reserved_ports=8, bridge=bridge)
    local = tomorrow.astimezone(dt.timezone(dt.timedelta(hours=1)))
    client = as_role("reservations")
    url = reverse("conferencing:reservation_create")
    given = form_of(customer, local, title="Sin perder nada", recorded="on")
    zone_hours = timezone.localtime(tomorrow).utcoffset()
    given["scheduled_start"] = (tomorrow + zone_hours).strftime("%Y-%m-%dT%H:%M")
    refused = client.post(url, given)
    assert refused.status_code == 409
    page = refused.content.decode()
    values = re.findall(r'name="alternative" value="([^"]+)"', page)
    assert len(values) == 3
    assert "Sin perder nada" in page
    refilled = client.post(url, given | {"alternative": values[0]})
    assert Reservation.objects.count() == 1
    form = refilled.context["form"]
    kept = {name: form[name].value() for name in ("title", "recorded", "access", "invitees")}
    assert kept == {
        "title": "Sin perder nada",
        "recorded": "on",
        "access": ["voip", "toll_free"],
        "invitees": given["invitees"],
    }
    start = form["scheduled_start"].value().strftime("%Y-%m-%dT%H:%M")
    assert start != given["scheduled_start"]
    done = client.post(url, given | {"scheduled_start": start, "bridge": bridge.slug})
    assert done.status_code == 302
    assert Reservation.objects.count() == 2


def test_the_customer_is_chosen_without_a_script(as_role, tomorrow) -> None:
    make_bridge()
    first = make_customer(legal_name="Bodegas Río, S.A.", reference_policy="required")
    make_customer(legal_name="Bodegas Mar, S.A.")
    client = as_role("reservations")
    url = reverse("conferencing:reservation_create")
    given = form_of(first, tomorrow, customer="bodegas")
    several = client.post(url, given | {"find": "1"}).content.decode()
    assert several.count('name="pick"') == 2
    refused = client.post(url, given).content.decode()
    assert "choose one" in refused
    picked = client.post(url, given | {"pick": first.number}).content.decode()
    assert f"{first.number} · Bodegas Río, S.A." in picked
    assert "A billing reference is required" in picked
    assert "Comité" in picked
    missing = client.post(url, given | {"customer": first.number})
    assert missing.context["form"].errors["billing_reference"]
    assert not Reservation.objects.exists()
    nobody = client.post(url, given | {"customer": "nadie"}).content.decode()
    assert "There is no such customer" in nobody


def test_references_from_the_customers_list(as_role, tomorrow) -> None:
    make_bridge()
    customer = make_customer(reference_policy="list", references=["CC-1", "CC-2"])
    client = as_role("reservations")
    url = reverse("conferencing:reservation_create")
    page = client.get(url, {"customer": customer.number}).content.decode()
    assert '<option value="CC-2"' in page
    client.post(url, form_of(customer, tomorrow, billing_reference="CC-9"))
    assert not Reservation.objects.exists()
    client.post(url, form_of(customer, tomorrow, billing_reference="CC-2"))
    assert Reservation.objects.get().billing_reference == "CC-2"


def test_suspended_customers_are_refused_with_the_reason(as_role, tomorrow) -> None:
    make_bridge()
    customer = make_customer()
    suspend_customer(customer=customer, reason="Impagos", actor="tests", now=timezone.now())
    url = reverse("conferencing:reservation_create")
    page = as_role("sales").post(url, form_of(customer, tomorrow)).content.decode()
    assert "Impagos" in page
    assert 'name="override_reason"' not in page
    desk = as_role("reservations")
    page = desk.post(url, form_of(customer, tomorrow)).content.decode()
    assert 'name="override_reason"' in page
    assert not Reservation.objects.exists()
    desk.post(url, form_of(customer, tomorrow, override_reason="Paga mañana"))
    assert Reservation.objects.get().override_reason == "Paga mañana"


def test_change_tells_who_saves_second(as_role, tomorrow) -> None:
    reservation = booked(tomorrow)
    client = as_role("reservations")
    url = reverse("conferencing:reservation_edit", args=[reservation.number])
    form = client.get(url).context["form"]
    given = {name: form[name].value() for name in form.fields}
    given["scheduled_start"] = given["scheduled_start"].strftime("%Y-%m-%dT%H:%M")
    given["invitees"] = ""
    saved = client.post(url, given | {"title": "Uno"})
    assert saved.status_code == 302
    reservation.refresh_from_db()
    assert (reservation.title, reservation.version) == ("Uno", 2)
    assert reservation.scheduled_start == tomorrow
    second = client.post(url, given | {"title": "Dos"})
    assert "Somebody else has changed" in second.content.decode()
    assert "Dos" in second.content.decode()
    reservation.refresh_from_db()
    assert reservation.title == "Uno"


def test_cancel_with_a_reason(as_role, tomorrow) -> None:
    reservation = booked(tomorrow)
    client = as_role("reservations")
    url = reverse("conferencing:reservation_cancel", args=[reservation.number])
    assert client.post(url, {"reason": ""}).status_code == 200
    assert client.post(url, {"reason": "Se aplaza"}).status_code == 302
    reservation.refresh_from_db()
    assert (reservation.status, reservation.cancel_reason) == ("cancelled", "Se aplaza")
    detail = client.get(reverse("conferencing:reservation_detail", args=[reservation.number]))
    assert "Se aplaza" in detail.content.decode()
    again = client.post(url, {"reason": "Otra vez"}, follow=True)
    assert "no longer open" in again.content.decode()
    edit = client.get(reverse("conferencing:reservation_edit", args=[reservation.number]))
    assert edit.status_code == 302


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
