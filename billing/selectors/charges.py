"""Which conferences still want a charge, or another one."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import Charge
from conferencing.models import Conference
from sales.models import Contract, ContractRate

# What waits until somebody adds a customer, a contract or a rate. Bad times wait for another call
# record; what changed after it was credited waits for somebody's decision.
CURABLE = (
    Charge.Problem.NO_CUSTOMER,
    Charge.Problem.NO_CONTRACT,
    Charge.Problem.UNPRICED_LEGS,
)
# The clock of who changed a contract and the moment of commit are not the same.
_LATE_COMMITS = dt.timedelta(minutes=5)


def charges_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Charge]:
    """Return the charges that ``user`` may read: all of them, or none."""
    if user.has_perm("billing.view_charge"):  # type: ignore[union-attr]
        return Charge.objects.select_related("conference", "customer", "contract")
    return Charge.objects.none()


def uncharged_conferences(*, since: dt.datetime | None = None) -> QuerySet[Conference]:
    """Return the finished conferences that have no charge, or one of an older call record.

    The missing row is the queue. With ``since`` only those scheduled to start from then on, which
    an index finds.
    """
    finished = Conference.objects.exclude(state=Conference.State.LIVE)
    if since is not None:
        finished = finished.filter(
            state__in=[state for state in Conference.State if state != Conference.State.LIVE],
            scheduled_start__gte=since,
        )
    charges = Charge.objects.filter(conference=OuterRef("pk"))
    done = charges.filter(record_version__gte=OuterRef("record_version"))
    return finished.filter(~Exists(done)).order_by("scheduled_start", "pk")


def curable_charges() -> QuerySet[Charge]:
    """Return the charges that wait for a customer, a contract or a rate."""
    return Charge.objects.filter(problem__in=CURABLE).order_by("sort_at", "conference_id")


def charges_to_retry() -> QuerySet[Charge]:
    """Return the waiting charges of which the cause may be gone.

    A customer was found; a contract was activated or a rate made known since they were priced.
    """
    since = OuterRef("priced_at") - _LATE_COMMITS
    contracts = Contract.objects.exclude(status=Contract.Status.DRAFT).filter(
        customer=OuterRef("conference__customer"), activated_at__gte=since
    )
    rates = ContractRate.objects.filter(contract=OuterRef("contract"), known_from__gte=since)
    return curable_charges().filter(
        Q(problem=Charge.Problem.NO_CUSTOMER, conference__customer__isnull=False)
        | Q(Exists(contracts), problem=Charge.Problem.NO_CONTRACT)
        | Q(Exists(rates), problem=Charge.Problem.UNPRICED_LEGS)
    )


def is_invoiced(charge: Charge) -> bool:
    """Tell whether the charge stands on an issued invoice, and so never changes."""
    return charge.invoice is not None and charge.invoice.state == charge.invoice.State.ISSUED
