"""Prepare a mailing: create it, change it, throw it away."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services import Who
from customers.services.actors import user_of
from integration.services import record_event
from mailing.models import Mailing, MailingSettings, Template
from mailing.selectors.audience import check_audience
from mailing.selectors.progress import batch_of
from mailing.signals import mailing_has_work
from toolkit.errors import DomainError

from .printing import move_prints

# What is settled while the recipients are chosen, and what may still change afterwards.
AUDIENCE_FIELDS = frozenset(
    {
        "output",
        "letter",
        "notice",
        "audience",
        "address_kind",
        "contact_role",
        "one_per_address",
        "incomplete_too",
        "notice_without_letter",
    }
)
SCHEDULE_FIELDS = frozenset(
    {
        "name",
        "mail_on",
        "notice_time",
        "notice_business_days",
        "printer",
        "duplex",
        "separators",
        "chunk_size",
    }
)
_SETTINGS_FIELDS = frozenset({"second_person", "sheet_grams", "envelope_grams"})
_LARGEST_CHUNK = 5_000
_UNDER_WAY = (Mailing.State.RUNNING, Mailing.State.PAUSED)


class MailingStateError(DomainError):
    """The mailing is in a state in which this cannot be done; ``state`` says in which."""

    code = "mailing-state"
    title = gettext_lazy("Not possible in this state")

    def __init__(self, mailing: Mailing) -> None:
        state = mailing.get_state_display()
        super().__init__(
            _("This can't be done while the mailing is “%(state)s”.") % {"state": state},
            state=mailing.state,
        )


class MailingChangedMeanwhileError(DomainError):
    """Somebody else saved the mailing first; nothing was changed."""

    code = "precondition-failed"
    title = gettext_lazy("Changed in the meantime")
    status = 412

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed this mailing meanwhile."))


@transaction.atomic
def create_mailing(*, actor: Who, now: dt.datetime, **fields: Any) -> Mailing:
    """Put down a draft under the next number; fields are those of AUDIENCE and SCHEDULE.

    Raises:
        ValidationError: fields that are wrong, by name.
    """
    mailing = Mailing(created_at=now, created_by=user_of(actor), **_known(fields))
    _check(mailing)
    mailing.number = _next_number(now)
    mailing.save()
    record_mailing_event(mailing, "created", actor=actor, now=now)
    return mailing


@transaction.atomic
def change_mailing(
    *,
    mailing: Mailing,
    actor: Who,
    now: dt.datetime,
    expected_version: int | None = None,
    **fields: Any,
) -> Mailing:
    """Change what is given. While recipients are fixed only the schedule may change.

    Of an approved or running mailing nothing may change but the printer, so that one that broke
    down can be replaced.

    Raises:
        MailingStateError: the state does not allow to change one of these.
        MailingChangedMeanwhileError: it is not at ``expected_version`` any more.
        ValidationError: fields that are wrong, by name.
    """
    locked = lock_mailing(mailing)
    if expected_version is not None and locked.version != expected_version:
        raise MailingChangedMeanwhileError
    changed = {name for name, value in _known(fields).items() if getattr(locked, name) != value}
    if changed - _changeable(locked):
        raise MailingStateError(locked)
    for name in changed:
        setattr(locked, name, fields[name])
    _check(locked)
    if changed:
        save_mailing(locked, *changed)
        record_mailing_event(
            locked, "changed", actor=actor, now=now, data={"fields": sorted(changed)}
        )
    if "printer" in changed and locked.state in _UNDER_WAY:
        _move_to_printer(locked, actor, now)
    return locked


@transaction.atomic
def discard_mailing(*, mailing: Mailing, actor: Who, now: dt.datetime) -> None:
    """Delete a mailing that was never approved, with its recipients.

    Raises:
        MailingStateError: it was approved, or more.
    """
    locked = lock_mailing(mailing, Mailing.State.DRAFT, Mailing.State.FROZEN)
    record_mailing_event(locked, "discarded", actor=actor, now=now)
    locked.recipients.all().delete()
    locked.delete()


@transaction.atomic
def save_mailing_settings(
    *, actor: Who, now: dt.datetime, expected_version: int | None = None, **fields: Any
) -> MailingSettings:
    """Change what holds for all mailings.

    Raises:
        MailingChangedMeanwhileError: the settings are not at ``expected_version`` any more.
        ValidationError: fields that are wrong, by name.
    """
    if unknown := fields.keys() - _SETTINGS_FIELDS:
        msg = f"unknown fields: {', '.join(sorted(unknown))}"
        raise TypeError(msg)
    row, _created = MailingSettings.objects.select_for_update().get_or_create(pk=1)
    if expected_version is not None and row.version != expected_version:
        raise MailingChangedMeanwhileError
    changed = sorted(name for name, value in fields.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, fields[name])
    row.clean_fields()
    row.version += 1
    row.save()
    record_event(
        type="mailing.settings_changed",
        actor=actor,
        subject=("mailing_settings", "1"),
        data={"fields": changed},
        now=now,
    )
    return row


def lock_mailing(mailing: Mailing, *states: Mailing.State) -> Mailing:
    """Return the mailing's row, locked, where it is in one of ``states`` (by default any).

    Raises:
        MailingStateError: it is in another state by now.
    """
    locked = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing.pk)
    if states and locked.state not in states:
        raise MailingStateError(locked)
    return locked


def save_mailing(mailing: Mailing, *fields: str) -> None:
    """Save these fields as the next version."""
    mailing.version += 1
    mailing.save(update_fields=[*fields, "version"])


def record_mailing_event(
    mailing: Mailing,
    what: str,
    *,
    actor: Who,
    now: dt.datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Record ``mailing.<what>``. The report reads minutes and people from these events."""
    record_event(
        type=f"mailing.{what}",
        actor=actor,
        subject=("mailing", mailing.number),
        data=data,
        now=now,
    )


