"""Questions about customers and the issuer."""

from .customers import (
    SimilarCustomer,
    customer_by_number,
    customer_for,
    customers_visible_to,
    search_customers,
    similar_customers,
)
from .issuer import house_holidays, issuer

__all__ = [
    "SimilarCustomer",
    "customer_by_number",
    "customer_for",
    "customers_visible_to",
    "house_holidays",
    "issuer",
    "search_customers",
    "similar_customers",
]
