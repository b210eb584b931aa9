"""Correcting a wrong rate and the report of numbers, on screens."""

import pytest
from django.urls import reverse

from billing.models import Invoice, InvoiceSeries, ReRating
from billing.tasks import re_rate
from sales.models import ContractRate
from tests.billing.world import make_draft, make_issued
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db

LIST = reverse("billing:re_rating_list")


@pytest.fixture
def handed_over(monkeypatch):
    given = []
    monkeypatch.setattr(re_rate, "delay", given.append)
    return given


def page(client, address, **parameters):
    answer = client.get(address, parameters)
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def test_a_wrong_rate_is_found_seen_and_corrected(
    billing, handed_over, django_capture_on_commit_callbacks
):
    invoice = make_issued()
    other = make_draft(make_customer(legal_name="Zinc, S.L."))
    rate = ContractRate.objects.get(contract=invoice.contract, access="toll")
    create = reverse("billing:re_rating_create", args=[rate.pk])
    assert create in page(billing, LIST, contract=invoice.contract.number.lower())
    assert "There is no contract" in page(billing, LIST, contract="CT-X")
    assert "Zinc, S.L." in page(billing, create)
    twin = ContractRate.objects.get(contract=other.contract, access="toll")
    given = {
        "price_per_minute": "0.05",
        "connection_fee": "0",
        "first_increment": 60,
        "next_increment": 60,
        "minimum_seconds": 0,
        "valid_from": "2026-11-01",
        "reason": "Old list",
        "others": [twin.pk],
        "step": "preview",
    }
    answer = billing.post(create, given)
    seen = answer.context["preview"]
    assert {month.contract for month in seen.touched} == {invoice.contract, other.contract}
    assert "€-0.20" in answer.content.decode() or "-€0.20" in answer.content.decode()
    assert not ReRating.objects.exists()
    unseen = billing.post(create, given | {"step": "start", "seen": ""})
    assert unseen.context["form"].errors
    assert not ReRating.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        answer = billing.post(create, given | {"step": "start", "seen": seen.fingerprint})
    row = ReRating.objects.get()
    detail = reverse("billing:re_rating_detail", args=[row.pk])
    assert (answer.headers["Location"], handed_over) == (detail, [row.pk])
    progress = reverse("billing:re_rating_progress", args=[row.pk])
    assert progress in page(billing, detail)
    assert "hx-get" in page(billing, progress)
    re_rate(row.pk)
    assert "hx-get" not in page(billing, progress)
    text = page(billing, detail)
    assert (progress in text, "Zinc, S.L." in text) == (False, True)
    assert detail in page(billing, LIST)
    assert Invoice.objects.get(pk=other.pk).net < other.net


def test_what_can_t_be_is_told_at_its_field(billing):
    rate = ContractRate.objects.get(contract=make_issued().contract, access="toll")
    create = reverse("billing:re_rating_create", args=[rate.pk])
    given = {
        "price_per_minute": "0.06",
        "connection_fee": "0",
        "first_increment": 60,
        "next_increment": 60,
        "minimum_seconds": 0,
        "valid_from": "2026-11-01",
        "reason": "x",
        "step": "preview",
    }
    assert billing.post(create, given).context["form"].errors.keys() == {"price_per_minute"}
    early = given | {"price_per_minute": "0.05", "valid_from": "2020-01-01"}
    assert billing.post(create, early).context["form"].errors.keys() == {"valid_from"}
    assert billing.get(reverse("billing:re_rating_create", args=[10**6])).status_code == 404
    assert billing.get(reverse("billing:re_rating_detail", args=[10**6])).status_code == 404


def test_gaps_are_shown_and_none_where_there_is_none(as_role):
    auditor = as_role("auditor")
    report = reverse("billing:series_report")
    assert "No number was given yet" in page(auditor, report)
    make_issued()
    assert "No gap" in page(auditor, report)
    InvoiceSeries.objects.update(next_number=3)
    assert "F-2026-00002" in page(auditor, report)
    assert auditor.get(LIST).status_code == 403
