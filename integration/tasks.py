"""What integration does in the background."""

from celery import shared_task
from django.utils import timezone

from . import services


@shared_task
def forget_expired() -> int:
    """Remove answers to idempotency keys and tokens whose time is over."""
    return services.forget_expired(now=timezone.now())
