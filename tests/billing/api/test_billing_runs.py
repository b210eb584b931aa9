"""Billing runs over the API: a job that prepares what is due; repeating it changes nothing."""

import pytest

from billing.models import BillingRun, Invoice
from billing.tasks import run_billing
from integration.models import Job
from tests.billing.world import make_draft, make_vat_rate_once
from tests.factories.billing import make_contract
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def handed_over(monkeypatch):
    """What was given to the workers, in place of a broker."""
    given = []
    monkeypatch.setattr(run_billing, "delay", lambda *arguments: given.append(arguments))
    return given


def run(api, body, commit):
    with commit(execute=True):
        return api("post", "billing-runs/", body)


def a_customer_with_a_fee():
    make_vat_rate_once()
    customer = make_customer()
    make_contract(customer, monthly_fee=30)
    return customer


def test_a_run_is_a_job_and_may_be_repeated(api, handed_over, django_capture_on_commit_callbacks):
    customer = a_customer_with_a_fee()
    body = {"period": "2026-10", "customers": [customer.number]}
    answer = run(api, body, django_capture_on_commit_callbacks)
    assert answer.status_code == 202, answer.content
    job = Job.objects.get()
    assert answer.json()["id"] == str(job.pk)
    assert answer.headers["Location"].endswith(f"/api/v1/jobs/{job.pk}/")
    started = BillingRun.objects.get()
    assert answer.headers["Content-Location"] == f"/api/v1/billing-runs/{started.pk}/"
    assert handed_over == [(started.pk,)] * 2
    run_billing(*handed_over[-1])
    run_billing(*handed_over[-1])
    done = api("get", f"jobs/{job.pk}/").json()
    assert (done["state"], done["done"]) == ("done", 1)
    invoice = Invoice.objects.get()
    assert (invoice.net, invoice.period) == (30, "2026-10")
    assert done["result"] == {
        "run": started.pk,
        "prepared": [invoice.pk],
        "issued": [],
        "left": {},
    }
    before = Invoice.objects.values().get()
    run(api, body, django_capture_on_commit_callbacks)
    run_billing(*handed_over[-1])
    assert Invoice.objects.values().get() == before


def test_wrong_runs_are_refused(api, handed_over, django_capture_on_commit_callbacks):
    make_draft()
    body = {"period": "2026-13", "customers": ["C-99999"], "issue": "all"}
    answer = run(api, body, django_capture_on_commit_callbacks)
    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/period",
        "/customers",
        "/issue",
    }
    answer = run(api, {"period": "2999-01"}, django_capture_on_commit_callbacks)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "run-refused")
    assert (Job.objects.count(), handed_over) == (0, [])


def test_a_run_is_followed_paused_and_cancelled(
    api, api_as, handed_over, django_capture_on_commit_callbacks
):
    customer = a_customer_with_a_fee()
    run(api, {"period": "2026-10", "dry_run": True}, django_capture_on_commit_callbacks)
    address = f"billing-runs/{BillingRun.objects.get().pk}/"
    assert api("post", f"{address}pause/").json()["state"] == "paused"
    assert api("post", f"{address}pause/").status_code == 409
    handed_over.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert api("post", f"{address}resume/").json()["state"] == "running"
    assert len(handed_over) == 2
    run_billing(*handed_over[0])
    assert not Invoice.objects.exists()
    seen = api("get", address).json()
    assert (seen["state"], seen["total"], seen["done"]) == ("done", 1, 1)
    assert api("post", f"{address}cancel/").status_code == 409
    (found,) = api("get", "billing-runs/", {"period": "2026-10"}).json()["results"]
    assert found == seen
    (item,) = api("get", f"{address}items/", {"state": "flagged"}).json()["results"]
    assert (item["customer"], item["net"], item["previous_net"]) == (
        customer.number,
        "30.00",
        None,
    )
    assert api("get", f"{address}items/", {"state": "issued"}).json()["results"] == []
    auditor = api_as("auditor")
    assert auditor("get", address).status_code == 200
    assert auditor("post", f"{address}cancel/").status_code == 403
