"""The bridge link as a process of its own, as ``manage.py up`` runs it, for one test."""

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

from conferencing.models import Bridge, Reservation
from conferencing.services import book_reservation, issue_ticket
from integration.services import machine
from tests.bridge.janus import RunningJanus, wait_until
from tests.bridge.rtp import RtpParticipant
from tests.factories.customers import make_customer

ROOT = Path(__file__).parents[2]


class LinkProcess:
    """``manage.py bridge_link`` on the database of this test.

    Args:
        events: False lets Janus' events go nowhere: then polling alone has to do.
    """

    def __init__(self, janus: RunningJanus, folder: Path, *, events: bool = True) -> None:
        self._environment = {
            **os.environ,
            **janus.env,
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "BPI_STATE_DIR": str(folder),
            "BPI_READY": "1",
            "PYTHONUNBUFFERED": "1",
        }
        if not events:
            self._environment["BPI_JANUS_EVENTS_URL"] = ""
        self._log = (folder / "link.log").open("ab")
        self._process: subprocess.Popen | None = None

    @property
    def process(self) -> subprocess.Popen:
        assert self._process is not None
        return self._process

    def start(self) -> "LinkProcess":
        before = dt.datetime.now(dt.UTC)
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "bridge_link"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        wait_until(
            lambda: Bridge.objects.filter(last_poll_at__gt=before).exists(),
            seconds=30,
            what="the first poll of the link",
        )
        return self

    def kill(self) -> None:
        """kill -9 of the real process."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(15)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()


def database_url() -> str:
    """Return the address of this test's own database."""
    values = connection.settings_dict
    query = urlencode({"host": values["HOST"], **values["OPTIONS"]})
    user = quote(values["USER"])
    password = f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else ""
    port = f":{values['PORT']}" if values["PORT"] else ""
    return f"postgresql://{user}{password}@{port}/{values['NAME']}?{query}"


def use_janus(janus: RunningJanus, settings) -> Bridge:
    """Let this process know Janus, as every process of ``up`` does; return its bridge."""
    for name, value in janus.env.items():
        setattr(settings, name.removeprefix("BPI_"), value)
    return Bridge.objects.create(slug="main", name="Puente", make=Bridge.Make.JANUS, capacity=20)


def book_now(*, minutes: int = 60, **fields: object) -> Reservation:
    """Book a conference that starts at this moment."""
    now = dt.datetime.now(dt.UTC)
    given: dict[str, Any] = {
        "title": "Consejo",
        "scheduled_start": now,
        "duration_minutes": minutes,
        "reserved_ports": 5,
        "access": ["voip", "toll", "toll_free", "dial_out"],
        "actor": "tests",
        "now": now,
        **fields,
    }
    if given.get("customer") is None:
        given["customer"] = make_customer()
    return book_reservation(**given)


def wait_for_room(janus: RunningJanus, reservation: Reservation) -> None:
    wait_until(
        lambda: str(reservation.room) in janus.adapter.rooms(), seconds=5, what="the booked room"
    )


def join(
    janus: RunningJanus,
    reservation: Reservation,
    participant: str,
    access: str = "voip",
    number: str = "",
) -> RtpParticipant:
    """Join over RTP with a ticket for this access and number, as a gateway does."""
    ticket = issue_ticket(
        reservation=reservation,
        participant=participant,
        access=access,
        number=number,
        actor=machine("gateway"),
        now=dt.datetime.now(dt.UTC),
    )
    return RtpParticipant(
        janus.http_url,
        ticket.room,
        pin=ticket.pin,
        token=ticket.token,
        display=participant,
        participant_id=ticket.participant_id,
        leg_id=ticket.leg_id,
    )
