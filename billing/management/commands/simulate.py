"""``manage.py simulate CASE.json [CASE.json …]``: what conferences would cost under a contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from billing.rating import simulate

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Price tariff cases with the code that prices real calls; no server, no database."""

    help = (
        "Price tariff cases: files of JSON that hold an 'input', or a bare input. Prints one JSON "
        'object a line, in order; a file that cannot be priced gives {"error": …} in its place '
        "and the exit status 1."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one file or more."""
        parser.add_argument("cases", nargs="+", metavar="CASE.json", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Answer every file before failing for one.

        Raises:
            CommandError: some file could not be priced.
        """
        paths: list[Path] = options["cases"]
        failed = 0
        for path in paths:
            answer, is_priced = _answer(path)
            failed += not is_priced
            # In ASCII, so that the answer is the same whatever the terminal's encoding.
            self.stdout.write(json.dumps(answer))
        if failed:
            message = f"{failed} of {len(paths)} could not be priced"
            raise CommandError(message)


def _answer(path: Path) -> tuple[dict[str, Any], bool]:
    """Price a file, or say what is wrong with it (InvalidTariffInput is a ValueError, too)."""
    try:
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and "input" in content:
            content = content["input"]
        return simulate(content), True
    except (OSError, ValueError, RecursionError) as error:
        return {"error": f"{path}: {error}"}, False
