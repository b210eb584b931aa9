"""Note what customers wish to receive, and which of their addresses do not work."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from customers.models import Channel, Contact, Customer, OptOut, UndeliverableEmail
from customers.selectors.wishes import PREFERENCES
from integration.models import Suppression
from integration.services import lift_suppressions, record_event, suppress

from .actors import Who, known

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
    invitations are no mass mail and still come. What is queued already is not sent either.
    """
    locked = _lock(customer)
    wish, is_new = _note(locked, channel, email.lower(), source, actor, now)
    if is_new:
        _new_version(wish)
    return wish


@transaction.atomic
def opt_in(
    *,
    customer: Customer,
    channel: str,
    actor: Who,
    now: datetime,
    email: str = "",
    source: str = OptOut.Source.DESK,
) -> None:
    """Send the customer mass mail by ``channel`` again; the wish stays as a record. Repeatable.

    Lifts exactly the wish of that address, or that of everybody at the customer. ``source`` tells
    whether the customer lifts it himself.
    """
    wish = _current(_lock(customer), channel, email.lower())
    if wish is not None:
        _lift(wish, source, actor, now)
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
            _lift(wish, OptOut.Source.DESK, actor, now)
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
    if channel == Channel.EMAIL:
        suppress(
            reason=Suppression.Reason.UNSUBSCRIBED,
            email=email,
            customer_number=customer.number,
            actor=known(actor),
            now=now,
        )
    by_himself = source != OptOut.Source.DESK
    _tell("customer.unsubscribed" if by_himself else "customer.opted_out", wish, actor, now)
    return wish, True


def _lift(wish: OptOut, source: str, actor: Who, now: datetime) -> None:
    wish.lifted_at = now
    wish.save(update_fields=["lifted_at"])
    if wish.channel == Channel.EMAIL:
        lift_suppressions(
            because=_("The customer wants mass mail again."),
            email=wish.email,
            customer_number=wish.customer.number,
            reasons=(Suppression.Reason.UNSUBSCRIBED,),
            actor=known(actor),
            now=now,
        )
    by_himself = source != OptOut.Source.DESK
    _tell("customer.resubscribed" if by_himself else "customer.opted_in", wish, actor, now)


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
def note_bounce(*, email: str, customer_number: str, reason: str, now: datetime) -> None:
    """Note a bounce at whoever has the address: the customer written to, and others who share it.

    Nothing is sent to the address any more, whosever it is (``integration.Suppression``); so each
    desk is told. Safe to repeat.
    """
    has_it = (
        Q(number=customer_number)
        | Q(email__iexact=email)
        | Q(pk__in=Contact.objects.filter(email__iexact=email).values("customer"))
    )
    for customer in Customer.objects.filter(has_it).order_by("pk"):
        note_undeliverable(customer=customer, email=email, reason=reason, now=now)


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
        # Written to again, should anybody have it: a second bounce would be noted anew.
        lift_suppressions(
            because=_("The address was mended at the customer."),
            email=noted.email,
            reasons=(Suppression.Reason.HARD_BOUNCE,),
            actor=known(actor),
            now=now,
        )
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
