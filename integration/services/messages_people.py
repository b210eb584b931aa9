"""What only a person decides: to send a message again, or that it has arrived."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from integration.models import OutgoingMessage
from integration.selectors import standing_against
from integration.signals import messages_queued
from toolkit.errors import DomainError

from .messages_outcomes import move
from .suppressions import Who

State = OutgoingMessage.State

# What a person may send again. Cancelled is the word of a department, which can queue anew.
AGAIN = (State.UNCERTAIN, State.PERM_FAILED, State.SUPPRESSED, State.TEMP_FAILED)


class MessageStateError(DomainError):
    """The message is in no state in which that can be done."""

    code = "message-state"
    title = _("Not possible in this state")


class MessageSuppressedError(DomainError):
    """Something stands against writing to the recipient."""

    code = "message-suppressed"
    title = _("Nothing is sent to this address")


class NoAddressError(DomainError):
    """The recipient is no e-mail address."""

    code = "no-email-address"
    title = _("No e-mail address")


@transaction.atomic
def resend_message(*, message: OutgoingMessage, actor: Who, now: dt.datetime) -> OutgoingMessage:
    """Send the same message again under the same Message-ID, as soon as a worker has time.

    Of an uncertain one the recipient may get a second copy; his mail program can tell.

    Raises:
        MessageStateError: it is sent, cancelled, or on its way.
        MessageSuppressedError: it would be suppressed again; lift that first.
        NoAddressError: the recipient is no e-mail address.
    """
    row = _locked(message)
    if row.state not in AGAIN:
        raise MessageStateError(_("Only what failed or is uncertain is sent again."))
    if standing_against(row).exists():
        raise MessageSuppressedError(_("Nothing is sent to this address. Lift that first."))
    try:
        validate_email(row.recipient)
    except ValidationError:
        raise NoAddressError(_("The recipient is no e-mail address.")) from None
    move(
        row,
        State.QUEUED,
        now=now,
        among=AGAIN,
        actor=actor,
        event="message.resent",
        attempts=0,
        next_attempt_at=now,
    )
    messages_queued.send(sender=OutgoingMessage, count=1)
    return row


@transaction.atomic
def confirm_message(*, message: OutgoingMessage, actor: Who, now: dt.datetime) -> OutgoingMessage:
    """Say of an uncertain message that it was sent after all (the server's log shows it).

    Raises:
        MessageStateError: it is not uncertain.
    """
    row = _locked(message)
    if row.state != State.UNCERTAIN:
        raise MessageStateError(_("Only an uncertain message can be said to have been sent."))
    move(
        row,
        State.SENT,
        now=now,
        among=(State.UNCERTAIN,),
        actor=actor,
        event="message.confirmed",
        sent_at=row.sending_at or now,
    )
    return row


def _locked(message: OutgoingMessage) -> OutgoingMessage:
    return OutgoingMessage.objects.select_for_update().get(pk=message.pk)
