"""Folders that only one user may enter, and short ones for Unix sockets."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from .console import failure

NOBODY = 65534
# A socket's path must stay under 107 characters; the longest name is ".s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 85


def socket_folder_for(folder: Path) -> Path:
    """Return the folder itself, or one of a shorter path when sockets would not fit into it."""
    if len(str(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return _runtime_folder() / f"bpi-{digest_of(folder)}"


def digest_of(folder: Path) -> str:
    """Return a short name for a path, the same every time."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def make_private(folder: Path, *, user: int | None = None, group: int | None = None) -> None:
    """Make the folder one that only `user` (by default we) may enter. Idempotent.

    As root, what the folder holds is handed over too when it was nobody's, or root's, before:
    whether PostgreSQL runs as one or the other depends on what the machine allows today.

    Raises:
        SystemExit: it belongs to somebody else (who may have put it there: /tmp is everybody's).
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    found = folder.lstat()
    ours = {0, NOBODY} if os.geteuid() == 0 else {os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        msg = f"{folder} belongs to {folder.owner()}: start as that user."
        raise failure(msg)
    folder.chmod(0o700)
    wanted = os.geteuid() if user is None else user
    if found.st_uid != wanted:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, wanted, os.getegid() if group is None else group, follow_symlinks=False)


def _runtime_folder() -> Path:
    if os.geteuid() == 0 and Path("/run").is_dir():
        return Path("/run")
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
