"""What recurs, and when: Celery beat's schedule, one entry for each recurring task.

The key says in words what happens; `task` is the dotted name; `schedule` is a number of seconds
or a `celery.schedules.crontab` in the time zone of the settings. Every task is idempotent: an
entry that ran twice, or late, changes nothing.
"""

from celery.schedules import crontab

TIMETABLE: dict[str, dict[str, object]] = {
    "charge conferences that nobody announced, and what waited": {
        "task": "billing.tasks.charge_uncharged",
        "schedule": 60.0,
    },
    "charge whatever was missed, however long ago": {
        "task": "billing.tasks.charge_everything",
        "schedule": crontab(hour=2, minute=40),
    },
    "look whether charges, lines and invoices agree": {
        "task": "billing.tasks.check_books",
        "schedule": crontab(hour=4, minute=50),
    },
    "prepare the months that ended, issue what is agreed": {
        "task": "billing.tasks.prepare_due_periods",
        "schedule": crontab(hour="3,9,15,21", minute=20),
    },
    "go on with billing runs that lost their workers": {
        "task": "billing.tasks.continue_runs",
        "schedule": 60.0,
    },
    "go on with re-ratings that lost their worker": {
        "task": "billing.tasks.continue_re_ratings",
        "schedule": 60.0,
    },
    "write the e-mail of invoices that are to be sent": {
        "task": "billing.tasks.write_invoice_mails",
        "schedule": 60.0,
    },
    "see who is over the credit limit": {
        "task": "billing.tasks.watch_receivables",
        "schedule": 300.0,
    },
    "remind of what is due, where that is done unseen": {
        "task": "billing.tasks.remind_by_night",
        "schedule": crontab(hour=6, minute=30),
    },
    "close reservations that nobody came to": {
        "task": "conferencing.tasks.close_missed",
        "schedule": 60.0,
    },
    "mark contracts as ended, wherever their last day is over": {
        "task": "sales.tasks.end_contracts",
        "schedule": crontab(minute="1,16,31,46"),
    },
    "send the e-mail that is due, look after what dead workers left": {
        "task": "integration.tasks.send_messages",
        "schedule": 15.0,
    },
    "read reports of e-mail that could not be delivered": {
        "task": "integration.tasks.read_bounces",
        "schedule": 60.0,
    },
    "go on with print queues that lost their workers, ask printers how they are": {
        "task": "mailing.tasks.look_after_printers",
        "schedule": 15.0,
    },
    "go on with mailings that lost their workers, see which are done": {
        "task": "mailing.tasks.look_after_mailings",
        "schedule": 20.0,
    },
    "forget answers and tokens that expired": {
        "task": "integration.tasks.forget_expired",
        "schedule": 3600.0,
    },
}
