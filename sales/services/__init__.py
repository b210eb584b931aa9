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
    terminate_contract,
)
from .rates import RateExtension, extend_rate, preview_extension
from .reading import ContractInvalidError, Fault

__all__ = [
    "ContractChangedMeanwhileError",
    "ContractInvalidError",
    "ContractNotActiveError",
    "ContractNotDraftError",
    "ContractOverlapsError",
    "Fault",
    "RateExtension",
    "activate_contract",
    "change_draft",
    "discard_draft",
    "draft_contract",
    "end_contracts",
    "extend_rate",
    "preview_extension",
    "terminate_contract",
]
