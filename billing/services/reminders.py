"""Remind customers of what is due: by e-mail, or by a list for letters. Each step of each once."""

import datetime as dt
from collections.abc import Collection as AnyOf
from collections.abc import Mapping
from typing import Any

from django.db.transaction import atomic
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum.eu import at_02

from billing.models import Invoice, ReceivablesSettings, Reminder, ReminderStep
from billing.selectors.invoices import today
from billing.selectors.reminders import DueReminder, due_reminders, receivables_settings
from customers.models import CustomerList
from customers.selectors import issuer as our_company
from customers.services import Who, save_list
from integration.services import NewMessage, queue_message, record_event
from toolkit.errors import DomainError
from toolkit.mail import render_mail
from toolkit.templatetags.values import money

MAIL_PURPOSE = "billing.reminder"
_PLACES = ("{invoices}", "{total}", "{customer}")


class NoRemindersError(DomainError):
    """Nothing of what was chosen is due any more."""

    code = "no-reminders"
    title = gettext_lazy("Nothing to remind of")


class StepChangedMeanwhileError(DomainError):
    """Somebody else saved the step first."""

    code = "precondition-failed"
    title = gettext_lazy("Changed in the meantime")
    status = 412


class CreditorIdWrongError(DomainError):
    """The creditor identifier can't be one."""

    code = "creditor-id-wrong"
    title = gettext_lazy("The creditor identifier is wrong")
    status = 400


def send_reminders(
    *, now: dt.datetime, actor: Who, chosen: AnyOf[str] | None = None, automatic: bool | None = None
) -> int:
    """Put reminders that are due into the outbox; return how many e-mails that makes.

    Customers without an address are left for letters. Safe to repeat and to do twice at once:
    whoever comes second finds the step done.

    Args:
        now: the present moment (aware).
        actor: who sends them.
        chosen: values of ``DueReminder``; None for all.
        automatic: only steps that are sent by themselves, or only others.
    """
    sent = 0
    for due in due_reminders(on=today(now), automatic=automatic):
        if due.to is not None and (chosen is None or due.value in chosen):
            sent += _send(due, actor, now)
    return sent


@atomic
def list_for_letters(*, chosen: AnyOf[str], actor: Who, now: dt.datetime) -> CustomerList:
    """Put customers who are to be reminded on a list for a mailing, and count it as reminded.

    Raises:
        NoRemindersError: none of them is due.
    """
    found = [due for due in due_reminders(on=today(now)) if due.value in chosen]
    taken = [due for due in found if _claim(due, actor, now, by_letter=True)]
    if not taken:
        raise NoRemindersError(_("None of these is due any more."))
    day = date_format(today(now), "SHORT_DATE_FORMAT")
    saved = save_list(
        name=_("Reminders of %(day)s") % {"day": day},
        origin=CustomerList.Origin.REMINDERS,
        numbers=[due.customer.number for due in taken],
        actor=actor,
        now=now,
    )
    for due in taken:
        Reminder.objects.filter(invoice__in=due.invoices, level=due.step.level).update(
            letters=saved
        )
    return saved


@atomic
def save_step(
    *,
    level: int,
    fields: Mapping[str, Any],
    expected_version: int,
    actor: Who,
    now: dt.datetime,
) -> ReminderStep:
    """Change a step; ``fields`` are its days, texts and whether it is sent by itself.

    Raises:
        StepChangedMeanwhileError: somebody else was first.
    """
    step = ReminderStep.objects.select_for_update().get(level=level)
    if step.version != expected_version:
        raise StepChangedMeanwhileError(_("Somebody else changed this step meanwhile."))
    for name, value in fields.items():
        setattr(step, name, value)
    step.version += 1
    step.save()
    record_event(
        type="reminder.step_saved",
        actor=actor,
        subject=("reminder_step", level),
        data={"days": step.days, "automatic": step.automatic},
        now=now,
    )
    return step


@atomic
def save_receivables_settings(
    *, days_between: int, creditor_id: str, actor: Who, now: dt.datetime
) -> ReceivablesSettings:
    """Say how often reminders follow each other, and who we are to the bank.

    Raises:
        CreditorIdWrongError: the identifier's check digits do not hold.
    """
    if creditor_id and not at_02.is_valid(creditor_id):
        raise CreditorIdWrongError(_("The creditor identifier is wrong: look at each digit."))
    known = receivables_settings()
    known.days_between, known.creditor_id = days_between, creditor_id
    known.version += 1
    known.save()
    record_event(
        type="settings.receivables_changed",
        actor=actor,
        subject=("settings", "receivables"),
        data={"days_between": days_between},
        now=now,
    )
    return known


@atomic
def _send(due: DueReminder, actor: Who, now: dt.datetime) -> int:
    """Write one e-mail, unless another worker had the step first."""
    if not _claim(due, actor, now, by_letter=False):
        return 0
    queue_message(message=_message(due), now=now)
    return 1


def _claim(due: DueReminder, actor: Who, now: dt.datetime, *, by_letter: bool) -> bool:
    """Write the rows that make a step done; False where others did so meanwhile."""
    pks = [invoice.pk for invoice in due.invoices]
    list(Invoice.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk"))
    if Reminder.objects.filter(invoice__in=pks, level=due.step.level).exists():
        return False
    actor_name = ""
    for invoice in due.invoices:
        actor_name = record_event(
            type="reminder.lettered" if by_letter else "reminder.sent",
            actor=actor,
            customer_number=due.customer.number,
            subject=("invoice", invoice.number or ""),
            data={"step": due.step.level},
            now=now,
        ).actor
    Reminder.objects.bulk_create(
        Reminder(
            invoice=invoice,
            level=due.step.level,
            key="" if by_letter else _key(due),
            by_letter=by_letter,
            sent_by=actor_name,
            sent_at=now,
        )
        for invoice in due.invoices
    )
    return True


def _key(due: DueReminder) -> str:
    return f"reminder:{due.invoices[0].pk}:{due.step.level}"


def _day(day: dt.date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


def _message(due: DueReminder) -> NewMessage:
    to, company = due.to, our_company()
    assert to is not None  # noqa: S101 (asked before)
    subject, text = due.step.words(to.language)
    with translation.override(to.language):
        lines = "\n".join(
            _("%(number)s of %(issued)s, due on %(due)s: %(balance)s")
            % {
                "number": invoice.number,
                "issued": _day(invoice.issued_on),
                "due": _day(invoice.due_on),
                "balance": money(invoice.balance, due.currency),  # type: ignore[attr-defined]
            }
            for invoice in due.invoices
        )
        values = (lines, money(due.total, due.currency), due.customer.name)
    for place, value in zip(_PLACES, values, strict=True):
        text = text.replace(place, value)
    context = {
        "subject_line": subject,
        "body": text,
        "name": to.name if to.contact else "",
        "issuer": company,
        "footer": company.legal_name if company else "",
    }
    mail = render_mail("billing/email/reminder", context, language=to.language)
    return NewMessage(
        key=_key(due),
        purpose=MAIL_PURPOSE,
        batch=f"reminder:{due.step.level}",
        customer_number=due.customer.number,
        recipient=to.email,
        recipient_name=to.name,
        reply_to=company.email if company else "",
        sender_name=(company.trade_name or company.legal_name) if company else "",
        language=to.language,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
    )
