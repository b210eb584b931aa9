"""What billing does: charge conferences, draft, issue, take payments."""

from .charges import ConferenceNotOver, charge_conference
from .invoices import InvoiceNotDraft, refresh_draft
from .issuing import (
    IssueDateRefused,
    IssuerMissing,
    NothingToIssue,
    VatRateMissing,
    issue_invoice,
)

__all__ = [
    "ConferenceNotOver",
    "InvoiceNotDraft",
    "IssueDateRefused",
    "IssuerMissing",
    "NothingToIssue",
    "VatRateMissing",
    "charge_conference",
    "issue_invoice",
    "refresh_draft",
]
