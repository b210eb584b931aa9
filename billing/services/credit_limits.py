"""Set credit limits, and tell conferencing (by a flag of the customer) what comes of them."""

import datetime as dt
from decimal import Decimal

from django.db.models import Q
from django.db.transaction import atomic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import CreditLimit
from billing.selectors.credit_limits import hold_of
from customers.models import Customer
from customers.services import Who, set_credit_hold
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.money import MICROS, minor_unit


class CreditLimitRefusedError(DomainError):
    """No such limit can be."""

    code = "credit-limit-refused"
    title = gettext_lazy("The credit limit is not possible")


@atomic
def set_credit_limit(
    *, customer: Customer, amount: Decimal | None, action: str, actor: Who, now: dt.datetime
) -> None:
    """Limit what a customer may owe, in his currency; None lifts the limit. Holds at once.

    Raises:
        CreditLimitRefusedError: an amount below zero, or finer than the currency.
    """
    if amount is None:
        CreditLimit.objects.filter(customer=customer).delete()
    elif amount < 0 or amount * MICROS % minor_unit(customer.currency):
        raise CreditLimitRefusedError(_("This is no amount that can be owed."))
    else:
        CreditLimit.objects.update_or_create(
            customer=customer, defaults={"amount": amount, "action": action}
        )
    record_event(
        type="credit.limit_changed",
        actor=actor,
        customer_number=customer.number,
        subject=("customer", customer.number),
        data={"action": action if amount is not None else ""},
        now=now,
    )
    watch_credit_limit(customer=customer, actor=actor, now=now)


def watch_credit_limit(*, customer: Customer, actor: Who, now: dt.datetime) -> Customer:
    """Bring the customer's flag up to date with what he owes. Safe to repeat."""
    return set_credit_hold(customer=customer, hold=hold_of(customer), actor=actor, now=now)


def watch_credit_limits(*, now: dt.datetime) -> int:
    """Do so for all customers who have a limit or a flag; return how many changed."""
    limited = CreditLimit.objects.values("customer")
    concerned = Customer.objects.filter(
        Q(pk__in=limited) | ~Q(credit_hold=Customer.CreditHold.NONE)
    )
    changed = 0
    for customer in concerned.order_by("pk").iterator():
        before = customer.credit_hold
        after = watch_credit_limit(customer=customer, actor="billing", now=now)
        changed += before != after.credit_hold
    return changed
