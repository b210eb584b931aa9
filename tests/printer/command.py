#!/usr/bin/env python3
"""What ippeveprinter runs for each job: prints nothing, but takes its time and may get stuck.

Standard library only: the printer starts it with whatever Python there is. Its folder (the one of
the spool file) holds what the test wants: ``speed`` in pages a second, ``trouble`` as
``pages reason``: after so many pages the printer halts with that reason until the file is gone, or
gives the job up if the reason is ``abort``. Each page is noted in ``printed``, as the name of its
job and its number; how a job was to be printed in ``options``.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

TICK = 0.02


def tell(line: str) -> None:
    """Speak with the printer (ippeveprinter reads STATE: and ATTR: lines)."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def pages_of(document: Path) -> int:
    said = subprocess.run(["pdfinfo", document], capture_output=True, check=True).stdout  # noqa: S603, S607
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith(b"Pages"))


def told_options() -> list[str]:
    """Return how the job is to be printed, as the printer understood it."""
    names = ("sides", "print-color-mode", "media", "media-col")
    told = {name: os.environ.get(f"IPP_{name.upper().replace('-', '_')}") for name in names}
    return [f"{name}={value}" for name, value in told.items() if value]


def halt(trouble: Path, reason: str) -> None:
    """Say why nothing is printed until somebody has cured it."""
    tell(f"STATE: +{reason}")
    while trouble.exists():
        time.sleep(TICK)
    tell(f"STATE: -{reason}")


def trouble_at(trouble: Path) -> tuple[int, str]:
    """Return after how many pages what happens; never, where nothing is wrong."""
    try:
        after, reason = trouble.read_text().split()
    except FileNotFoundError:
        return sys.maxsize, ""
    return int(after), reason


def main() -> int:
    document = Path(sys.argv[1])
    name = os.environ.get("IPP_JOB_NAME", "")
    speed, trouble = document.with_name("speed"), document.with_name("trouble")
    pages = pages_of(document)
    tell(f"ATTR: job-impressions={pages}")
    with document.with_name("options").open("a") as options:
        options.write(" ".join(told_options()) + "\n")
    done, owed = 0, 0.0
    with document.with_name("printed").open("a") as paper:
        while done < pages:
            owed += float(speed.read_text()) * TICK
            after, reason = trouble_at(trouble)
            upto = min(done + int(owed), pages, max(after, done))
            owed -= int(owed)
            for page in range(done + 1, upto + 1):
                paper.write(f"{name}\t{page}\n")
            paper.flush()
            done = upto
            tell(f"ATTR: job-impressions-completed={done}")
            if done >= after and reason == "abort":
                return 1
            if done >= after:
                halt(trouble, reason)
            else:
                time.sleep(TICK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
