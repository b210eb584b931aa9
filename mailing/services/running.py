"""Start a mailing, pause it, let it go on, cancel it, see that it is over."""

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services import Who
from customers.services.actors import user_of
from integration.services import (
    SYSTEM,
    cancel_messages,
    fail_job,
    finish_job,
    hold_batch,
    release_batch,
    report_progress,
    start_job,
)
from mailing.models import Chunk, Mailing
from mailing.selectors.approval import approval_hash
from mailing.selectors.estimates import chunk_size_of
from mailing.selectors.progress import batch_of, is_over, progress
from mailing.selectors.schedule import arrival_days, posting_day
from mailing.signals import mailing_has_work
from toolkit.errors import DomainError

from .mailings import lock_mailing, record_mailing_event, save_mailing
from .printing import cancel_prints, hold_prints, release_prints

State = Mailing.State

MERGE_TASK: Final = "mailing.tasks.merge_next"
_BEFORE_START: Final = (State.DRAFT, State.FROZEN, State.APPROVED)
_UNDER_WAY: Final = (State.RUNNING, State.PAUSED)


class ApprovalBrokenError(DomainError):
    """Texts or recipients are not those that were approved; nothing was started."""

    code = "approval-broken"
    title = gettext_lazy("Not what was approved")


@transaction.atomic
def start(*, mailing: Mailing, actor: Who, now: dt.datetime) -> Mailing:
    """Go: letters are merged and printed from now on, e-mails go out on the day of posting.

    ``now`` after ``mail_on`` makes today the day of posting. Workers are told after the commit.

    Raises:
        MailingStateError: it is not approved, or was started before.
        ApprovalBrokenError: texts, schedule or recipients are not those approved.
    """
    locked = lock_mailing(mailing, State.APPROVED)
    if approval_hash(locked) != locked.approved_hash:
        raise ApprovalBrokenError(
            _("Something was changed after the approval. Have it approved again.")
        )
    locked.state, locked.started_at = State.RUNNING, now
    locked.posted_on = posting_day(locked, now=now)
    if locked.printer:
        locked.duplex = locked.printer.duplex
    _expect_arrivals(locked, now)
    letters = _cut_into_chunks(locked)
    emails = locked.recipients.filter(notice_reason="").count()
    locked.job = start_job(
        task=MERGE_TASK,
        label=str(locked)[:200],
        total=letters + emails,
        requested_by=user_of(actor),
        now=now,
    )
    save_mailing(locked, "state", "started_at", "posted_on", "duplex", "job")
    record_mailing_event(
        locked, "started", actor=actor, now=now, data={"letters": letters, "emails": emails}
    )
    mailing_has_work.send(sender=Mailing, mailing_id=locked.pk)
    return locked


@transaction.atomic
def pause(*, mailing: Mailing, actor: Who, now: dt.datetime) -> Mailing:
    """Begin nothing more: no part, no print job, no e-mail. What is at the printer is printed.

    Raises:
        MailingStateError: it is not running.
    """
    locked = lock_mailing(mailing, State.RUNNING)
    hold_batch(batch=batch_of(locked), actor=actor, now=now)
    hold_prints(batch=batch_of(locked))
    return _move(locked, State.PAUSED, "paused", actor, now)


@transaction.atomic
def resume(*, mailing: Mailing, actor: Who, now: dt.datetime) -> Mailing:
    """Go on where it was: nothing is done twice, nothing is left out.

    Raises:
        MailingStateError: it is not paused.
    """
    locked = lock_mailing(mailing, State.PAUSED)
    release_batch(batch=batch_of(locked), actor=actor, now=now)
    release_prints(batch=batch_of(locked))
    mailing_has_work.send(sender=Mailing, mailing_id=locked.pk)
    return _move(locked, State.RUNNING, "resumed", actor, now)


