"""What the supervisor says: one line per step, on stderr unless `up` is the command."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


def say(text: str) -> None:
    """Write one line for a person; never fail because nobody listens any more.

    On stderr: commands such as `simulate` and `apitoken` print only their answer on stdout.
    """
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):  # the terminal is gone; stopping cleanly still matters
        pass


@contextmanager
def step(name: str) -> Iterator[list[str]]:
    """Say what was done and how long it took; what is appended to the list is added to the line."""
    started = time.monotonic()
    notes: list[str] = []
    yield notes
    details = f" ({', '.join(notes)})" if notes else ""
    say(f"  {name}{details} · {time.monotonic() - started:.1f} s")


def give_up(reason: str) -> NoReturn:
    """End the command with one clear line.

    Raises:
        SystemExit: always.
    """
    sys.exit(f"manage.py: {reason}")
