"""Make `.venv` from the requirements, then run the same command again inside it.

Standard library only, and nothing of the project is imported here: this module runs before any
package exists. An existing `.venv` is brought up to date in place and never emptied, since
another process may be running from it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)


def enter(*, development: bool = False) -> None:
    """Continue inside an up-to-date `.venv`; return at once when already there.

    Args:
        development: Whether what only developers need (requirements-dev.txt) is wanted too.

    Raises:
        SystemExit: Python is too old, or the packages cannot be installed.
    """
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    if os.environ.get("BPI_NO_VENV"):
        return
    prepare(development=development)
    if Path(sys.prefix) != VENV:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])  # noqa: S606


def prepare(*, development: bool) -> None:
    """Install what the requirements name and `.venv` lacks. Idempotent; one process at a time."""
    requirements = ROOT / ("requirements-dev.txt" if development else "requirements.txt")
    if _is_fresh(requirements):
        return
    VENV.mkdir(exist_ok=True)
    lock = os.open(VENV, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_fresh(requirements):  # else another process did it while this one waited
            _say(f"preparing .venv from {requirements.name} (about half a minute, once) ...")
            if not _works(PYTHON):  # not made yet, or the Python it was made with is gone
                venv.EnvBuilder(with_pip=False, symlinks=True).create(VENV)
                for stamp in VENV.glob("*.sha256"):
                    stamp.unlink()
            _install(requirements)
            for file in _files_of(requirements):
                _stamp(file).write_text(_fingerprint(file))
    finally:
        os.close(lock)


def _files_of(requirements: Path) -> list[Path]:
    """Return the file and those it includes by `-r`."""
    included = [
        requirements.parent / line.removeprefix("-r").strip()
        for line in requirements.read_text().splitlines()
        if line.startswith("-r")
    ]
    return [requirements, *included]


def _is_fresh(requirements: Path) -> bool:
    return PYTHON.exists() and all(
        _stamp(file).exists() and _stamp(file).read_text() == _fingerprint(file)
        for file in _files_of(requirements)
    )


def _stamp(requirements: Path) -> Path:
    return VENV / f"{requirements.name}.sha256"


def _fingerprint(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def _works(python: Path) -> bool:
    return python.exists() and _runs([str(python), "-c", "pass"])


def _install(requirements: Path) -> None:
    """Install with uv, which halves the wait; with pip where uv is not to be had or fails."""
    pip = _pip()
    uv = [str(PYTHON), "-m", "uv"]
    if _runs([*uv, "--version"]) or _runs([*pip, "install", "uv"]):
        install = ["pip", "install", "--python", str(PYTHON), "--compile-bytecode"]
        if _runs([*uv, *install, "-r", str(requirements)]):
            return
    if subprocess.run([*pip, "install", "-r", str(requirements)], check=False).returncode:
        sys.exit(f"The packages of {requirements.name} could not be installed (see above).")


def _pip() -> list[str]:
    """Return how to call a pip that installs into `.venv`.

    Debian ships Python without ensurepip, and a user may not be able to add it: then pip's own
    wheel, which runs where it lies, is fetched from the package index.
    """
    options = ["--disable-pip-version-check", "--quiet"]
    if _runs([str(PYTHON), "-m", "pip", "--version"]):
        return [str(PYTHON), "-m", "pip", *options]
    if _runs([str(PYTHON), "-m", "ensurepip"]):
        return [str(PYTHON), "-m", "pip", *options]
    wheel = _fetch_pip()
    if not _runs([str(PYTHON), f"{wheel}/pip", *options, "install", str(wheel)]):
        sys.exit("pip could not be installed: apt-get install python3-venv, then start again.")
    shutil.rmtree(wheel.parent)
    return [str(PYTHON), "-m", "pip", *options]


def _fetch_pip() -> Path:
    """Download pip's newest wheel into a folder of its own; return the file's path."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    try:
        with urllib.request.urlopen(index, timeout=60) as page:  # noqa: S310
            links = [part.split('"')[0] for part in page.read().decode().split('href="')[1:]]
        wheels = [link for link in links if link.split("#")[0].endswith("-py3-none-any.whl")]
        address = urllib.parse.urljoin(index, wheels[-1])
        wheel = Path(tempfile.mkdtemp()) / Path(urllib.parse.urlsplit(address).path).name
        with urllib.request.urlopen(address, timeout=60) as source:  # noqa: S310
            wheel.write_bytes(source.read())
    except (OSError, IndexError) as error:
        sys.exit(f"No pip, and none to be had from {index} ({error}): install python3-venv.")
    return wheel


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    prepare(development="--dev" in sys.argv[1:])
