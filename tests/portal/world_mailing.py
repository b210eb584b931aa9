"""Mailings of the world: one that is being prepared, one that is under way."""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import User

from mailing.models import Mailing, Recipient
from mailing.services import approve, create_mailing, freeze, merge_next, start, write_notices
from tests.factories.mailing import make_version
from tests.factories.templates import make_picture


@dataclass(frozen=True)
class Mailings:
    """``draft`` chooses its recipients still; ``under_way`` has merged letters, no printer."""

    draft: Mailing
    under_way: Mailing
    recipient: Recipient


def make_mailings(sender: User, now: dt.datetime) -> Mailings:
    """Prepare two mailings to all customers that there are, and start one."""
    make_picture(now)
    letter, notice = make_version(), make_version("notice")
    draft, under_way = (
        create_mailing(
            name=name,
            output=Mailing.Output.LETTERS,
            audience={"filter": {}},
            address_kind="postal",
            letter=letter,
            notice=notice,
            mail_on=now.date() + dt.timedelta(days=3),
            actor=sender,
            now=now,
        )
        for name in ("Felicitación", "Nuevas tarifas")
    )
    freeze(mailing=under_way, actor=sender, now=now)
    approve(mailing=under_way, actor=sender, now=now)
    started = start(mailing=under_way, actor=sender, now=now)
    merge_next(mailing_id=started.pk, clock=lambda: now)
    write_notices(mailing_id=started.pk, now=now)
    return Mailings(draft, started, started.recipients.filter(letter_reason="")[0])
