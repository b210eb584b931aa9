"""``manage.py apitoken USERNAME``: make a token for the API."""

import datetime as dt

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integration.services import issue_token


class Command(BaseCommand):
    """Print a new API token of a user, and nothing else."""

    help = "Print a new API token of a user (Authorization: Token …). It is shown only once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user's name and, if wanted, a lifetime."""
        parser.add_argument("username")
        parser.add_argument("--days", type=int, help="lifetime; by default that of the settings")

    def handle(self, *_args: object, **options: object) -> None:
        """Make the token.

        Raises:
            CommandError: there is no such active user, or no such lifetime.
        """
        days = options["days"]
        if isinstance(days, int) and not 1 <= days <= 3650:
            msg = "--days: write a number from 1 to 3650"
            raise CommandError(msg)
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            msg = f"there is no active user {options['username']!r}"
            raise CommandError(msg)
        lifetime = dt.timedelta(days=days) if isinstance(days, int) else None
        self.stdout.write(issue_token(user=user, lifetime=lifetime, actor="manage.py apitoken"))
