"""Cures for what could not be charged."""

import datetime as dt

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.translation import gettext_lazy

from billing.models import Charge
from conferencing import services as conferencing
from conferencing.models import Conference
from customers.models import Customer
from integration.services import Actor, record_event
from toolkit.errors import DomainError

from .charges import charge_conference
from .pricing import problem_of

Who = Actor | AbstractBaseUser | AnonymousUser | str


class NothingToRetryError(DomainError):
    """The charge has no problem that trying again could solve."""

    code = "nothing-to-retry"
    title = gettext_lazy("There is nothing to try again")


def assign_conference(
    *, conference: Conference, customer: Customer, actor: Who, now: dt.datetime
) -> Charge:
    """Give a call without customer to one, and charge it at once.

    Raises:
        ConferenceNotOrphanError: it has a customer already.
        ConferenceNotOverError: it is assigned, but still going on.
    """
    conferencing.assign_conference(conference=conference, customer=customer, actor=actor, now=now)
    return charge_conference(conference_id=conference.pk, now=now)


def leave_charge(*, charge: Charge, actor: Who, now: dt.datetime) -> Charge:
    """Bill nothing of a conference that changed after all that was billed of it was credited.

    A later change of it asks again.

    Raises:
        NothingToRetryError: it is not such a one.
    """
    with transaction.atomic():
        locked = Charge.objects.select_for_update(of=("self",)).get(pk=charge.pk)
        if locked.problem != Charge.Problem.CORRECTION:
            raise NothingToRetryError(gettext_lazy("There is nothing to decide about it."))
        locked.problem = problem_of(locked)
        locked.save(update_fields=["problem"])
        record_event(
            type="charge.left",
            actor=actor,
            customer_number=locked.customer.number if locked.customer else "",
            subject=("conference", locked.conference_id),
            data={"version": locked.version, "period": locked.period},
            now=now,
        )
    return locked


def retry_charge(*, charge: Charge, actor: Who, now: dt.datetime) -> Charge:
    """Try again to charge what waits, because somebody believes that the cause is gone.

    Raises:
        NothingToRetryError: it has no problem.
    """
    if not charge.problem:
        raise NothingToRetryError(gettext_lazy("The charge has no problem."))
    with transaction.atomic():
        retried = charge_conference(conference_id=charge.conference_id, now=now)
        record_event(
            type="charge.retried",
            actor=actor,
            customer_number=retried.customer.number if retried.customer else "",
            subject=("conference", retried.conference_id),
            data={"before": charge.problem, "after": retried.problem},
            now=now,
        )
    return retried
