"""``manage.py importcalls FILE``: call records of an older system, or the backlog of a bridge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.services.bulk import import_calls
from conferencing.models import Bridge

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Import a file of call records, charge the calls and draft the invoices."""

    help = (
        "Import call records, one JSON object a line as the signed feed sends it, with "
        "'customer' (a number) where no reservation says whose the call is. Charges them and "
        "drafts the invoices. Repeating it adds only what is missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, the bridge and the number of processes."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--bridge", default="", help="short name; may be left out if only one")
        parser.add_argument("--processes", type=int, default=2)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import the file, and say what became of its lines.

        Raises:
            CommandError: no such file or bridge, or some lines could not be read.
        """
        path: Path = options["file"]
        if not path.is_file():
            message = f"{path} is no file"
            raise CommandError(message)
        report = import_calls(
            path=path,
            bridge=_bridge(options["bridge"]),
            now=timezone.now(),
            processes=max(1, options["processes"]),
        )
        self.stdout.write(
            f"{report.imported} calls of {report.legs} legs imported, {report.drafts} drafts made\n"
            f"{report.one_by_one} calls taken one by one, {report.known} known already\n"
        )
        for fault in report.faults:
            self.stderr.write(fault)
        if report.unreadable:
            message = f"{report.unreadable} lines could not be taken"
            raise CommandError(message)


def _bridge(slug: str) -> Bridge:
    bridges = list(Bridge.objects.filter(slug=slug) if slug else Bridge.objects.all()[:2])
    if len(bridges) != 1:
        known = ", ".join(Bridge.objects.values_list("slug", flat=True)) or "none"
        message = f"Say which bridge with --bridge. Known: {known}."
        raise CommandError(message)
    return bridges[0]
