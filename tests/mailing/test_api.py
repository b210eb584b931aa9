"""Mailings over the REST API."""

import datetime as dt

import pytest
from rest_framework.test import APIClient

from integration.models import Event
from mailing.models import Mailing, Printer, Recipient
from tests.factories.customers import make_customer, make_issuer
from tests.factories.mailing import make_version
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/mailings/"
DAY = "2026-12-04"


def client_of(*roles):
    client = APIClient()
    client.force_authenticate(make_user(*roles))
    return client


@pytest.fixture
def sender():
    return client_of("mailing")


@pytest.fixture
def texts():
    make_issuer()
    return {
        "template": make_version().template_id,
        "notice_template": make_version("notice").template_id,
    }


def made(sender, texts, **fields):
    given = {"name": "Tarifas", "audience": {"filter": {}}, "mail_on": DAY, **texts, **fields}
    response = sender.post(URL, given, format="json")
    assert response.status_code == 201, response.json()
    return f"{URL}{response.json()['id']}/", response


def test_a_mailing_is_put_down_seen_approved_and_started(sender, texts):
    spanish, german = make_customer(), make_customer(country="DE", tax_id="", email="")
    printer = Printer.objects.get(uri="folder:")
    address, created = made(sender, texts, printer=printer.pk)
    assert created["Location"] == f"http://testserver{address}"
    said = created.json()
    assert (said["state"], said["output"], said["mail_on"]) == ("draft", "letters", DAY)
    assert (said["template"], said["template_version"]) == (texts["template"], 1)
    assert said["counts"]["letters"] == 0

    assert sender.get(f"{address}recipients/").json()["results"] == []
    preview = sender.get(f"{address}preview/", {"recipient": spanish.number})
    assert preview.content.startswith(b"%PDF")
    assert preview["Content-Type"] == "application/pdf"

    approved = sender.post(f"{address}approve/").json()
    assert approved["state"] == "approved"
    counts = approved["counts"]
    assert (counts["both"], counts["letter_only"], counts["excluded"]) == (1, 1, 0)
    rows = sender.get(f"{address}recipients/").json()["results"]
    assert [row["customer"] for row in rows] == [spanish.number, german.number]
    assert [row["notice"]["reason"] for row in rows] == ["", "no_email"]
    assert rows[0]["letter"]["state"] == "waiting"
    only = sender.get(f"{address}recipients/", {"list": "letter_only"}).json()["results"]
    assert [row["customer"] for row in only] == [german.number]

    proof = sender.post(f"{address}proof/", {"recipients": [2]}, format="json")
    assert (proof.status_code, proof.json()["pages"]) == (202, 1)
    started = sender.post(f"{address}start/")
    assert started.status_code == 202
    assert started.json()["state"] == "queued"
    assert started["Location"].endswith(f"/jobs/{started.json()['id']}/")
    assert sender.post(f"{address}pause/").json()["state"] == "paused"
    assert sender.post(f"{address}resume/").json()["state"] == "running"
    assert sender.post(f"{address}cancel/").json()["state"] == "cancelled"
    refused = sender.post(f"{address}cancel/")
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "/problems/mailing-state",
    )


def test_an_audience_may_be_a_filter_a_list_or_numbers(sender, texts):
    spanish, _german = make_customer(), make_customer(country="DE", tax_id="")
    for audience in (
        {"country": "ES"},
        {"filter": {"country": "ES"}},
        {"numbers": [spanish.number]},
    ):
        address, _created = made(sender, texts, audience=audience)
        sender.post(f"{address}approve/")
        rows = sender.get(f"{address}recipients/").json()["results"]
        assert [row["customer"] for row in rows] == [spanish.number]


def test_without_a_letter_it_is_an_email_only(sender, texts):
    make_customer()
    template = make_version("email").template_id
    _address, created = made(sender, {"notice_template": template})
    assert created.json()["output"] == "nothing"
    assert created.json()["template"] is None


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"audience": {"planet": "Mars"}}, "/audience"),
        ({"audience": {"list": 99}}, "/audience"),
        ({"audience": []}, "/audience"),
        ({"template": 0}, "/template"),
        ({"printer": 0}, "/printer"),
        ({"mail_on": "soon"}, "/mail_on"),
        ({"name": ""}, "/name"),
        ({"chunk_size": 0}, "/chunk_size"),
    ],
)
def test_bad_input_is_told_in_its_place(sender, texts, fields, pointer):
    given = {"name": "x", "audience": {"filter": {}}, "mail_on": DAY, **texts, **fields}
    response = sender.post(URL, given, format="json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert not Mailing.objects.exists()


def test_a_notice_is_no_letter(sender, texts):
    given = {"name": "x", "audience": {}, "mail_on": DAY, "template": texts["notice_template"]}
    response = sender.post(URL, given, format="json")
    assert [error["code"] for error in response.json()["errors"]] == ["kind"]


def test_a_change_needs_the_version_it_was_read_at(sender, texts):
    address, created = made(sender, texts)
    day = {"mail_on": "2026-12-11"}
    assert sender.patch(address, day, format="json").status_code == 428
    changed = sender.patch(address, day, format="json", HTTP_IF_MATCH=created["ETag"])
    assert changed.json()["mail_on"] == "2026-12-11"
    stale = sender.patch(address, day, format="json", HTTP_IF_MATCH=created["ETag"])
    assert stale.status_code == 412
    assert Mailing.objects.get().mail_on == dt.date(2026, 12, 11)


def test_who_may_not_is_refused_and_nothing_happens(sender, texts):
    address, _created = made(sender, texts)
    clerk = client_of("reservations")
    assert clerk.get(address).status_code == 403
    assert clerk.post(f"{address}approve/").status_code == 403
    assert clerk.get(f"{address}recipients/").status_code == 403
    assert Mailing.objects.get().state == "draft"
    assert not Recipient.objects.exists()
    assert not Event.objects.filter(type="mailing.approved").exists()


def test_preview_of_nobody_says_so(sender, texts):
    address, _created = made(sender, texts)
    for query in ({}, {"recipient": "C-9999"}):
        response = sender.get(f"{address}preview/", query, HTTP_ACCEPT="application/json")
        assert response.status_code == 400, query
        assert response["Content-Type"] == "application/problem+json"
