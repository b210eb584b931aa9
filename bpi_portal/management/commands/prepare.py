"""Bring the database and the static files up to what the code expects (`manage.py up` does)."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """Migrate, collect static files when they changed, and print as JSON what was found.

    Idempotent. The answer: how many migrations were applied, whether there are users, and the
    names of all commands, from which the supervisor sees what it can run.
    """

    help = "Migrate and collect static files; print what was found as JSON."

    def handle(self, **_: Any) -> None:
        """Do it."""
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            call_command("migrate", interactive=False, verbosity=0)
        if not settings.DEBUG:
            collect_static_files()
        answer = {
            "migrations": len(pending),
            "has_users": get_user_model()._default_manager.exists(),
            "commands": sorted(get_commands()),
        }
        self.stdout.write(json.dumps(answer))


def collect_static_files() -> None:
    """Run collectstatic unless nothing changed since: compressing takes most of a start."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = fingerprint_of_static_files()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint)


def fingerprint_of_static_files() -> str:
    """Return a digest of all static files (names, sizes, times) and of how they are stored."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            file = Path(storage.path(name)).stat()
            digest.update(f"{name} {file.st_size} {file.st_mtime_ns}\n".encode())
    return digest.hexdigest()
