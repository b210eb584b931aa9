"""`manage.py test`: pytest on real servers in a temporary place, of which nothing remains."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .commands import servers, wait_in_foreground
from .state import ROOT, State
from .translations import compile_translations

if TYPE_CHECKING:
    from .processes import Child

PROCESSES = 2


def run_tests(arguments: list[str]) -> int:
    """Run pytest with the given arguments; return its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="bpi-test-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user
    (folder / "static").mkdir()  # WhiteNoise warns where there is none
    os.environ.update(
        BPI_TEST="1",
        BPI_READY="1",
        BPI_STATE_DIR=str(folder),
        SECRET_KEY=secrets.token_urlsafe(50),
        PYTHONUNBUFFERED="1",
    )
    compile_translations(ROOT / "locale")
    options = ["-p", "tests.isolation", "--durations=10", "--durations-min=0.5"]
    if not os.environ.get("DATABASE_URL"):
        options.append("--reuse-db")  # not dropped at the end: it goes with the whole server
    if not _chooses_processes(arguments):
        options += ["-n", str(PROCESSES), "--dist", "loadfile"]  # a file may share one portal
    started: list[Child] = []
    try:
        with servers(State(folder), careless=True) as started:
            command = [sys.executable, "-m", "pytest", *options, *arguments]
            return wait_in_foreground(subprocess.Popen(command, cwd=ROOT))
    finally:
        for server in started:
            server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _chooses_processes(arguments: list[str]) -> bool:
    """Whether pytest-xdist is best left alone: asked for explicitly, or one file is to be run."""
    if any(argument.startswith(("-n", "--numprocesses", "--pdb")) for argument in arguments):
        return True
    files = [argument.split("::")[0] for argument in arguments if not argument.startswith("-")]
    return len(files) == 1 and Path(ROOT / files[0]).is_file()
