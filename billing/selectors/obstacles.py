"""What keeps a draft from being issued."""

from dataclasses import dataclass, replace

from billing.documents.electronic.words import BrokenRule
from billing.models import Charge, Invoice, InvoiceLine
from customers.selectors import issuer
from sales.models import Contract

from .electronic import broken_rules, checks_rules, rules_can_be_checked
from .exchange import rate_is_missing
from .invoices import tax_day_of, vat_rate_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacles:
    """What must be cured first.

    ``problems`` (charges that wait) and ``without_reason`` (VAT of zero that nobody explains) only
    deserve a look before.
    """

    issuer_missing: bool
    vat_category_without_rate: str
    is_empty: bool
    is_negative: bool
    problems: int
    exchange_rate_missing: bool = False
    without_reason: str = ""
    broken_rules: tuple[BrokenRule, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.issuer_missing
            or self.vat_category_without_rate
            or self.is_empty
            or self.is_negative
            or self.exchange_rate_missing
            or self.broken_rules
        )


def obstacles_to_issue(invoice: Invoice) -> Obstacles | None:
    """Answer what keeps a draft from being issued; None where it is no draft."""
    contract = invoice.contract
    if invoice.state != Invoice.State.DRAFT or contract is None:
        return None
    company = issuer()
    found = Obstacles(
        issuer_missing=company is None,
        vat_category_without_rate=", ".join(categories_without_rate(invoice, contract)),
        is_empty=not invoice.lines.exists(),
        is_negative=invoice.total < 0,
        problems=Charge.objects.filter(invoice=invoice).exclude(problem="").count(),
        exchange_rate_missing=rate_is_missing(invoice, company),
        without_reason=", ".join(_categories_without_reason(invoice)),
    )
    if (
        found or not checks_rules() or not rules_can_be_checked()
    ):  # what lacks so much has no electronic form to look at yet
        return found
    return replace(found, broken_rules=tuple(broken_rules(invoice)))


def categories_without_rate(invoice: Invoice, contract: Contract) -> list[str]:
    """Name the VAT categories on a draft of which nobody has said the rate yet."""
    lines = InvoiceLine.objects.filter(invoice=invoice, adjusts=None).order_by()
    found = set(lines.values_list("vat_category", flat=True).distinct())
    day = tax_day_of(invoice)
    return [
        str(Contract.VatCategory(category).label)
        for category in sorted(found or {contract.vat_category})
        if vat_rate_on(category=category, day=day) is None
    ]


def _categories_without_reason(invoice: Invoice) -> list[str]:
    """Name the categories without VAT of which the invoice does not say why."""
    taxes = invoice.taxes.filter(percent=0, reason="").values_list("category", flat=True)
    return [str(Contract.VatCategory(category).label) for category in taxes]
