"""Workers that send, as processes of their own that can be killed."""

import multiprocessing
import os
import signal
import time
from typing import Any

from django.db import connections
from django.utils import timezone

from integration.services import send_due

_FORK: Any = multiprocessing.get_context("fork")


class MailWorker:
    """A process that sends whatever is due until it is killed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = _FORK.Process(target=self._work, daemon=True)

    def start(self) -> "MailWorker":
        self._process.start()
        return self

    def kill(self) -> None:
        """kill -9, whatever it is doing."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL

    def close(self) -> None:
        if self._process.is_alive():
            self.kill()

    def _work(self) -> None:
        # The parent's are left alone, and kept: one that is forgotten would be complained of.
        self._of_parent = [connection.connection for connection in connections.all()]
        for connection in connections.all():
            connection.connection = None
        while True:
            if not send_due(now=timezone.now(), worker=self.name).sent:
                time.sleep(0.01)
