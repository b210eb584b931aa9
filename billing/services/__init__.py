"""What billing does: charge conferences, draft and issue invoices, take payments."""

from .charges import ConferenceNotOverError, charge_conference
from .figures import request_figures
from .invoices import InvoiceNotDraftError, refresh_draft
from .issuing import (
    IssueDateRefusedError,
    IssuerMissingError,
    NothingToIssueError,
    VatRateMissingError,
    issue_invoice,
)
from .payments import PaymentReferenceUsedError, PaymentRefusedError, record_payment
from .problems import NothingToRetryError, assign_conference, retry_charge
from .runs import Run, due_periods, issue_due_conference_invoices, prepare_period
from .settings import open_series, set_vat_rate

__all__ = [
    "ConferenceNotOverError",
    "InvoiceNotDraftError",
    "IssueDateRefusedError",
    "IssuerMissingError",
    "NothingToIssueError",
    "NothingToRetryError",
    "PaymentReferenceUsedError",
    "PaymentRefusedError",
    "Run",
    "VatRateMissingError",
    "assign_conference",
    "charge_conference",
    "due_periods",
    "issue_due_conference_invoices",
    "issue_invoice",
    "open_series",
    "prepare_period",
    "record_payment",
    "refresh_draft",
    "request_figures",
    "retry_charge",
    "set_vat_rate",
]
