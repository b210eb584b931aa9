"""What is done to contracts and their rates; every change is an event."""

from .contracts import (
    ContractChangedMeanwhileError,
    ContractNotActiveError,
    ContractNotDraftError,
    ContractOverlapsError,
    activate_contract,
    change_draft,
    discard_draft,
    draft_contract,
    end_contracts,
    local_day,
    terminate_contract,
)
from .rate_corrections import CORRECTABLE, correct_rate, preview_correction
from .rate_sheets import CONTENT_TYPES, RateSheetFile, download_rates
from .rates import RateExtension, extend_rate, preview_extension
from .reading import ContractInvalidError, Fault

__all__ = [
    "CONTENT_TYPES",
    "CORRECTABLE",
    "ContractChangedMeanwhileError",
    "ContractInvalidError",
    "ContractNotActiveError",
    "ContractNotDraftError",
    "ContractOverlapsError",
    "Fault",
    "RateExtension",
    "RateSheetFile",
    "activate_contract",
    "change_draft",
    "correct_rate",
    "discard_draft",
    "download_rates",
    "draft_contract",
    "end_contracts",
    "extend_rate",
    "local_day",
    "preview_correction",
    "preview_extension",
    "terminate_contract",
]
