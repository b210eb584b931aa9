"""What the booking form asks: which customer is meant, and which moment a local time is."""

import datetime as dt
from zoneinfo import ZoneInfo

from customers.models import Customer
from customers.selectors import customers_visible_to, search_customers

from .reservations import User

MOST_FOUND = 8


def customers_meant(user: User, text: str) -> list[Customer]:
    """Answer the customers that ``text`` may mean: one, where it begins with a number of ours.

    Else those in whose names, number or tax id every word occurs, at most eight, by name.
    """
    words = text.split()
    if not words:
        return []
    visible = customers_visible_to(user)
    named = visible.filter(number__iexact=words[0]).first()
    if named is not None:
        return [named]
    found = search_customers(visible, text).exclude(status=Customer.Status.CLOSED)
    return list(found.order_by("sort_key", "pk")[:MOST_FOUND])


def moments_of(local: dt.datetime, zone: ZoneInfo) -> list[dt.datetime]:
    """Answer the UTC moments at which the clocks of ``zone`` show ``local`` (naive).

    None in the hour that is left out in spring, two in the hour that comes twice in autumn.
    """
    candidates = {local.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    return sorted(
        moment
        for moment in candidates
        if moment.astimezone(zone).replace(tzinfo=None) == local.replace(fold=0)
    )
