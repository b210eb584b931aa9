"""The first page: what waits for this user today, department by department.

Only what the user may see is asked for; each list is short and says where the rest is.
"""

import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from billing.models import Invoice
from billing.selectors import charges_visible_to, invoices_visible_to, with_balances
from conferencing.models import Conference, Reservation
from conferencing.selectors import (
    conferences_visible_to,
    reservations_visible_to,
    with_leg_counts,
)
from customers.models import Customer
from customers.selectors import customers_visible_to, issuer
from sales.models import Contract
from sales.selectors import contracts_visible_to

SHORT = 8
ENDING_SOON = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits for one user; a list is empty where there is nothing or no permission."""

    today: dt.date
    zone: str
    issuer_missing: bool = False
    agenda: list[Reservation] = field(default_factory=list)
    live: list[Conference] = field(default_factory=list)
    drafts: list[Invoice] = field(default_factory=list)
    overdue: list[Invoice] = field(default_factory=list)
    problems: int = 0
    my_customers: list[Customer] = field(default_factory=list)
    ending: list[Contract] = field(default_factory=list)


def desk_of(user: User | AnonymousUser, *, now: dt.datetime) -> Desk:
    """Return what waits for ``user`` at ``now``; days are those of the present time zone."""
    zone = timezone.get_current_timezone_name()
    today = now.astimezone(ZoneInfo(zone)).date()
    midnight = dt.datetime.combine(today, dt.time(), ZoneInfo(zone))
    invoices = with_balances(invoices_visible_to(user))
    return Desk(
        today=today,
        zone=zone,
        issuer_missing=user.has_perm("customers.view_issuer") and issuer() is None,
        agenda=list(
            reservations_visible_to(user)
            .filter(
                status=Reservation.Status.BOOKED,
                scheduled_end__gt=now,
                scheduled_start__lt=midnight + dt.timedelta(days=2),
            )
            .select_related("customer")
            .order_by("scheduled_start", "pk")[:SHORT]
        ),
        live=list(
            with_leg_counts(conferences_visible_to(user).filter(state=Conference.State.LIVE))
            .select_related("customer")
            .order_by("started_at")[:SHORT]
        ),
        drafts=list(invoices.filter(state=Invoice.State.DRAFT).order_by("-updated_at")[:SHORT]),
        overdue=list(
            invoices.filter(status="overdue").order_by("due_on")[:SHORT]  # type: ignore[misc]
        ),
        problems=charges_visible_to(user).exclude(problem="").count(),
        my_customers=list(
            customers_visible_to(user).filter(account_manager=user.pk).order_by("sort_key")[:SHORT]
        ),
        ending=list(
            contracts_visible_to(user)
            .filter(status=Contract.Status.ACTIVE, end__range=(today, today + ENDING_SOON))
            .order_by("end")[:SHORT]
        ),
    )
