"""Questions about customers and the issuer."""

from .customers import (
    SimilarCustomer,
    customer_by_number,
    customer_for,
    customers_visible_to,
    search_customers,
    similar_customers,
    status_counts,
)
from .issuer import house_holidays, issuer
from .links import GivenLink, links_of
from .lists import (
    BadRow,
    NumbersRead,
    customers_of_list,
    list_for,
    lists_visible_to,
    parameters_of,
    read_customer_numbers,
    views_for,
)
from .timeline import Moment, events_told_to, in_words, timeline
from .wishes import (
    Wishes,
    open_proposals,
    opted_out,
    opted_out_emails,
    preferences_of,
    proposals_waiting,
    undeliverable_emails,
    wants,
    wishes_of,
)

__all__ = [
    "BadRow",
    "GivenLink",
    "Moment",
    "NumbersRead",
    "SimilarCustomer",
    "Wishes",
    "customer_by_number",
    "customer_for",
    "customers_of_list",
    "customers_visible_to",
    "events_told_to",
    "house_holidays",
    "in_words",
    "issuer",
    "links_of",
    "list_for",
    "lists_visible_to",
    "open_proposals",
    "opted_out",
    "opted_out_emails",
    "parameters_of",
    "preferences_of",
    "proposals_waiting",
    "read_customer_numbers",
    "search_customers",
    "similar_customers",
    "status_counts",
    "timeline",
    "undeliverable_emails",
    "views_for",
    "wants",
    "wishes_of",
]
