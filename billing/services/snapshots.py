"""Copy all that an issued invoice shows of issuer, customer and contract."""

import hashlib
from typing import Any

from billing.models import Invoice, Logo
from customers.models import Address, Customer, Issuer
from sales.models import Contract

_ISSUER = (
    *("legal_name", "trade_name", "tax_id", "line1", "line2", "postcode", "city", "region"),
    *("country", "timezone", "email", "phone", "website", "registry", "iban", "bic", "bank_name"),
)
_CUSTOMER = ("number", "legal_name", "trade_name", "tax_id", "country", "language", "timezone")
_ADDRESS = ("recipient", "line1", "line2", "postcode", "city", "region", "country")
_CONTRACT = ("number", "version", "currency", "timezone", "billing", "payment_days", "vat_category")


def snapshot_of(*, invoice: Invoice, contract: Contract, company: Issuer) -> dict[str, Any]:
    """Return the copy of ``issuer``, ``customer`` and ``contract``, each as an object.

    The issuer's terms are in the invoice's language, its logo is the digest of a ``Logo``; the
    customer's addresses are by kind.
    """
    terms = company.terms_es if invoice.language == "es" else company.terms_en
    return {
        "issuer": _copy(company, _ISSUER) | {"terms": terms, "logo": _keep_logo(company)},
        "customer": _customer(contract.customer),
        "contract": _copy(contract, _CONTRACT)
        | {"start": contract.start.isoformat(), "end": contract.end and contract.end.isoformat()},
    }


def _copy(row: Issuer | Customer | Address | Contract, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _customer(customer: Customer) -> dict[str, Any]:
    addresses = {
        address.kind: _copy(address, _ADDRESS) for address in customer.addresses.order_by("kind")
    }
    return _copy(customer, _CUSTOMER) | {"addresses": addresses}


def _keep_logo(company: Issuer) -> str:
    """Keep the logo's bytes once, however many invoices show it; answer their digest, or ""."""
    if not company.logo:
        return ""
    content = bytes(company.logo)
    digest = hashlib.sha256(content).hexdigest()
    Logo.objects.get_or_create(
        digest=digest, defaults={"content": content, "content_type": company.logo_type}
    )
    return digest
