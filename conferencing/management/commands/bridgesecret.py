"""``manage.py bridgesecret SLUG``: the key with which a bridge signs its call records."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conferencing.models import Bridge
from conferencing.services.bridge_secrets import bridge_secret


class Command(BaseCommand):
    """Print the key of one bridge."""

    help = "Print the key with which a bridge signs its call records (Standard Webhooks)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the bridge's short name."""
        parser.add_argument("slug")

    def handle(self, *_args: Any, slug: str, **_options: Any) -> None:
        """Print it, alone on a line."""
        bridge = Bridge.objects.filter(slug=slug).first()
        if bridge is None:
            known = ", ".join(Bridge.objects.values_list("slug", flat=True)) or "none"
            message = f"There is no bridge {slug!r}. Known: {known}."
            raise CommandError(message)
        self.stdout.write(bridge_secret(bridge))
