"""The Celery worker as a process of its own, as ``manage.py up`` runs it, for tests."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings

from bpi_portal.celery import app
from bpi_portal.supervisor.portal import celery_process
from bpi_portal.supervisor.processes import die_with_parent
from tests.bridge.janus import wait_until
from tests.bridge.link import ROOT, database_url

POOL_PROCESSES = 2


class WorkerProcess:
    """A worker with two pool processes on the database and the broker of this test."""

    def __init__(self, folder: Path) -> None:
        options = ("-c", str(POOL_PROCESSES), "--without-gossip", "--without-mingle")
        self._command = celery_process("worker", folder, *options).command()
        self._environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "BPI_STATE_DIR": str(folder),
            "BPI_READY": "1",
            "BPI_EMBEDDED": "1",  # it is the only one: what a killed one had taken, it takes back
            "PYTHONUNBUFFERED": "1",
        }
        self._log = (folder / "worker.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "WorkerProcess":
        """Start it; what is handed over meanwhile waits at the broker."""
        self.process = subprocess.Popen(  # noqa: S603 (the portal's own command)
            self._command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 (one libc call)
        )
        return self

    def kill(self) -> None:
        """kill -9 of the worker and of its pool processes, whatever they are doing."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait_until_idle(self) -> None:
        """Wait until everything that was handed over is done."""
        wait_until(lambda: tasks_at_broker() == 0, seconds=30, what="the worker's rest")

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self._log.close()


def tasks_at_broker() -> int:
    """Count the tasks that wait, and those that a worker has taken and not acknowledged."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        with channel.conn_or_acquire() as client:
            return int(client.llen("celery") + client.hlen(channel.unacked_key))


def forget_tasks() -> None:
    """Empty the broker: other tests handed over what concerns no row of this one."""
    app.control.purge()
