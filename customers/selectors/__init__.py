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
from .timeline import Moment, events_told_to, in_words, timeline

__all__ = [
    "Moment",
    "SimilarCustomer",
    "customer_by_number",
    "customer_for",
    "customers_visible_to",
    "events_told_to",
    "house_holidays",
    "in_words",
    "issuer",
    "search_customers",
    "similar_customers",
    "status_counts",
    "timeline",
]
