"""``manage.py readbounces``: work off reports of e-mail that could not be delivered."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from integration.services import read_maildir, receive_report

_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the report and comes back
_LARGEST = 10 * 1024 * 1024


class Command(BaseCommand):
    """Read one report from standard input, as mail servers pipe them, or a Maildir."""

    help = (
        "Read a report of failed delivery from standard input (for a pipe of the mail server), "
        "or all in a Maildir."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a Maildir, or the address that the report was delivered to."""
        parser.add_argument("--maildir", type=Path, help="read this Maildir instead")
        parser.add_argument("--recipient", default="", help="to whom the report was delivered")

    def handle(self, *_args: object, **options: object) -> None:
        """Work off the reports, and say of which kind they were.

        Raises:
            CommandError: there is no such Maildir, or the database can't be written just now.
        """
        folder = options["maildir"]
        if isinstance(folder, Path):
            if not (folder / "new").is_dir():
                msg = f"{folder} is no Maildir"
                raise CommandError(msg)
            counts = read_maildir(folder=folder, now=timezone.now())
            for kind, count in sorted(counts.items()):
                self.stdout.write(f"{kind}: {count}")
            return
        content = sys.stdin.buffer.read(_LARGEST)
        try:
            kind = receive_report(
                content=content, recipient=str(options["recipient"]), now=timezone.now()
            )
        except DatabaseError as error:
            raise CommandError(str(error), returncode=_TRY_AGAIN) from error
        self.stdout.write(kind)
