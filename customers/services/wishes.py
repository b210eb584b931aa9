"""Note what customers wish to receive, and which of their addresses do not work."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from customers.models import Customer, OptOut, UndeliverableEmail
from customers.selectors.wishes import PREFERENCES
from integration.services import record_event

from .actors import Who

_LONGEST_REASON = 300


@transaction.atomic
def opt_out(
    *,
    customer: Customer,
    channel: str,
    source: str,
    actor: Who,
    now: datetime,
    email: str = "",
) -> OptOut:
    """Send the customer no mass mail by ``channel`` from now on. Safe to repeat.

    ``email`` narrows the wish to one address; blank means everybody at the customer. Invoices and
    invitations are no mass mail and still come.
    """
    locked = _lock(customer)
    wish, is_new = _note(locked, channel, email.lower(), source, actor, now)
    if is_new:
        _new_version(wish)
    return wish


@transaction.atomic
def opt_in(*, customer: Customer, channel: str, actor: Who, now: datetime, email: str = "") -> None:
    """Send the customer mass mail by ``channel`` again; the wish stays as a record. Repeatable.

    Lifts exactly the wish of that address, or that of everybody at the customer.
    """
    wish = _current(_lock(customer), channel, email.lower())
    if wish is not None:
        _lift(wish, actor, now)
        _new_version(wish)


def apply_preferences(
    *, customer: Customer, preferences: Mapping[str, Any], actor: Who, now: datetime
) -> bool:
    """Make the wishes what ``preferences`` say; return whether anything changed.

    A channel that is not named keeps its wish: silence is no consent. Call it inside the
    transaction of the change, with the customer locked; that change makes the new version.

    Raises:
        ValidationError: a wish is neither true nor false.
    """
    changed = False
    for name, channel in PREFERENCES.items():
        wanted = preferences.get(name)
        if not isinstance(wanted, bool | None):
            message = _("Write true or false for %(name)s.") % {"name": name}
            raise ValidationError({"preferences": ValidationError(message, code="invalid")})
        wish = _current(customer, channel, "")
        if wanted is False and wish is None:
            _note(customer, channel, "", OptOut.Source.DESK, actor, now)
            changed = True
        elif wanted and wish is not None:
            _lift(wish, actor, now)
            changed = True
    return changed


def _current(customer: Customer, channel: str, email: str) -> OptOut | None:
    return OptOut.objects.filter(
        customer=customer, channel=channel, email=email, lifted_at=None
    ).first()


def _note(
    customer: Customer, channel: str, email: str, source: str, actor: Who, now: datetime
) -> tuple[OptOut, bool]:
    wish = _current(customer, channel, email)
    if wish is not None:
        return wish, False
    wish = OptOut(customer=customer, channel=channel, email=email, source=source, since=now)
    wish.full_clean(exclude=["customer"])
    wish.save()
    _tell("customer.opted_out", wish, actor, now)
    return wish, True


def _lift(wish: OptOut, actor: Who, now: datetime) -> None:
    wish.lifted_at = now
    wish.save(update_fields=["lifted_at"])
    _tell("customer.opted_in", wish, actor, now)


@transaction.atomic
def note_undeliverable(
    *, customer: Customer, email: str, reason: str, now: datetime
) -> UndeliverableEmail:
    """Note that e-mail to ``email`` came back. Safe to repeat: the first reason stays."""
    locked = _lock(customer)
    noted, is_new = UndeliverableEmail.objects.get_or_create(
        customer=locked,
        email=email.lower(),
        mended_at=None,
        defaults={"reason": reason[:_LONGEST_REASON], "since": now},
    )
    if is_new:
        _tell_email("customer.email_bounced", locked, noted, None, now)
    return noted


@transaction.atomic
def mend_email(*, noted: UndeliverableEmail, actor: Who, now: datetime) -> UndeliverableEmail:
    """Write to the address again: whoever says so has reason to think that it works."""
    customer = _lock(noted.customer)
    noted.refresh_from_db()
    if noted.mended_at is None:
        _mend([noted], customer, actor, now)
    return noted


def mend_changed_emails(*, customer: Customer, actor: Who, now: datetime) -> None:
    """Take as mended what bounced and is no address of the customer any more.

    Call it inside the transaction of the change, with the customer locked.
    """
    used = {customer.email.lower(), *(row.email.lower() for row in customer.contacts.all())}
    open_ones = UndeliverableEmail.objects.filter(customer=customer, mended_at=None)
    _mend([noted for noted in open_ones if noted.email not in used], customer, actor, now)


def _mend(
    rows: Iterable[UndeliverableEmail], customer: Customer, actor: Who, now: datetime
) -> None:
    for noted in rows:
        noted.mended_at = now
        noted.save(update_fields=["mended_at"])
        _tell_email("customer.email_mended", customer, noted, actor, now)


def _lock(customer: Customer) -> Customer:
    return Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)


def _new_version(wish: OptOut) -> None:
    """Tell an editor who has the customer open: his boxes must not lift what was wished since."""
    Customer.objects.filter(pk=wish.customer_id).update(version=F("version") + 1)


def _tell(event: str, wish: OptOut, actor: Who, now: datetime) -> None:
    record_event(
        type=event,
        actor=actor,
        customer_number=wish.customer.number,
        subject=("customer", wish.customer.number),
        data={"channel": wish.channel, "source": wish.source, "one_address": bool(wish.email)},
        now=now,
    )


def _tell_email(
    event: str, customer: Customer, noted: UndeliverableEmail, actor: Who, now: datetime
) -> None:
    record_event(
        type=event,
        actor=actor,
        customer_number=customer.number,
        subject=("customer", customer.number),
        data={"undeliverable_email": noted.pk},
        now=now,
    )
