"""Questions about long work, and about answers given."""

import datetime as dt
import uuid

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from integration.models import IdempotencyKey, Job


def job(job_id: uuid.UUID | str) -> Job:
    """Return the job.

    Raises:
        Job.DoesNotExist: there is none of that id.
    """
    return Job.objects.get(pk=job_id)


def jobs_visible_to(user: User | AnonymousUser) -> QuerySet[Job]:
    """Return the jobs that the user may follow: one's own, or all with ``view_job``."""
    if user.has_perm("integration.view_job"):
        return Job.objects.all()
    return Job.objects.filter(Q(requested_by=user.pk), requested_by__isnull=False)


def get_job_for(user: User | AnonymousUser, job_id: uuid.UUID | str) -> Job:
    """Return the job if the user may follow it.

    Raises:
        Job.DoesNotExist: there is none, or it is not this user's to see.
    """
    return jobs_visible_to(user).get(pk=job_id)


def answer_given(*, credential: str, key: str, now: dt.datetime) -> IdempotencyKey | None:
    """Return the answer already given to this key of this caller, if it has not expired."""
    return IdempotencyKey.objects.filter(credential=credential, key=key, expires_at__gt=now).first()
