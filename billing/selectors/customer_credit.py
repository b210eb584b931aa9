"""What customers have to their credit with us: money that no invoice has taken yet."""

from decimal import Decimal

from django.db.models import Sum

from billing.models import CreditEntry
from customers.models import Customer


def credit_of(customer: Customer, currency: str) -> Decimal:
    """Answer what a customer has to his credit in a currency; never below zero."""
    entries = CreditEntry.objects.filter(customer=customer, currency=currency)
    found: Decimal = entries.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]
    return found


def credits_by_currency(customer: Customer) -> dict[str, Decimal]:
    """Answer the same for each currency in which there is any."""
    sums = (
        CreditEntry.objects.filter(customer=customer)
        .order_by("currency")
        .values_list("currency")
        .annotate(sum=Sum("amount"))
    )
    return {currency: amount for currency, amount in sums if amount}
