"""The booking form: on whose clocks, for whom, and what it says when it can't be."""

import datetime as dt
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from conferencing.models import Reservation
from customers.services import suspend_customer
from tests.factories.conferencing import make_bridge, make_reservation
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
    assert refused.status_code == 200
    assert Reservation.objects.count() == 1
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
