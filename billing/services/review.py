"""Review by exception: let a flag pass, with a reason; say what is unusual."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import BillingSettings, Flag, FlagAcceptance, Invoice
from billing.selectors.review import flags_of, with_flags
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError


class FlagGoneError(DomainError):
    """The draft has no such flag any more, or is none any more."""

    code = "flag-gone"
    title = gettext_lazy("The flag is gone")


class SettingsChangedMeanwhileError(DomainError):
    """Somebody else saved the settings since they were read."""

    code = "settings-changed"
    title = gettext_lazy("The settings were changed meanwhile")


@transaction.atomic
def accept_flag(
    *, invoice: Invoice, flag: str, reason: str, actor: Who, now: dt.datetime
) -> FlagAcceptance:
    """Note that somebody looked at a flag of a draft, and why it may be issued all the same.

    It holds for the draft as it is now: as soon as its net amount changes, or the number of legs
    or conferences that the flag is about, the flag is open again. Accepting again replaces the
    reason.

    Raises:
        FlagGoneError: the draft has no such flag, or is issued.
    """
    Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    draft = with_flags(Invoice.objects.filter(pk=invoice.pk, state=Invoice.State.DRAFT)).first()
    found = [one for one in flags_of(draft) if one.flag == flag] if draft else []
    if draft is None or not found:
        raise FlagGoneError(_("The draft has this flag no longer: look at it again."))
    event = record_event(
        type="draft.flag_accepted",
        actor=actor,
        customer_number=draft.customer.number,
        subject=("invoice", draft.pk),
        data={"flag": flag, "period": draft.period},
        now=now,
    )
    accepted, _made = FlagAcceptance.objects.update_or_create(
        invoice=draft,
        flag=Flag(flag),
        defaults={
            "seen_net": draft.net,
            "seen_count": found[0].count,
            "reason": reason,
            "accepted_by": event.actor,
            "accepted_at": now,
        },
    )
    return accepted


@transaction.atomic
def save_review_settings(
    *,
    change_percent: int,
    expected_version: int,
    actor: Who,
    now: dt.datetime,
    **others: bool | int | str,
) -> BillingSettings:
    """Say by how many percent a month must differ from the one before to be unusual.

    ``others`` are further fields of the settings (``check_rules``, ``sending``, ``link_days``);
    one that is not named stays as it is.

    Raises:
        SettingsChangedMeanwhileError: the version is not ``expected_version``.
    """
    BillingSettings.objects.get_or_create(pk=1)
    settings = BillingSettings.objects.select_for_update().get(pk=1)
    if settings.version != expected_version:
        raise SettingsChangedMeanwhileError(_("Somebody else saved these settings meanwhile."))
    changed = {"change_percent": change_percent, **others}
    for name, value in changed.items():
        setattr(settings, name, value)
    settings.version += 1
    settings.save()
    record_event(
        type="settings.billing_changed",
        actor=actor,
        subject=("settings", "billing"),
        data=changed,
        now=now,
    )
    return settings