def _move_to_printer(mailing: Mailing, actor: Who, now: dt.datetime) -> None:
    """Let what waits for the old printer be printed by the new one, and what waits for any."""
    if mailing.printer is not None:
        batch = batch_of(mailing)
        move_prints(batch=batch, printer=mailing.printer, actor=actor, now=now)
        mailing_has_work.send(sender=Mailing, mailing_id=mailing.pk)


def _changeable(mailing: Mailing) -> frozenset[str]:
    match mailing.state:
        case Mailing.State.DRAFT:
            return AUDIENCE_FIELDS | SCHEDULE_FIELDS
        case Mailing.State.FROZEN:
            return SCHEDULE_FIELDS
        case Mailing.State.APPROVED | Mailing.State.RUNNING | Mailing.State.PAUSED:
            return frozenset({"printer"})
    return frozenset()


def _known(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := fields.keys() - AUDIENCE_FIELDS - SCHEDULE_FIELDS:
        msg = f"unknown fields: {', '.join(sorted(unknown))}"
        raise TypeError(msg)
    return fields


def _check(mailing: Mailing) -> None:
    mailing.clean_fields(exclude=["number"])
    if mailing.audience:
        check_audience(mailing.audience)
    errors: dict[str, ValidationError] = {}
    letters = mailing.output == Mailing.Output.LETTERS
    if mailing.letter and (not letters or mailing.letter.template.kind != Template.Kind.LETTER):
        errors["letter"] = ValidationError(_("Choose a letter."), code="kind")
    if mailing.notice and mailing.notice.template.kind not in _kinds_of_notice(mailing):
        errors["notice"] = ValidationError(_("Choose a text for this kind of e-mail."), code="kind")
    if not 1 <= mailing.chunk_size <= _LARGEST_CHUNK:
        errors["chunk_size"] = ValidationError(
            _("Between 1 and %(most)s.") % {"most": _LARGEST_CHUNK}, code="range"
        )
    if mailing.printer and not mailing.printer.active:
        errors["printer"] = ValidationError(_("This printer is out of use."), code="inactive")
    if errors:
        raise ValidationError(errors)


def _kinds_of_notice(mailing: Mailing) -> set[str]:
    """A notice announces what is printed; a mailing without paper sends e-mails."""
    only_email = mailing.output == Mailing.Output.NOTHING
    return {Template.Kind.EMAIL} if only_email else {Template.Kind.NOTICE}


def _next_number(now: dt.datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('mailing_mailing_number')")
        row = cursor.fetchone()
    return f"M-{timezone.localdate(now).year}-{row[0]:04d}"
