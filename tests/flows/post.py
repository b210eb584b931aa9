"""A portal with a real printer and a real mail server, for the stories of mailings."""

import datetime as dt
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.test import override_settings

from customers.models import Address, Contact, Customer
from integration.tasks import send_messages
from mailing.models import Mailing, PrintJob
from mailing.selectors import batch_of
from mailing.services import approve, create_mailing, freeze, start
from mailing.services.print_steps import name_at_printer
from mailing.services.printers import add_printer
from mailing.services.printing import decide_print
from mailing.tasks import look_after_mailings
from tests.bridge.janus import wait_until
from tests.factories.customers import make_issuer
from tests.factories.mailing import make_version
from tests.factories.users import make_user
from tests.flows.worker import WorkerProcess, forget_tasks
from tests.mail.server import ScriptedServer
from tests.printer.printer import RunningPrinter

PATIENCE = 60
LETTER = '<p>Estimada <span data-field="contact.name"></span>:</p><p>Suben las tarifas.</p>'
NOTICE = '<p>Su carta llega el <span data-field="notice.arrival"></span>.</p>'


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class PostOffice:
    """Two worker processes, a printer, a mail server, and somebody who sends mailings.

    Each step of a start has its undoing in ``exits``.
    """

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        forget_tasks()
        self.media = folder / "media"
        self.mail = ScriptedServer().start()
        exits.callback(self.mail.stop)
        exits.enter_context(
            patch.dict(os.environ, EMAIL_URL=self.mail.url, BPI_EMAIL_DOMAIN_RATE="0")
        )
        exits.enter_context(override_settings(MEDIA_ROOT=self.media, STATE_DIR=folder))
        self.printer = exits.enter_context(RunningPrinter(folder))
        self.worker = WorkerProcess(folder)
        exits.callback(self.worker.close)
        self.worker.start()
        make_issuer()
        self.sender = make_user("administrator")
        self.row = add_printer(name="Oficina", uri=self.printer.uri, actor=self.sender, now=now())
        self._serial = 0

    def customers(self, count: int) -> list[Customer]:
        """Make customers with an address and a contact, each with an e-mail of its own."""
        self._serial += 1
        name = f"p{self._serial}"
        made = Customer.objects.bulk_create(
            Customer(
                number=f"C-{name}-{place:04}",
                legal_name=f"Óptica Lumen {place}, S.L.",
                country="ES",
                tags=[name],
            )
            for place in range(count)
        )
        Address.objects.bulk_create(
            Address(
                customer=customer,
                kind="postal",
                line1=f"Calle Mayor {place}",
                postcode=f"28{place:03}",
                city="Madrid",
                country="ES",
            )
            for place, customer in enumerate(made)
        )
        Contact.objects.bulk_create(
            Contact(customer=one, name="Amaia Ruiz", email=f"{one.number.lower()}@x.example")
            for one in made
        )
        return made

    def approved(self, customers: list[Customer], **fields: Any) -> Mailing:
        """Return a mailing to these customers that only waits for its start."""
        given: dict[str, Any] = {
            "name": "Tarifas",
            "output": Mailing.Output.LETTERS,
            "letter": make_version(body_es=LETTER, fields=["contact.name"]),
            "notice": make_version("notice", body_es=NOTICE, fields=["notice.arrival"]),
            "audience": {"filter": {"tag": customers[0].tags[0]}},
            "notice_time": dt.time(0),
            "printer": self.row,
            "chunk_size": 100,
            **fields,
        }
        mailing = create_mailing(actor=self.sender, now=now(), **given)
        freeze(mailing=mailing, actor=self.sender, now=now())
        return approve(mailing=mailing, actor=self.sender, now=now())

    def go(self, mailing: Mailing) -> None:
        """Start it; workers hear of it at once."""
        start(mailing=mailing, actor=self.sender, now=now())

    def sweep(self) -> None:
        """Do what the timetable does."""
        look_after_mailings.delay()
        send_messages.delay()

    def wait(self, mailing: Mailing, holds: Callable[[Mailing], bool], what: str) -> None:
        """Wait until something holds of the mailing, sweeping now and then as beat would."""
        tries = 0

        def look() -> bool:
            nonlocal tries
            tries += 1
            if tries % 50 == 0:
                self.sweep()
            mailing.refresh_from_db()
            return holds(mailing)

        wait_until(look, seconds=PATIENCE, what=what)

    def wait_until_done(self, mailing: Mailing) -> None:
        self.wait(mailing, lambda one: one.state == Mailing.State.DONE, "the mailing being done")

    def has_seen_the_tray(self, mailing: Mailing) -> bool:
        """Decide what only a person can; return whether the mailing is done.

        A worker that was killed at the very hand-over leaves a job of which nobody is certain.
        """
        jobs = PrintJob.objects.filter(batch=batch_of(mailing), state=PrintJob.State.UNCERTAIN)
        for job in jobs:
            printed = self.printer.pages()[name_at_printer(job)] == job.pages
            decide_print(job=job, printed=printed, actor=self.sender, now=now())
        return mailing.state == Mailing.State.DONE
