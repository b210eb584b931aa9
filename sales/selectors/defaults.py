"""What a new contract starts with: the habits of the house and of the customer."""

from typing import Any

from customers.models import Customer
from customers.selectors import house_holidays, issuer
from customers.services.checks import EU_COUNTRIES
from sales.models import Contract

HOME = "ES"  # until the issuer's settings say where the house is


def contract_defaults(customer: Customer) -> dict[str, Any]:
    """Return the likely terms and settings of a customer's next contract; all can be changed."""
    house = issuer()
    peak = None
    if house and house.peak_weekdays:
        peak = {"weekdays": house.peak_weekdays, "from": house.peak_from, "to": house.peak_to}
    return {
        "currency": customer.currency,
        "timezone": customer.timezone,
        "billing": Contract.Billing.MONTHLY,
        "issue": Contract.Issue.REVIEW,
        "payment_days": house.default_payment_days if house else 30,
        "vat_category": likely_vat_category(customer, home=house.country if house else HOME),
        "peak": peak,
        "holidays": house_holidays(),
    }


def likely_vat_category(customer: Customer, *, home: str) -> Contract.VatCategory:
    """Guess from country and tax id how the VAT of a customer is treated.

    At home and for consumers of the EU (no tax id) domestic, for companies of the EU reverse
    charge, elsewhere not subject.
    """
    if customer.country == home:
        return Contract.VatCategory.DOMESTIC
    if customer.country in EU_COUNTRIES:
        if customer.tax_id:
            return Contract.VatCategory.REVERSE_CHARGE
        return Contract.VatCategory.DOMESTIC
    return Contract.VatCategory.EXPORT
