"""Questions about contracts and the rates extended to customers."""

from .contracts import (
    contract_for,
    contract_object,
    contract_on,
    contract_rate_ids,
    contract_terms,
    contracts_of,
    contracts_visible_to,
    plain_amount,
    rate_object,
    rates_by_contract,
    rates_known,
)
from .defaults import contract_defaults, likely_vat_category
from .rates import (
    RateInForce,
    RatesByTime,
    RateSheet,
    contract_rates_on,
    customer_today,
    days_of_change,
    rate_sheet,
    rates_by_time,
    rates_in_force,
)
from .words import FEE_LABELS, terms_in_words, weekday_choices

__all__ = [
    "FEE_LABELS",
    "RateInForce",
    "RateSheet",
    "RatesByTime",
    "contract_defaults",
    "contract_for",
    "contract_object",
    "contract_on",
    "contract_rate_ids",
    "contract_rates_on",
    "contract_terms",
    "contracts_of",
    "contracts_visible_to",
    "customer_today",
    "days_of_change",
    "likely_vat_category",
    "plain_amount",
    "rate_object",
    "rate_sheet",
    "rates_by_contract",
    "rates_by_time",
    "rates_in_force",
    "rates_known",
    "terms_in_words",
    "weekday_choices",
]
