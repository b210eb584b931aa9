"""What an approval stands for: one hash over the texts, the schedule and every recipient."""

import hashlib
import json
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from integration.selectors import events_about
from mailing.models import Mailing, MailingSettings

from .copies import COPIED

_SCHEDULE: Final = (
    "output",
    "mail_on",
    "notice_time",
    "notice_business_days",
    "separators",
    "incomplete_too",
)
_RECIPIENT: Final = (
    "position",
    "customer_number",
    *COPIED,
    "fields",
    "letter_reason",
    "notice_reason",
)
_AT_ONCE: Final = 2_000
# Who did one of these does not see the mailing with fresh eyes; taking somebody out adds nothing.
_WORK: Final = ("mailing.created", "mailing.changed", "mailing.frozen", "mailing.put_back")


def approval_hash(mailing: Mailing) -> str:
    """Return the SHA-256 (hex) of what is approved: a change of anything changes it.

    The printer is no part of it: another may print the same.
    """
    said = {name: str(getattr(mailing, name)) for name in _SCHEDULE}
    for name in ("letter", "notice"):
        version = getattr(mailing, name)
        said[name] = f"{version.pk} {version.content_hash}" if version else ""
    digest = hashlib.sha256(_json(said))
    rows = mailing.recipients.order_by("position").values_list(*_RECIPIENT)
    for row in rows.iterator(chunk_size=_AT_ONCE):
        digest.update(_json(row))
    return digest.hexdigest()


def mailing_settings() -> MailingSettings:
    """Return what holds for all mailings; the defaults before anybody changed them."""
    return MailingSettings.objects.first() or MailingSettings()


def has_worked_on(mailing: Mailing, user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether the user has prepared the mailing, by what the events tell."""
    work = events_about("mailing", mailing.number).filter(type__in=_WORK)
    return mailing.created_by_id == user.pk or work.filter(actor=user.get_username()).exists()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode() + b"\n"
