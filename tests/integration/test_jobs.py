"""Jobs: progress, an end that stays, who may follow them."""

import datetime as dt
import uuid

import pytest
from django.contrib.auth.models import Permission, User

from integration import selectors
from integration.models import Job
from integration.services import begin_job, fail_job, finish_job, report_progress, start_job

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def test_the_life_of_a_job():
    ana = User.objects.create(username="ana")
    job = start_job(task="billing.tasks.run", label="October", requested_by=ana, now=NOON)
    assert (job.state, job.done, job.total, job.created_at) == ("queued", 0, 0, NOON)

    assert begin_job(job_id=job.pk, total=4, now=NOON)
    report_progress(job_id=job.pk, done=3, message="three of four", now=LATER)
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.message) == ("running", 3, 4, "three of four")
    assert job.started_at == NOON
    assert job.heartbeat_at == LATER
    assert job.percent == 75
    assert not job.is_over

    finish_job(job_id=str(job.pk), result={"invoices": 4}, done=4, now=LATER)
    job.refresh_from_db()
    assert (job.state, job.done, job.result) == ("done", 4, {"invoices": 4})
    assert job.finished_at == LATER
    assert job.is_over


def test_a_job_of_unknown_size_has_no_percentage():
    assert start_job(task="t", label="x").percent is None


def test_a_job_that_is_over_stays_as_it_is():
    job = start_job(task="t", label="x")
    fail_job(job_id=job.pk, error="The printer has no paper.")
    assert not begin_job(job_id=job.pk)
    report_progress(job_id=job.pk, done=1)
    finish_job(job_id=job.pk, result={"a": 1})
    job.refresh_from_db()
    assert (job.state, job.error, job.done, job.result) == (
        "failed",
        "The printer has no paper.",
        0,
        {},
    )


def test_one_follows_ones_own_jobs_and_all_with_permission():
    ana, berta = User.objects.create(username="ana"), User.objects.create(username="berta")
    job = start_job(task="t", label="x", requested_by=ana)
    nobodys = start_job(task="t", label="y")
    assert selectors.get_job_for(ana, job.pk) == job
    for user, wanted in ((berta, job), (ana, nobodys)):
        with pytest.raises(Job.DoesNotExist):
            selectors.get_job_for(user, wanted.pk)
    berta.user_permissions.add(Permission.objects.get(codename="view_job"))
    berta = User.objects.get(pk=berta.pk)
    assert set(selectors.jobs_visible_to(berta)) == {job, nobodys}
    assert selectors.job(job.pk) == job
    with pytest.raises(Job.DoesNotExist):
        selectors.job(uuid.uuid4())