@transaction.atomic
def cancel(*, mailing: Mailing, actor: Who, now: dt.datetime) -> Mailing:
    """End a mailing for good. What is printed or sent by now stays so, and the report says it.

    Raises:
        MailingStateError: it is over already.
    """
    locked = lock_mailing(mailing, *_BEFORE_START, *_UNDER_WAY)
    if locked.state in _UNDER_WAY:
        cancel_messages(batch=batch_of(locked), actor=actor, now=now)
        release_batch(batch=batch_of(locked), actor=actor, now=now)
        cancel_prints(batch=batch_of(locked), actor=actor, now=now)
        waiting = Q(state__in=[Chunk.State.WAITING, Chunk.State.MERGING, Chunk.State.FAILED])
        locked.chunks.filter(waiting).update(state=Chunk.State.CANCELLED)
    if locked.job_id:
        fail_job(job_id=locked.job_id, error=_("The mailing was cancelled."), now=now)
    locked.finished_at = now
    save_mailing(locked, "finished_at")
    return _move(locked, State.CANCELLED, "cancelled", actor, now)


@transaction.atomic
def finish_if_over(*, mailing_id: int, now: dt.datetime) -> bool:
    """Mark a running mailing as done once nothing of it is to come; return whether it is.

    Done is: every part printed (merged, where there is no printer) and every e-mail in its final
    state. Safe to repeat.
    """
    locked = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing_id)
    if locked.state != State.RUNNING or not is_over(locked):
        return False
    locked.state, locked.finished_at = State.DONE, now
    save_mailing(locked, "state", "finished_at")
    how_far = progress(locked, now=now)
    said = {"letters": how_far.printed, "sheets": how_far.sheets, "emails": how_far.emails_over}
    record_mailing_event(locked, "finished", actor=SYSTEM, now=now, data=said)
    if locked.job_id:
        finish_job(
            job_id=locked.job_id, result=said, done=how_far.letters + how_far.emails, now=now
        )
    return True


def report_to_job(*, mailing_id: int, now: dt.datetime) -> None:
    """Tell the job that people and clients follow how far the mailing is."""
    mailing = Mailing.objects.get(pk=mailing_id)
    if mailing.job_id:
        how_far = progress(mailing, now=now)
        report_progress(job_id=mailing.job_id, done=how_far.printed + how_far.emails_over, now=now)


def _move(mailing: Mailing, state: State, what: str, actor: Who, now: dt.datetime) -> Mailing:
    mailing.state = state
    save_mailing(mailing, "state")
    record_mailing_event(mailing, what, actor=actor, now=now)
    return mailing


def _expect_arrivals(mailing: Mailing, now: dt.datetime) -> None:
    """Write down at each recipient when the letter is expected; one query for each country."""
    if mailing.output == Mailing.Output.NOTHING:
        return
    rows = mailing.recipients.annotate(
        there=Coalesce(NullIf("country", Value("")), "customer__country")
    )
    countries = set(rows.order_by().values_list("there", flat=True).distinct())
    for country, day in arrival_days(mailing, countries, now=now).items():
        which = rows.filter(there=country).values("pk")
        mailing.recipients.filter(pk__in=which).update(arrives_on=day)


def _cut_into_chunks(mailing: Mailing) -> int:
    """Lay down the parts and who is in them, in their order; return the number of letters."""
    places = list(
        mailing.recipients.filter(letter_reason="")
        .order_by("position")
        .values_list("position", flat=True)
    )
    size = chunk_size_of(mailing)
    parts = [places[start : start + size] for start in range(0, len(places), size)]
    chunks = Chunk.objects.bulk_create(
        Chunk(mailing=mailing, number=number, letters=len(part))
        for number, part in enumerate(parts, start=1)
    )
    for chunk, part in zip(chunks, parts, strict=True):
        mailing.recipients.filter(
            letter_reason="", position__gte=part[0], position__lte=part[-1]
        ).update(chunk=chunk)
    return len(places)
