"""Whether customers owe more than was agreed."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from billing.models import CreditLimit, Invoice
from customers.models import Customer

from .customer_credit import credit_of
from .invoices import with_balances


def limit_of(customer: Customer) -> CreditLimit | None:
    """Return the customer's limit, None where he has none."""
    return CreditLimit.objects.filter(customer=customer).first()


def exposure_of(customer: Customer) -> Decimal:
    """Answer what a customer owes in his currency and will soon: balances and drafts, with VAT.

    What he has to his credit is taken off.
    """
    of_customer = Invoice.objects.filter(customer=customer, currency=customer.currency).order_by()
    issued: QuerySet[Any] = with_balances(of_customer.filter(state=Invoice.State.ISSUED))
    owed = issued.aggregate(sum=Sum("balance", default=Decimal(0)))["sum"]
    drafts = of_customer.filter(state=Invoice.State.DRAFT)
    coming = drafts.aggregate(sum=Sum("total", default=Decimal(0)))["sum"]
    exposure: Decimal = owed + coming - credit_of(customer, customer.currency)
    return exposure


def hold_of(customer: Customer) -> Customer.CreditHold:
    """Answer what should come of bookings now."""
    limit = limit_of(customer)
    if limit is None or exposure_of(customer) <= limit.amount:
        return Customer.CreditHold.NONE
    return Customer.CreditHold(limit.action)
