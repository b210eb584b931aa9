"""What the supervisor says: one line per step, on stderr unless `up` is the command."""

import contextlib
import sys
import time
from collections.abc import Iterator


def say(text: str) -> None:
    """Write one line for a person; never fail because nobody listens any more.

    On stderr: commands such as `simulate` and `apitoken` print only their answer on stdout.
    """
    # The terminal may be gone; stopping cleanly still matters.
    with contextlib.suppress(BrokenPipeError, ValueError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@contextlib.contextmanager
def step(name: str) -> Iterator[list[str]]:
    """Say what was done and how long it took; what is appended to the list is added to the line."""
    started = time.monotonic()
    notes: list[str] = []
    if sys.stderr.isatty():
        sys.stderr.write(f"  {name} ...\r")
        sys.stderr.flush()
    yield notes
    details = f" ({', '.join(notes)})" if notes else ""
    say(f"  {name}{details} · {time.monotonic() - started:.1f} s")


def failure(reason: str) -> SystemExit:
    """Return what to raise to end the command with one clear line."""
    return SystemExit(f"manage.py: {reason}")
