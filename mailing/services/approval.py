"""Approve a mailing: from here on texts and recipients are locked."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services import Who
from mailing.models import Mailing
from mailing.selectors.approval import approval_hash, has_worked_on, mailing_settings
from mailing.selectors.copies import place_of
from mailing.selectors.recipients import list_counts
from toolkit.errors import DomainError

from .audience import NoRecipientsError
from .mailings import lock_mailing, record_mailing_event, save_mailing


class OwnMailingError(DomainError):
    """The settings want a second person, and this is the first one."""

    code = "own-mailing"
    title = gettext_lazy("A second person approves")
    status = 403


@transaction.atomic
def approve(
    *, mailing: Mailing, actor: AbstractBaseUser | AnonymousUser, now: dt.datetime
) -> Mailing:
    """Approve texts, schedule and recipients as they are; ``start`` refuses anything else.

    Whether ``actor`` has the permission is for the caller to ask. Recipients whose address was
    taken anew find their place in the order here.

    Raises:
        MailingStateError: its recipients are not fixed, or it was approved before.
        OwnMailingError: the settings want somebody else than who has worked on it.
        NoRecipientsError: everybody was taken out.
    """
    locked = lock_mailing(mailing, Mailing.State.FROZEN)
    if mailing_settings().second_person and has_worked_on(locked, actor):
        raise OwnMailingError(_("Somebody else has to approve what you have prepared."))
    counts = list_counts(locked)
    if not counts["letters"] + counts["emails"]:
        raise NoRecipientsError(_("Nobody would get a letter or an e-mail."))
    _put_in_order(locked)
    locked.state, locked.approved_at = Mailing.State.APPROVED, now
    locked.approved_by_id, locked.approved_hash = actor.pk, approval_hash(locked)
    save_mailing(locked, "state", "approved_at", "approved_by", "approved_hash")
    record_mailing_event(
        locked,
        "approved",
        actor=actor,
        now=now,
        data={"counts": counts, "hash": locked.approved_hash},
    )
    return locked


@transaction.atomic
def withdraw_approval(*, mailing: Mailing, actor: Who, now: dt.datetime) -> Mailing:
    """Take an approval back, so that recipients and schedule can be altered again.

    Raises:
        MailingStateError: it is not approved, or was started.
    """
    locked = lock_mailing(mailing, Mailing.State.APPROVED)
    locked.state, locked.approved_at = Mailing.State.FROZEN, None
    locked.approved_by, locked.approved_hash = None, ""
    save_mailing(locked, "state", "approved_at", "approved_by", "approved_hash")
    record_mailing_event(locked, "approval_withdrawn", actor=actor, now=now)
    return locked


def _put_in_order(mailing: Mailing) -> None:
    """Number the recipients by country, postcode, city, name, where an address has changed."""
    rows = list(mailing.recipients.order_by("position"))
    moved = []
    for position, row in enumerate(sorted(rows, key=place_of), start=1):
        if row.position != position:
            row.position = position
            moved.append(row)
    mailing.recipients.bulk_update(moved, ["position"], batch_size=500)
