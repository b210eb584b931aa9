"""Answer a customer's figures to somebody, and note who asked."""

import datetime as dt

from django.db import transaction

from billing.selectors.figures import Figures, customer_figures
from customers.models import Customer
from customers.services import Who
from integration.services import record_event


def request_figures(*, customer: Customer, period: str, actor: Who, now: dt.datetime) -> Figures:
    """Answer ``customer_figures``, and record who asked for which month.

    Raises:
        InvalidPeriodError: ``period`` is neither ``YYYY-MM`` nor ``current``.
    """
    with transaction.atomic():
        figures = customer_figures(customer=customer, period=period, now=now)
        record_event(
            type="figures.requested",
            actor=actor,
            customer_number=customer.number,
            subject=("customer", customer.number),
            data={"period": figures.period},
            now=now,
        )
    return figures
