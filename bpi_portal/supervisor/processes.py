"""Child processes that end with their parent, are watched, and are stopped as a group."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypedDict

from .console import failure, say
from .folders import make_private

PR_SET_PDEATHSIG = 1
QUICK_FAILURE_SECONDS = 10
MAX_QUICK_FAILURES = 5


class Identity(TypedDict, total=False):
    """Who a child runs as: the arguments of `subprocess` that say so."""

    user: int
    group: int
    extra_groups: list[int]


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child calls before it becomes the program, so that it never outlives us.

    The kernel ties this to the *thread* that starts the child: start children in the main thread.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)  # loaded here: after fork only the call itself is safe
    parent = os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:  # it ended between fork and prctl
            os._exit(1)

    return ask_kernel


def kill_group(pid: int) -> None:
    """Kill what a process that led its own group has left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class NotStartedError(SystemExit):
    """A child that did not become ready; the message holds its last lines."""


class Child:
    """A program that runs until it is stopped; subclasses say which, and when it is ready."""

    name = "child"
    stop_signal = signal.SIGTERM
    patience_seconds = 15

    def __init__(self) -> None:
        self.log: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.last_lines: deque[str] = deque(maxlen=15)
        self.quick_failures = 0
        self._started_at = 0.0

    def command(self) -> list[str]:
        """Return the program and its arguments."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the environment of the program."""
        return dict(os.environ)

    def identity(self) -> Identity:
        """Return who the program runs as; empty means as we do."""
        return {}

    def before_start(self) -> None:
        """Prepare files before each start; what a killed predecessor left is cleared here."""

    def is_ready(self) -> bool:
        """Whether the program answers."""
        return True

    def show(self, line: str) -> None:
        """Take one line of the program's output."""
        self.last_lines.append(line)
        if self.log:
            with self.log.open("a") as log:
                log.write(line + "\n")

    def start(self) -> None:
        """Start the program in a group of its own. Call it in the main thread only."""
        self.before_start()
        if self.log:
            make_private(self.log.parent)
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command(),
            env=self.environment(),
            cwd=self.working_folder(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(self.stop_signal),  # noqa: PLW1509 - one libc call
            **self.identity(),
        )
        assert self.process.stdout is not None  # noqa: S101 - stdout=PIPE above
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def working_folder(self) -> Path:
        """Return the folder that the program starts in: one that anybody may enter."""
        return Path("/")

    def _read(self, output: IO[bytes]) -> None:
        for line in output:
            self.show(line.decode(errors="replace").rstrip())

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Wait until the program answers.

        Raises:
            NotStartedError: it ended or stayed silent; the message holds its last lines.
        """
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if not self.is_running():
                msg = f"{self.name} did not start.\n{self.reason()}"
                raise NotStartedError(msg)
            if time.monotonic() > deadline:
                msg = f"{self.name} did not answer within {seconds:.0f} s.\n{self.reason()}"
                raise NotStartedError(msg)
            time.sleep(0.02)

    def remove(self) -> None:
        """Delete the data. For temporary servers, after `stop`."""

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def reason(self) -> str:
        """Return the last lines that the program wrote."""
        time.sleep(0.1)  # lets the reading thread take what a dying program wrote last
        return "\n".join(f"    {line}" for line in self.last_lines)

    def revive(self) -> None:
        """Start the program again when it has ended; five quick failures end it all.

        Raises:
            SystemExit: it keeps failing; the message holds its last lines.
        """
        if self.process is None or self.process.poll() is None:
            return
        kill_group(self.process.pid)  # a killed granian leaves its worker on the port
        was_quick = time.monotonic() - self._started_at < QUICK_FAILURE_SECONDS
        self.quick_failures = self.quick_failures + 1 if was_quick else 0
        if self.quick_failures >= MAX_QUICK_FAILURES:
            msg = f"{self.name} keeps failing:\n{self.reason()}"
            raise failure(msg)
        say(f"  {self.name} ended ({_how(self.process.returncode)}): started again")
        time.sleep(0.5 * self.quick_failures)
        self.start()

    def stop(self) -> None:
        """Ask the program to end, and end its group when it does not in time."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(self.patience_seconds)
            except subprocess.TimeoutExpired:
                say(f"  {self.name} did not stop within {self.patience_seconds} s: killed")
        kill_group(self.process.pid)
        self.process.wait()


def _how(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"code {returncode}"
