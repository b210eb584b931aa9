"""Fill an empty portal with a believable business, and say who to log in as."""

import datetime as dt
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError

from bpi_portal.demo import story
from bpi_portal.demo.companies import PASSWORD_WORDS, PEOPLE
from customers.models import Customer
from integration.models import Event
from integration.services import begin_job, finish_job, record_event, report_progress, start_job

BEGUN, FILLED = "demo.begun", "demo.filled"
SHOW_EVERY = 25
LOGINS = Path(settings.STATE_DIR) / "logins.txt"


class Command(BaseCommand):
    """Make the demonstration; safe to repeat, goes on where it stopped.

    Refuses on a database with customers that it did not make itself.
    """

    help = "Fill an empty portal with a demonstration."

    def handle(self, *, verbosity: int, **_options: Any) -> None:
        """Do it, showing progress on stderr and in a job; then say who to log in as."""
        self._fill()
        if verbosity and LOGINS.exists():
            self.stdout.write(LOGINS.read_text(), ending="")

    def _fill(self) -> None:
        if Event.objects.filter(type=FILLED).exists():
            self.stderr.write("the demonstration is complete already")
            return
        anchor = self._anchor()
        make_people()
        steps = story.steps(anchor=anchor)
        job = start_job(task="demo", label="Demo", total=len(steps))
        begin_job(job_id=job.pk)
        for done, step in enumerate(steps, start=1):
            step.act(step.at)
            if done % SHOW_EVERY == 0 or done == len(steps):
                report_progress(job_id=job.pk, done=done, message=f"{step.at:%Y-%m-%d}")
                self.stderr.write(f"{done} of {len(steps)} · {step.at:%Y-%m-%d}")
        finish_job(job_id=job.pk)
        record_event(type=FILLED)

    def _anchor(self) -> dt.datetime:
        """Return the moment at which the story ends: that of the first run.

        Raises:
            CommandError: there are customers that are none of ours.
        """
        begun = Event.objects.filter(type=BEGUN).first()
        if begun:
            return dt.datetime.fromisoformat(begun.data["anchor"])
        if Customer.objects.exists():
            msg = "this database holds real customers: the demonstration would mix with them"
            raise CommandError(msg)
        anchor = story.present_moment()
        record_event(type=BEGUN, data={"anchor": anchor.isoformat()})
        return anchor


def make_people() -> None:
    """Make a user for each role, and leave their log-ins where ``up`` reads them."""
    lines = ["log in as (demonstration only):"]
    for person in PEOPLE:
        user, created = User.objects.get_or_create(
            username=person.username,
            defaults={
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": f"{person.username}@conferenciasibericas.example",
                "is_staff": person.role == "administrator",
            },
        )
        if not created:
            continue
        password = "-".join(secrets.choice(PASSWORD_WORDS) for _each in range(3))
        user.set_password(password)
        user.save()
        user.groups.set([Group.objects.get(name=person.role)])
        lines.append(f"  {person.role:<14} {person.username:<8} {password}")
    if len(lines) > 1:
        LOGINS.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(LOGINS, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(lines) + "\n")
