"""Jobs: long work with progress that a screen or a client can ask for.

A task may run twice (a worker was killed): a job that is over stays as it is, whoever reports.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.db.models.functions import Coalesce
from django.utils import timezone

from integration.models import Job
from toolkit.request_id import acting_user, current_request_id

_OVER = (Job.State.DONE, Job.State.FAILED)


def start_job(
    *,
    task: str,
    label: str,
    total: int = 0,
    customer_number: str = "",
    requested_by: AbstractBaseUser | None = None,
    now: dt.datetime | None = None,
) -> Job:
    """Put down a job, queued. Hand its id to the task on commit; the row outlives the broker.

    ``label`` is what people read ("Billing run 2026-10"); ``total`` 0 means not yet known.
    ``requested_by`` is by default the user of the request being served.
    """
    user = requested_by or acting_user()
    return Job.objects.create(
        task=task,
        label=label,
        total=total,
        customer_number=customer_number,
        requested_by=user if isinstance(user, User) and user.pk else None,
        request_id=current_request_id(),
        created_at=now or timezone.now(),
    )


def begin_job(*, job_id: uuid.UUID | str, total: int = 0, now: dt.datetime | None = None) -> bool:
    """Mark the job as running; return whether there is anything left to do.

    False when the job is over already, so that a task delivered twice ends at once.
    """
    now = now or timezone.now()
    fields: dict[str, Any] = {"state": Job.State.RUNNING, "heartbeat_at": now}
    if total:
        fields["total"] = total
    return _change(job_id, started_at=Coalesce("started_at", now), **fields)


def report_progress(
    *,
    job_id: uuid.UUID | str,
    done: int,
    total: int | None = None,
    message: str = "",
    now: dt.datetime | None = None,
) -> None:
    """Say how far the job is (``done`` is absolute). Call it outside of a long transaction.

    Inside one nobody would see the progress before its end.
    """
    now = now or timezone.now()
    fields: dict[str, Any] = {"done": done, "message": message[:300]}
    if total is not None:
        fields["total"] = total
    _change(
        job_id,
        state=Job.State.RUNNING,
        started_at=Coalesce("started_at", now),
        heartbeat_at=now,
        **fields,
    )


def finish_job(
    *,
    job_id: uuid.UUID | str,
    result: Mapping[str, Any] | None = None,
    message: str = "",
    done: int | None = None,
    now: dt.datetime | None = None,
) -> None:
    """Mark the job as done, with its result (JSON). Repeating it changes nothing."""
    now = now or timezone.now()
    fields: dict[str, Any] = {"result": dict(result or {}), "message": message[:300]}
    if done is not None:
        fields["done"] = done
    _change(job_id, state=Job.State.DONE, finished_at=now, heartbeat_at=now, **fields)


def fail_job(*, job_id: uuid.UUID | str, error: str, now: dt.datetime | None = None) -> None:
    """Mark the job as failed. ``error`` is for people: plain words, no trace."""
    now = now or timezone.now()
    _change(job_id, state=Job.State.FAILED, error=error, finished_at=now, heartbeat_at=now)


def _change(job_id: uuid.UUID | str, **fields: Any) -> bool:
    """Update the job unless it is over; return whether it was not."""
    return Job.objects.filter(pk=job_id).exclude(state__in=_OVER).update(**fields) == 1
