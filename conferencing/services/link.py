"""The bridge link: what one process does for all bridges in use, round after round.

Events are stored as they come (``receive``); each round applies them, and polls the bridges of
which it is time. Everything it does may be repeated, and a second process does no harm; yet only
one works at a time, the other waits for its lock.
"""

import hmac
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

from conferencing.bridges.base import (
    BridgeAdapter,
    BridgeRefusedError,
    BridgeUnavailableError,
    Event,
    SelfPlaying,
    deliveries,
)
from conferencing.models import Bridge

from . import link_events
from .bridge_adapters import BridgeNotConfiguredError, adapter_for
from .conferences import close_missed_reservations
from .link_rooms import Notices, has_room_work, reconcile, wanted_rooms

logger = logging.getLogger(__name__)

_PROCESS_LOCK: Final = 7_301_011
SHORTEST_POLL_SECONDS: Final = 0.25  # when somebody waits for a room, or for one to be ended
BUSY_POLL_SECONDS: Final = 0.5
IDLE_POLL_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 1.0
LONGEST_SHARE: Final = 4  # a poll that takes long is done less often: at most a fifth of the time
LOOK_FOR_BRIDGES_SECONDS: Final = 5.0
MISSED_SECONDS: Final = 5.0
CLOCK_SECONDS: Final = 30.0
FORGET_SECONDS: Final = 3600.0


class UnknownBridgeError(Exception):
    """Whoever delivers events shows no password of a bridge in use."""


@dataclass(slots=True)
class Line:
    """One bridge, spoken to by this process."""

    bridge: Bridge
    adapter: BridgeAdapter
    notices: Notices = field(default_factory=Notices)
    polled_at: float = 0.0  # on the monotonic clock, as is the next
    poll_at: float = 0.0
    error: str | None = None  # as last written to the row; None = not written yet


class Link:
    """All bridges in use.

    Args:
        clock: Gives the present moment (UTC).
    """

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._lines: dict[int, Line] = {}
        self._due: dict[str, float] = {}
        self._locked_connection: object = None

    def hold(self) -> bool:
        """Tell whether this process is the one that works, trying to become it.

        The lock belongs to the database connection: it is lost with it, and free again as soon
        as a killed process is gone.
        """
        connection.ensure_connection()
        if self._locked_connection is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [_PROCESS_LOCK])
                if not cursor.fetchone()[0]:
                    return False
            self._locked_connection = connection.connection
        return True

    def close(self) -> None:
        """Give back what the adapters hold open."""
        for line in self._lines.values():
            line.adapter.close()
        self._lines.clear()

    # --- events ---------------------------------------------------------------------------------
    def bridge_of(self, password: str) -> Bridge:
        """Return the bridge that shows this password.

        Raises:
            UnknownBridgeError: none does.
        """
        found = None
        for line in list(self._lines.values()):
            expected = line.adapter.events_password.encode()
            if hmac.compare_digest(expected, password.encode()):
                found = line.bridge
        if found is None:
            raise UnknownBridgeError
        return found

    def receive(self, bridge: Bridge, body: bytes) -> int:
        """Store what a bridge has posted; return how many events were new.

        Raises:
            ValueError: the body is no JSON object or list of them.
        """
        return link_events.receive(bridge, deliveries(body), now=self._clock())

    # --- rounds ---------------------------------------------------------------------------------
    def round(self) -> None:
        """Do what is due now, for every bridge; one that fails holds up no other."""
        if self._is_due("bridges", LOOK_FOR_BRIDGES_SECONDS):
            self._look_for_bridges()
        for line in self._lines.values():
            try:
                self._serve(line)
            except (BridgeUnavailableError, BridgeRefusedError) as error:
                line.poll_at = time.monotonic() + RETRY_SECONDS
                self._write_error(line, str(error))
        if self._is_due("missed", MISSED_SECONDS):
            close_missed_reservations(self._clock())

    def _serve(self, line: Line) -> None:
        if isinstance(line.adapter, SelfPlaying):
            self._deliver(line, line.adapter.play(self._clock()))
        while link_events.apply_pending(line.bridge, line.adapter, now=self._clock()):
            pass
        now = self._clock()
        started = time.monotonic()
        if started < line.poll_at and (
            started < line.polled_at + SHORTEST_POLL_SECONDS
            or not has_room_work(line.bridge, now=now)
        ):
            return
        line.polled_at = started
        live = reconcile(line.bridge, line.adapter, clock=self._clock, notices=line.notices)
        took = time.monotonic() - started
        busy = live > 0 or wanted_rooms(line.bridge, now=now).exists()
        pause = max(BUSY_POLL_SECONDS if busy else IDLE_POLL_SECONDS, LONGEST_SHARE * took)
        line.poll_at = time.monotonic() + pause
        self._write_error(line, "; ".join(line.notices.refusals))
        self._keep_house(line)

    def _deliver(self, line: Line, events: Sequence[Event]) -> None:
        if events:
            self.receive(line.bridge, json.dumps([dict(event) for event in events]).encode())

    def _keep_house(self, line: Line) -> None:
        now = self._clock()
        if self._is_due(f"clock {line.bridge.pk}", CLOCK_SECONDS):
            Bridge.objects.filter(pk=line.bridge.pk).update(
                clock_skew_ms=link_events.measure_clock(line.bridge, now=now)
            )
        if self._is_due(f"forget {line.bridge.pk}", FORGET_SECONDS):
            link_events.forget_old_events(line.bridge, now=now)

    def _look_for_bridges(self) -> None:
        """Take up bridges that came into use, drop those that went out, note changed settings."""
        in_use = {
            bridge.pk: bridge
            for bridge in Bridge.objects.filter(active=True).exclude(make=Bridge.Make.FEED)
        }
        for pk in self._lines.keys() - in_use.keys():
            self._lines.pop(pk).adapter.close()
        for pk, bridge in in_use.items():
            known = self._lines.get(pk)
            if known is not None and known.bridge.make == bridge.make:
                known.bridge = bridge
                continue
            if known is not None:
                self._lines.pop(pk).adapter.close()
            self._take_up(bridge)

    def _take_up(self, bridge: Bridge) -> None:
        try:
            self._lines[bridge.pk] = Line(bridge, adapter_for(bridge))
        except BridgeNotConfiguredError as error:
            Bridge.objects.filter(pk=bridge.pk).exclude(last_error=str(error)).update(
                last_error=str(error)[:300]
            )

    def _write_error(self, line: Line, error: str) -> None:
        if line.error != error:
            if error:
                logger.warning("bridge %s: %s", line.bridge.slug, error)
            elif line.error:
                logger.info("bridge %s: answers again", line.bridge.slug)
            Bridge.objects.filter(pk=line.bridge.pk).update(last_error=error[:300])
            line.error = error

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True
