"""Fix the recipients of a mailing, and what may still be altered of them before the approval."""

import datetime as dt
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services import Who
from mailing.models import Mailing, Recipient
from mailing.selectors.copies import COPIED, copies_of, copy_again
from mailing.selectors.recipients import list_counts
from toolkit.errors import DomainError

from .mailings import lock_mailing, record_mailing_event, save_mailing

_AT_ONCE: Final = 2_000
_COLUMNS: Final = ("letter_reason", "notice_reason")
# What somebody may decide otherwise; a wish of the customer is not among them.
_CAN_BE_LIFTED: Final = frozenset(
    {
        Recipient.Reason.BY_HAND,
        Recipient.Reason.INCOMPLETE_ADDRESS,
        Recipient.Reason.DUPLICATE_HOUSEHOLD,
    }
)


class TextMissingError(DomainError):
    """What the mailing says has not been chosen yet: the letter, or the e-mail."""

    code = "text-missing"
    title = gettext_lazy("A text is missing")


class NoRecipientsError(DomainError):
    """Nobody would get anything; nothing was changed."""

    code = "no-recipients"
    title = gettext_lazy("Nobody would get anything")


class NotPutBackError(DomainError):
    """What keeps the recipient out is not for the sender to decide."""

    code = "not-put-back"
    title = gettext_lazy("Can't be put back")


@transaction.atomic
def freeze(
    *, mailing: Mailing, actor: AbstractBaseUser | AnonymousUser, now: dt.datetime
) -> Mailing:
    """Copy the recipients of a draft: those customers that ``actor`` may see.

    From here on the mailing does not follow the customers' records any more. Nobody is dropped:
    who gets nothing is kept with the reason. 10,000 customers take a few seconds.

    Raises:
        MailingStateError: it is not a draft.
        TextMissingError: no letter, or no e-mail where nothing is printed.
        NoRecipientsError: nobody would get a letter or an e-mail.
        ValidationError: the audience can't be read.
    """
    locked = lock_mailing(mailing, Mailing.State.DRAFT)
    _check_texts(locked)
    rows = copies_of(locked, actor, now=now)
    if not any(not row.letter_reason or not row.notice_reason for row in rows):
        raise NoRecipientsError(_("Nobody would get a letter or an e-mail."))
    Recipient.objects.bulk_create(rows, batch_size=_AT_ONCE)
    locked.state, locked.frozen_at = Mailing.State.FROZEN, now
    save_mailing(locked, "state", "frozen_at")
    record_mailing_event(
        locked, "frozen", actor=actor, now=now, data={"counts": list_counts(locked)}
    )
    return locked


@transaction.atomic
def unfreeze(*, mailing: Mailing, actor: Who, now: dt.datetime) -> Mailing:
    """Let the recipients go: the mailing is a draft again and follows its audience.

    Raises:
        MailingStateError: its recipients are not fixed, or it was approved.
    """
    locked = lock_mailing(mailing, Mailing.State.FROZEN)
    locked.recipients.all().delete()
    locked.state, locked.frozen_at = Mailing.State.DRAFT, None
    save_mailing(locked, "state", "frozen_at")
    record_mailing_event(locked, "unfrozen", actor=actor, now=now)
    return locked


@transaction.atomic
def take_out(*, recipient: Recipient, actor: Who, now: dt.datetime) -> Recipient:
    """Leave one recipient out of letters and e-mails, by hand. Safe to repeat.

    Raises:
        MailingStateError: the mailing was approved.
    """
    row = _lock(recipient)
    changed = [column for column in _COLUMNS if not getattr(row, column)]
    return _set_reasons(row, changed, Recipient.Reason.BY_HAND, "taken_out", actor, now)


@transaction.atomic
def put_back(*, recipient: Recipient, actor: Who, now: dt.datetime) -> Recipient:
    """Give one recipient what was taken by hand, for an incomplete or a shared address.

    Safe to repeat.

    Raises:
        MailingStateError: the mailing was approved.
        NotPutBackError: other reasons keep the recipient out, such as an opt-out.
    """
    row = _lock(recipient)
    reasons = {getattr(row, column) for column in _COLUMNS}
    lifted = [column for column in _COLUMNS if getattr(row, column) in _CAN_BE_LIFTED]
    if not lifted and "" not in reasons:
        why = " · ".join(str(Recipient.Reason(reason).label) for reason in sorted(reasons))
        raise NotPutBackError(why, reasons=sorted(reasons))
    return _set_reasons(row, lifted, "", "put_back", actor, now)


@transaction.atomic
def take_new_address(*, recipient: Recipient, actor: Who, now: dt.datetime) -> Recipient:
    """Copy the customer again, as it is now: address, contact, e-mail, language, wishes.

    What is left out is judged anew; who was taken out by hand stays out. The letter finds its
    place in the order when the mailing is approved. Safe to repeat.

    Raises:
        MailingStateError: the mailing was approved: what was fixed stands.
    """
    row = _lock(recipient)
    fresh = copy_again(row, now=now)
    changed = [
        name
        for name in (*COPIED, *_COLUMNS, "fields")
        if getattr(row, name) != getattr(fresh, name)
    ]
    if not changed:
        return row
    for name in changed:
        if getattr(row, name) != Recipient.Reason.BY_HAND:
            setattr(row, name, getattr(fresh, name))
    row.save(update_fields=changed)
    _record(row, "address_taken", actor, now)
    return row


def _lock(recipient: Recipient) -> Recipient:
    mailing = lock_mailing(recipient.mailing, Mailing.State.FROZEN)
    row = Recipient.objects.select_for_update(of=("self",)).get(pk=recipient.pk)
    row.mailing = mailing
    return row


def _set_reasons(
    row: Recipient, columns: list[str], reason: str, what: str, actor: Who, now: dt.datetime
) -> Recipient:
    if not columns:
        return row
    for column in columns:
        setattr(row, column, reason)
    row.save(update_fields=columns)
    _record(row, what, actor, now)
    return row


def _record(row: Recipient, what: str, actor: Who, now: dt.datetime) -> None:
    save_mailing(row.mailing)
    record_mailing_event(
        row.mailing, what, actor=actor, now=now, data={"customer": row.customer_number}
    )


def _check_texts(mailing: Mailing) -> None:
    if mailing.output == Mailing.Output.LETTERS and mailing.letter_id is None:
        raise TextMissingError(_("Choose the letter first."))
    if mailing.output == Mailing.Output.NOTHING and mailing.notice_id is None:
        raise TextMissingError(_("Choose the e-mail first."))
