"""A real `manage.py up` in a state folder of its own, as somebody at a terminal has it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# What `manage.py test` has set for this process, and a newcomer's shell has not.
NOT_OURS = {
    "BPI_EMBEDDED",
    "BPI_READY",
    "BPI_REDIS_DATABASE_OFFSET",
    "BPI_TEST",
    "DATABASE_URL",
    "PYTEST_CURRENT_TEST",
    "REDIS_URL",
    "SECRET_KEY",
}


def environment(state: Path, **more: str) -> dict[str, str]:
    """Return a newcomer's environment, with the state elsewhere.

    BPI_DEBUG spares collecting static files, which takes most of a first start.
    """
    clean = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    own = {"BPI_STATE_DIR": str(state), "BPI_DEMO": "0", "BPI_NO_APT": "1", "BPI_DEBUG": "1"}
    return {**clean, **own, **more}


def manage(*arguments: str, state: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of manage.py to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(state, **variables),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition, seconds: float = 20):
    """Return what `condition` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return pytest.fail(f"not within {seconds} s")


def _hear_ctrl_c() -> None:
    """Let what is started from here hear it: a shell's background jobs begin with it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Portal:
    """One `manage.py up`."""

    def __init__(self, state: Path, **variables: str) -> None:
        self.state = state
        self.port = free_port()
        self.lines: list[str] = []
        _hear_ctrl_c()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=environment(state, PORT=str(self.port), **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:  # one by one: others look at them meanwhile
                self.lines.append(line.rstrip())

    def output(self) -> str:
        """Return all that was said so far."""
        return "\n".join(self.lines)

    def wait_until_ready(self) -> None:
        """Wait until it says so."""
        wait_for(lambda: "ready at" in self.output() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.output()

    def answers(self) -> bool:
        """Whether the web server answers, whatever it is."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def children(self) -> dict[int, str]:
        """Return the command lines of its direct children by process id."""
        return {pid: command for pid, command, parent in processes() if parent == self.process.pid}

    def child(self, part: str) -> int | None:
        """Return the id of the child whose command line has this part."""
        return next((pid for pid, command in self.children().items() if part in command), None)

    def left_over(self) -> dict[int, str]:
        """Return the processes that use its state folder."""
        name = f"BPI_STATE_DIR={self.state}".encode()
        return {
            pid: command
            for pid, command, _ in processes()
            if pid != os.getpid() and name in _read_bytes(Path(f"/proc/{pid}/environ"))
        }

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C (or send the signal) and wait for the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(40)
        self._reader.join(10)
        return code


def processes() -> list[tuple[int, str, int]]:
    """Return (id, command line, parent's id) of every living process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            status = _read_bytes(folder / "stat").rpartition(b")")[2].split()
            if status and status[0] != b"Z":
                command = _read_bytes(folder / "cmdline").replace(b"\0", b" ").decode()
                found.append((int(folder.name), command, int(status[1])))
    return found


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended meanwhile, or is another user's
        return b""
