"""What recurs, and when: Celery beat's schedule, one entry for each recurring task.

The key says in words what happens; `task` is the dotted name; `schedule` is a number of seconds
or a `celery.schedules.crontab` in the time zone of the settings. Every task is idempotent: an
entry that ran twice, or late, changes nothing.
"""

TIMETABLE: dict[str, dict[str, object]] = {
    "forget answers and tokens that expired": {
        "task": "integration.tasks.forget_expired",
        "schedule": 3600.0,
    },
}
