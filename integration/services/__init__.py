"""What integration does: record events, keep jobs, remember answers."""

from .events import SYSTEM, Actor, machine, number_events, record_event
from .jobs import begin_job, fail_job, finish_job, report_progress, start_job

__all__ = [
    "SYSTEM",
    "Actor",
    "begin_job",
    "fail_job",
    "finish_job",
    "machine",
    "number_events",
    "record_event",
    "report_progress",
    "start_job",
]
