"""A running portal for the stories: its processes, and who asks it."""

import datetime as dt
import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from rest_framework.test import APIClient

from billing.services import set_vat_rate
from conferencing.services.bridge_adapters import ensure_embedded_bridge
from integration.services import issue_machine_key
from tests.bridge.janus import RunningJanus
from tests.bridge.link import LinkProcess
from tests.bridge.rtp import PUMP
from tests.factories.customers import make_issuer
from tests.factories.users import make_user
from tests.flows.worker import WorkerProcess, forget_tasks

BASE = "/api/v1/"
VAT_PERCENT = "21"
GRACE_SECONDS = 1
# One of these is far from midnight, so that no story begins on one day and ends on the next.
ZONES = ("Europe/Madrid", "America/Mexico_City", "Asia/Tokyo")
DAYTIME = range(3, 22)


class Caller:
    """Somebody who speaks with the API: a person with a token, or a machine with a key."""

    def __init__(self, authorization: str) -> None:
        self._client = APIClient()
        self._client.credentials(HTTP_AUTHORIZATION=authorization)

    def post(self, address: str, content: object = None, *, status: int = 201) -> Any:
        return self._read(self._client.post(BASE + address, content), status)

    def get(self, address: str, **parameters: str) -> Any:
        return self._read(self._client.get(BASE + address, parameters), 200)

    def download(self, address: str) -> bytes:
        answer = self._client.get(BASE + address)
        assert answer.status_code == 200, answer.content
        return bytes(answer.content)

    @staticmethod
    def _read(answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.content.decode()
        return answer.json()


class Office:
    """A portal without a bridge of its own: people, a worker, and the zone of everybody's clocks.

    Each step of a start has its undoing in ``exits``, so that one that fails half-way leaves no
    process behind.
    """

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        self.folder = folder
        self.zone = zone_at_daytime(dt.datetime.now(dt.UTC))
        forget_tasks()
        self.worker = WorkerProcess(folder)
        exits.callback(self.worker.close)
        self.worker.start()
        found_the_house()
        self.sales = Caller(f"Token {token_of('sales')}")
        self.accountant = Caller(f"Token {token_of('billing')}")
        self.gateway = Caller(f"Api-Key {issue_machine_key(name='gateway', scopes=['tickets'])}")


class Stage(Office):
    """A portal with a real Janus and the bridge link."""

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        # Rooms close soon after the booked end: a test sees the whole life of one.
        exits.enter_context(patch.dict(os.environ, BPI_ROOM_GRACE_SECONDS=str(GRACE_SECONDS)))
        exits.enter_context(override_settings(ROOM_GRACE_SECONDS=GRACE_SECONDS))
        super().__init__(folder, exits)
        self.janus = RunningJanus(folder)
        exits.callback(self.janus.close)
        exits.callback(PUMP.silence)
        self.janus.start()
        known = {name.removeprefix("BPI_"): value for name, value in self.janus.env.items()}
        exits.enter_context(override_settings(**known))
        ensure_embedded_bridge()
        self.link = LinkProcess(self.janus, folder)
        exits.callback(lambda: self.link.close())  # noqa: PLW0108 (whichever it is by then)
        self.link.start()

    def restart_link(self, *, events: bool = True) -> None:
        """Let a new link take over from one that is dead by now.

        Without ``events`` those of the bridge go nowhere: polling alone has to do.
        """
        self.link.close()
        self.link = LinkProcess(self.janus, self.folder, events=events)
        self.link.start()


def found_the_house() -> None:
    """Fill in the settings without which nothing is issued."""
    make_issuer()
    set_vat_rate(
        category="domestic",
        percent=Decimal(VAT_PERCENT),
        valid_from=dt.date(2012, 9, 1),
        actor="tests",
        now=dt.datetime.now(dt.UTC),
    )


def token_of(role: str) -> str:
    """Return a new token of a user with one role, as the command prints it."""
    printed = io.StringIO()
    call_command("apitoken", make_user(role).username, stdout=printed)
    return printed.getvalue().strip()


def zone_at_daytime(now: dt.datetime) -> ZoneInfo:
    return next(zone for zone in map(ZoneInfo, ZONES) if now.astimezone(zone).hour in DAYTIME)


@contextmanager
def statement_held(statement: str, *parameters: str) -> Iterator[None]:
    """Hold the locks of a statement, on a connection of its own, for as long as the block runs."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(statement, parameters)
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def waiting_for_locks() -> int:
    """Count the processes that wait for somebody's lock in this database."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        (count,) = cursor.fetchone()
        return int(count)
