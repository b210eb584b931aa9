"""What integration does: record events, keep jobs, remember answers, issue tokens."""

from .events import SYSTEM, Actor, machine, number_events, record_event
from .idempotency import forget_expired, lock_key, remember_answer
from .jobs import begin_job, fail_job, finish_job, report_progress, start_job
from .tokens import issue_machine_key, issue_token

__all__ = [
    "SYSTEM",
    "Actor",
    "begin_job",
    "fail_job",
    "finish_job",
    "forget_expired",
    "issue_machine_key",
    "issue_token",
    "lock_key",
    "machine",
    "number_events",
    "record_event",
    "remember_answer",
    "report_progress",
    "start_job",
]
