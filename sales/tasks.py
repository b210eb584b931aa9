"""What sales does in the background."""

from celery import shared_task
from django.utils import timezone

from . import services


@shared_task
def end_contracts() -> int:
    """Mark as ended the contracts whose last day is over."""
    return services.end_contracts(now=timezone.now())
