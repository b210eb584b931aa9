"""What every format of a bank's file is read into, and how a wrong file is refused."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from stdnum import iban

REFERENCE_LENGTH = 140
LARGEST_FILE = 10 * 1024 * 1024


class BankFileError(Exception):
    """The file can't be read; ``str(error)`` says where and why, fit for a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One transaction on an account; ``amount`` is negative where money left.

    ``entry_id`` is the bank's own name of it, blank where the format has none.
    """

    account: str
    booked_on: dt.date
    amount: Decimal
    currency: str
    value_on: dt.date | None = None
    reference: str = ""
    entry_id: str = ""
    end_to_end_id: str = ""
    party: str = ""
    party_iban: str = ""
    text: str = ""
    is_return: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """All transactions of a file, in its order, each with an ``entry_id``."""

    format: str
    movements: list[Movement]


class Reader(Protocol):
    """A format: its name, whether a file looks like it, and what the file says."""

    NAME: str

    def looks_like(self, content: bytes) -> bool:
        """Tell whether it is worth a try."""

    def read(self, content: bytes) -> list[Movement]:
        """Return the transactions.

        Raises:
            BankFileError: the file is not well formed, or its own sums do not hold.
        """


def numbered(movements: Iterable[Movement]) -> list[Movement]:
    """Give an ``entry_id`` to those that have none: their place among equal ones of the file.

    Banks tell of whole days, so that the same transaction gets the same place in the next file.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    named = []
    for movement in movements:
        known = movement
        if not known.entry_id:
            key = (known.account, known.booked_on, known.amount, known.currency, known.reference)
            seen[key] += 1
            known = replace(known, entry_id=str(seen[key]))
        named.append(known)
    return named


def one_line(text: str) -> str:
    """Return a text without line breaks, double blanks and what no screen can show."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def spanish_iban(bank: str, branch: str, number: str) -> str:
    """Return the IBAN of a Spanish account that is named without check digits.

    Source: Cuaderno 43 names accounts by bank, branch and number; the digits are those of the
    Código Cuenta Cliente and of ISO 13616.
    """
    head = _check_digit(f"00{bank}{branch}")
    tail = _check_digit(number)
    bban = f"{bank}{branch}{head}{tail}{number}"
    return f"ES{iban.calc_check_digits('ES00' + bban)}{bban}"


def _check_digit(digits: str) -> int:
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    left = 11 - sum(int(d) * weight for d, weight in zip(digits, weights, strict=True)) % 11
    return {11: 0, 10: 1}.get(left, left)
