"""Questions about contracts and the rates extended to customers."""

from .contracts import (
    contract_for,
    contract_object,
    contract_on,
    contract_rate_ids,
    contracts_of,
    contracts_visible_to,
    plain_amount,
    rates_known,
)
from .rates import RateInForce, rates_in_force

__all__ = [
    "RateInForce",
    "contract_for",
    "contract_object",
    "contract_on",
    "contract_rate_ids",
    "contracts_of",
    "contracts_visible_to",
    "plain_amount",
    "rates_in_force",
    "rates_known",
]
