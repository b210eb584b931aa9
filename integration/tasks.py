"""What integration does in the background."""

import os
import socket
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from . import services


@shared_task
def forget_expired() -> int:
    """Remove answers to idempotency keys and tokens whose time is over."""
    return services.forget_expired(now=timezone.now())


@shared_task
def send_messages() -> int:
    """Send the e-mail that is due, and go on in another task while there is more."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    report = services.send_due(now=timezone.now(), worker=worker)
    if report.more:
        send_messages.delay()
    return report.sent


@shared_task
def read_bounces() -> int:
    """Read the reports of failed delivery in the Maildir of the settings, if one is named."""
    if not settings.BOUNCE_MAILDIR:
        return 0
    return services.read_maildir(folder=Path(settings.BOUNCE_MAILDIR), now=timezone.now()).total()
