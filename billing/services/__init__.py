"""What billing does: charge conferences, draft and issue invoices, take payments."""

from .bank_files import BankFileRefusedError, import_bank_file
from .catalogue import (
    BilledAlreadyError,
    CodeTakenError,
    NotInForceError,
    ProductChangedMeanwhileError,
    add_one_off_charge,
    end_subscription,
    save_product,
    subscribe,
    withdraw_one_off_charge,
)
from .charges import ConferenceNotOverError, charge_conference
from .closing import MonthClosedError, MonthNotReadyError, close_month
from .credit_notes import (
    CreditChangedMeanwhileError,
    ReissueRefusedError,
    credit_adjustments,
    credit_invoice,
    reissue,
)
from .credit_plans import CreditPlan, CreditRefusedError, plan_credit
from .customer_credit import CreditTooSmallError, free_overpaid, refund_credit, use_credit
from .exchange import (
    ExchangeRateMissingError,
    ExchangeRateRefusedError,
    ReadRates,
    read_ecb_rates,
    set_exchange_rate,
)
from .figures import request_figures
from .invoices import InvoiceNotDraftError, refresh_draft
from .issuing import (
    IssueDateRefusedError,
    IssuerMissingError,
    NegativeInvoiceError,
    NothingToIssueError,
    VatRateMissingError,
    issue_invoice,
)
from .matching import (
    MatchRefusedError,
    assign_refund,
    assign_return,
    assign_transaction,
    reopen_transaction,
    set_transaction_aside,
)
from .payments import PaymentReferenceUsedError, PaymentRefusedError, record_payment
from .preparing import Run, due_periods, issue_due_conference_invoices, prepare_period
from .problems import NothingToRetryError, assign_conference, leave_charge, retry_charge
from .re_rating import (
    ReRatingRefusedError,
    silent_re_ratings,
    start_re_rating,
    work_on_re_rating,
)
from .re_rating_preview import RateCorrection, preview_rate_correction
from .review import (
    FlagGoneError,
    SettingsChangedMeanwhileError,
    accept_flag,
    save_review_settings,
)
from .rules import RulesBrokenError
from .run_items import Rest, work_on_run
from .runs import (
    RunOverError,
    RunRefusedError,
    cancel_run,
    pause_run,
    resume_run,
    silent_runs,
    start_run,
)
from .sending import (
    NotSendableError,
    send_all,
    send_invoice,
    set_way_of_sending,
    write_invoice_mail,
)
from .settings import open_series, set_vat_rate

__all__ = [
    "BankFileRefusedError",
    "BilledAlreadyError",
    "CodeTakenError",
    "ConferenceNotOverError",
    "CreditChangedMeanwhileError",
    "CreditPlan",
    "CreditRefusedError",
    "CreditTooSmallError",
    "ExchangeRateMissingError",
    "ExchangeRateRefusedError",
    "FlagGoneError",
    "InvoiceNotDraftError",
    "IssueDateRefusedError",
    "IssuerMissingError",
    "MatchRefusedError",
    "MonthClosedError",
    "MonthNotReadyError",
    "NegativeInvoiceError",
    "NotInForceError",
    "NotSendableError",
    "NothingToIssueError",
    "NothingToRetryError",
    "PaymentReferenceUsedError",
    "PaymentRefusedError",
    "ProductChangedMeanwhileError",
    "RateCorrection",
    "ReRatingRefusedError",
    "ReadRates",
    "ReissueRefusedError",
    "Rest",
    "RulesBrokenError",
    "Run",
    "RunOverError",
    "RunRefusedError",
    "SettingsChangedMeanwhileError",
    "VatRateMissingError",
    "accept_flag",
    "add_one_off_charge",
    "assign_conference",
    "assign_refund",
    "assign_return",
    "assign_transaction",
    "cancel_run",
    "charge_conference",
    "close_month",
    "credit_adjustments",
    "credit_invoice",
    "due_periods",
    "end_subscription",
    "free_overpaid",
    "import_bank_file",
    "issue_due_conference_invoices",
    "issue_invoice",
    "leave_charge",
    "open_series",
    "pause_run",
    "plan_credit",
    "prepare_period",
    "preview_rate_correction",
    "read_ecb_rates",
    "record_payment",
    "refresh_draft",
    "refund_credit",
    "reissue",
    "reopen_transaction",
    "request_figures",
    "resume_run",
    "retry_charge",
    "save_product",
    "save_review_settings",
    "send_all",
    "send_invoice",
    "set_exchange_rate",
    "set_transaction_aside",
    "set_vat_rate",
    "set_way_of_sending",
    "silent_re_ratings",
    "silent_runs",
    "start_re_rating",
    "start_run",
    "subscribe",
    "use_credit",
    "withdraw_one_off_charge",
    "work_on_re_rating",
    "work_on_run",
    "write_invoice_mail",
]
