"""What workers do for conferencing; it may run twice."""

from celery import shared_task
from django.utils import timezone

from .services import close_missed_reservations


@shared_task
def close_missed() -> None:
    """Close reservations that nobody came to; where a bridge link runs, it is faster."""
    close_missed_reservations(timezone.now())
