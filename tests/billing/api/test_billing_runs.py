"""Billing runs over the API: a job that prepares what is due; repeating it changes nothing."""

import pytest

from billing.models import Invoice
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


def run(api, body, handed_over, commit):
    with commit(execute=True):
        answer = api("post", "billing-runs/", body)
    return answer, handed_over[-1] if handed_over else None


def test_a_run_is_a_job_and_may_be_repeated(api, handed_over, django_capture_on_commit_callbacks):
    make_vat_rate_once()
    customer = make_customer()
    make_contract(customer, monthly_fee=30)
    body = {"period": "2026-10", "customers": [customer.number]}
    answer, arguments = run(api, body, handed_over, django_capture_on_commit_callbacks)
    assert answer.status_code == 202, answer.content
    job = Job.objects.get()
    assert answer.json()["id"] == str(job.pk)
    assert answer.headers["Location"].endswith(f"/api/v1/jobs/{job.pk}/")
    run_billing(*arguments)
    done = api("get", f"jobs/{job.pk}/").json()
    assert (done["state"], done["done"]) == ("done", 1)
    assert (Invoice.objects.get().net, Invoice.objects.get().period) == (30, "2026-10")
    before = Invoice.objects.values().get()
    _again, arguments = run(api, body, handed_over, django_capture_on_commit_callbacks)
    run_billing(*arguments)
    assert Invoice.objects.values().get() == before


def test_wrong_runs_are_refused(api, handed_over, django_capture_on_commit_callbacks):
    make_draft()
    body = {"period": "2026-13", "customers": ["C-99999"]}
    answer, arguments = run(api, body, handed_over, django_capture_on_commit_callbacks)
    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/period", "/customers"}
    assert (Job.objects.count(), arguments) == (0, None)
