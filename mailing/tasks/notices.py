"""Workers at the e-mails of mailings."""

from celery import shared_task
from django.utils import timezone

from mailing.services import notices


@shared_task(name="mailing.tasks.write_notices")
def write_notices(mailing_id: int) -> None:
    """Queue some of the e-mails of a mailing, and come again for the next."""
    if notices.write_notices(mailing_id=mailing_id, now=timezone.now()):
        write_notices.delay(mailing_id)
