#!/usr/bin/env python3
"""What ippeveprinter runs for each job: prints nothing, but takes its time and may get stuck.

Standard library only: the printer starts it with whatever Python there is. Its folder (the one of
the spool file) holds what the test wants: ``speed`` in pages a second, ``trouble`` as
``pages reason``: after so many pages the printer halts with that reason until the file is gone.
Each sheet is noted in ``printed``, as the name of its job and the number of its page.
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


def halt(trouble: Path, reason: str) -> None:
    tell(f"STATE: +{reason}")
    while trouble.exists():
        time.sleep(TICK)
    tell(f"STATE: -{reason}")


def main() -> int:
    document = Path(sys.argv[1])
    folder = document.parent
    name = os.environ.get("IPP_JOB_NAME", "")
    speed, trouble = folder / "speed", folder / "trouble"
    pages = pages_of(document)
    tell(f"ATTR: job-impressions={pages}")
    done, begun = 0.0, 0
    with (folder / "printed").open("a") as paper:
        while begun < pages:
            done = min(done + float(speed.read_text()) * TICK, pages)
            if trouble.exists() and (words := trouble.read_text().split()):
                after, reason = int(words[0]), words[1]
                if done >= after:
                    done = max(float(after), float(begun))
            for page in range(begun + 1, int(done) + 1):
                paper.write(f"{name}\t{page}\n")
            paper.flush()
            begun = int(done)
            tell(f"ATTR: job-impressions-completed={begun}")
            if trouble.exists() and words and begun >= after:
                halt(trouble, reason)
            else:
                time.sleep(TICK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
