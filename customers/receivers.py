"""What other parts announce that is kept in the customer's record."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from customers.services import note_bounce
from integration.models import OutgoingMessage
from integration.signals import message_bounced


@receiver(message_bounced)
def keep_bounce(
    *, email: str, customer_number: str, kind: str, reason: str, moment: datetime, **_kwargs: Any
) -> None:
    """Note an address that does not exist; what could not be delivered this time says nothing."""
    if kind == OutgoingMessage.Bounce.HARD:
        note_bounce(email=email, customer_number=customer_number, reason=reason, now=moment)
