"""What an invoice says of issuer, customer and contract: to be copied when it is issued."""

from typing import Any

from billing.models import Invoice
from customers.models import Address, Customer, Issuer
from sales.models import Contract

_ISSUER = (
    *("legal_name", "trade_name", "tax_id", "line1", "line2", "postcode", "city", "region"),
    *("country", "timezone", "email", "phone", "website", "registry", "iban", "bic", "bank_name"),
)
_CUSTOMER = ("number", "legal_name", "trade_name", "tax_id", "country", "language", "timezone")
_ADDRESS = ("recipient", "line1", "line2", "postcode", "city", "region", "country")
_CONTRACT = ("number", "version", "currency", "timezone", "billing", "payment_days", "vat_category")


def present_state(
    *, invoice: Invoice, contract: Contract, company: Issuer | None
) -> dict[str, Any]:
    """Return ``issuer``, ``customer`` and ``contract``, each as an object of plain values.

    The issuer's terms are in the invoice's language; the customer's addresses are by kind. The
    logo is left to whoever keeps it. Without a company ``issuer`` is empty.
    """
    return {
        "issuer": _issuer(company, invoice.language) if company else {},
        "customer": _customer(contract.customer),
        "contract": _copy(contract, _CONTRACT)
        | {"start": contract.start.isoformat(), "end": contract.end and contract.end.isoformat()},
    }


def _issuer(company: Issuer, language: str) -> dict[str, Any]:
    terms = company.terms_es if language == "es" else company.terms_en
    return _copy(company, _ISSUER) | {"terms": terms}


def _customer(customer: Customer) -> dict[str, Any]:
    addresses = {
        address.kind: _copy(address, _ADDRESS) for address in customer.addresses.order_by("kind")
    }
    return _copy(customer, _CUSTOMER) | {"addresses": addresses}


def _copy(row: Issuer | Customer | Address | Contract, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
