"""Copy all that an issued invoice shows of issuer, customer and contract."""

import hashlib
from typing import Any

from billing.models import Invoice, Logo
from billing.selectors.snapshots import present_state
from customers.models import Issuer
from sales.models import Contract


def snapshot_of(*, invoice: Invoice, contract: Contract, company: Issuer) -> dict[str, Any]:
    """Return the copy of ``issuer``, ``customer`` and ``contract``, each as an object.

    The issuer's terms are in the invoice's language, its logo is the digest of a ``Logo``; the
    customer's addresses are by kind.
    """
    copy = present_state(invoice=invoice, contract=contract, company=company)
    copy["issuer"]["logo"] = _keep_logo(company)
    return copy


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
