"""The files and apps that the checks walk over."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# From the floor to the roof: nothing points to a later one; the three in one row are strangers.
LAYERS = (
    ("toolkit",),
    ("integration",),
    ("customers",),
    ("sales", "conferencing", "mailing"),
    ("billing",),
    ("bpi_portal",),
)
LEVEL = {app: level for level, apps in enumerate(LAYERS) for app in apps}
APPS = tuple(LEVEL)
TEMPLATES = tuple(sorted((ROOT / "templates").rglob("*.html")))
PYTHON = tuple(
    path
    for folder in (*APPS, "tests", "bench")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
)


def short(path: object) -> str:
    """Return the path from the project's folder, to name a test by."""
    return path.relative_to(ROOT).as_posix() if isinstance(path, Path) else str(path)


def tracked_files() -> list[Path]:
    """Return every file under version control, or all of the source where there is no git."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-C", str(ROOT), "ls-files", "-z"]
        listing = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        return [path for name in listing.stdout.split("\0") if (path := ROOT / name).is_file()]
    return [*PYTHON, *TEMPLATES]
