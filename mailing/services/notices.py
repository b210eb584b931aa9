"""Write the e-mails of a mailing: notices of letters, or the e-mails themselves.

They are queued at the start and go out at their hour (``integration`` sends them, respecting who
has unsubscribed until then). A key for each recipient makes writing them twice harmless.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from django.db import transaction

from customers.services import LinkFor, give_links
from integration.services import SYSTEM, NewMessage, queue_messages
from mailing.merge import MergeError
from mailing.models import Mailing, Recipient
from mailing.selectors.field_values import Occasion, occasion
from mailing.selectors.letters import Email, Mail, email_of
from mailing.selectors.preferences import PURPOSE, preferences_url, unsubscribe_url
from mailing.selectors.progress import batch_of, message_key
from mailing.selectors.schedule import notices_at

from .mailings import lock_mailing

NOTICE: Final = "mailing.notice"
EMAIL: Final = "mailing.email"
_AT_ONCE: Final = 250
# As long as somebody may find the e-mail again and want no more of them.
_LINK_LIFETIME: Final = dt.timedelta(days=730)


@transaction.atomic
def write_notices(*, mailing_id: int, now: dt.datetime) -> bool:
    """Queue the e-mails of the next recipients; return whether there may be more. Repeatable.

    A paused mailing goes on writing nothing. An e-mail that can't be written is not queued, and
    its recipient says so.
    """
    mailing = lock_mailing(Mailing(pk=mailing_id))
    if mailing.state != Mailing.State.RUNNING or mailing.notice is None:
        return False
    waiting = mailing.recipients.filter(notice_reason="", message="").select_related("customer")
    recipients = list(waiting.order_by("position")[:_AT_ONCE])
    if not recipients:
        return False
    queue_messages(messages=_messages(mailing, recipients, now), now=now)
    Recipient.objects.bulk_update(recipients, ["message", "notice_reason", "detail"])
    return len(recipients) == _AT_ONCE


def _messages(
    mailing: Mailing, recipients: list[Recipient], now: dt.datetime
) -> Iterator[NewMessage]:
    writer = _Writer(occasion(mailing, now=now))
    begins = notices_at(mailing, now=now)
    only_email = mailing.output == Mailing.Output.NOTHING
    for recipient, token in zip(recipients, _tokens(mailing, recipients, now), strict=True):
        try:
            mail = writer.mail(recipient, preferences_url(token))
        except MergeError as error:
            _leave_out(recipient, str(error))
            continue
        if not mail.subject:
            _leave_out(recipient, "subject")
            continue
        recipient.message = message_key(mailing, recipient)
        yield NewMessage(
            key=recipient.message,
            purpose=EMAIL if only_email else NOTICE,
            batch=batch_of(mailing),
            customer_number=recipient.customer_number,
            recipient=recipient.email,
            recipient_name=recipient.contact_name or recipient.customer_name,
            language=recipient.language,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            sender_name=str(writer.occasion.house),
            reply_to=writer.occasion.house.email,
            unsubscribe_url=unsubscribe_url(token),
            not_before=begins,
        )


def _leave_out(recipient: Recipient, detail: str) -> None:
    recipient.notice_reason = Recipient.Reason.MISSING_FIELD
    recipient.detail = detail[:200]


def _tokens(mailing: Mailing, recipients: list[Recipient], now: dt.datetime) -> list[str]:
    """Return the token of each recipient's link, the same whenever asked for."""
    return give_links(
        wanted=[
            LinkFor(customer_id=one.customer_id, key=batch_of(mailing), email=one.email)
            for one in recipients
        ],
        purpose=PURPOSE,
        lifetime=_LINK_LIFETIME,
        actor=SYSTEM,
        now=now,
    )


class _Writer:
    """Writes e-mails of one mailing; each language is made ready once."""

    def __init__(self, occasion: Occasion) -> None:
        self.occasion = occasion
        self._emails: dict[str, Email] = {}

    def mail(self, recipient: Recipient, preferences: str) -> Mail:
        """Return the e-mail of one recipient.

        Raises:
            MergeError: the text can't be merged with the recipient's fields.
        """
        version, language = self.occasion.mailing.notice, recipient.language
        assert version is not None  # noqa: S101 (looked at by the caller)
        if language not in self._emails:
            self._emails[language] = email_of(
                version, language=language, issuer=self.occasion.house
            )
        fields = self.occasion.values(recipient)
        return self._emails[language].message(fields=fields, preferences_url=preferences)
