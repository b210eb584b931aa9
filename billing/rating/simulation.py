"""Answer a tariff case: the one entry of the API, the command and a salesperson's draft."""

from __future__ import annotations

from typing import Any

from billing.rating.output import as_expected
from billing.rating.periods import price_period
from billing.rating.reading import read_input


def simulate(content: object) -> dict[str, Any]:
    """Price the ``input`` of a case and answer its ``expected``. Writes nothing anywhere.

    Raises:
        InvalidTariffInput: with all errors and their JSON pointers.
    """
    case = read_input(content)
    return as_expected(price_period(case.terms, case.period, case.vat_percent, case.conferences))
