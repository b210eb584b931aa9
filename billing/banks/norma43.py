"""Norma 43: records of 80 characters, as Spanish banks write them.

Source: Asociación Española de Banca, "Información normalizada de cuenta corriente (SEPA)", Serie
normas y procedimientos bancarios nº 43, June 2012. Everything that the file says about itself is
checked: the sums and counts of each account (33) and the number of records (88). Why not the
library csb43: it only warns of such sums (the tests compare what both read).
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from .base import REFERENCE_LENGTH, BankFileError, Movement, one_line, spanish_iban

NAME = "norma43"
_CURRENCIES = {"978": "EUR", "840": "USD", "826": "GBP", "756": "CHF", "392": "JPY"}
# Concepts of the bank for debits that were returned (Appendix 2: 16, returned and unpaid items).
_RETURNED = "16"
_WIDTH = 80


def looks_like(content: bytes) -> bool:
    """Tell whether it begins with the head of an account."""
    first = content.lstrip().splitlines()[0]
    return first[:2] == b"11" and first[2:20].isdigit()


def read(content: bytes) -> list[Movement]:
    """Return the transactions of all accounts; see ``base.Reader``."""
    accounts: list[_Account] = []
    records = 0
    is_over = False
    for number, line in enumerate(_text(content).splitlines(), start=1):
        if not line.strip(" \x1a\x00"):
            continue
        if is_over:
            raise _wrong(number, _("something follows the end of the file"))
        record = line.ljust(_WIDTH)
        code = record[:2]
        if code == "88":
            _check_end(record, records, number)
            is_over = True
            continue
        records += 1
        if code == "11":
            accounts.append(_Account.begun(record, number))
        elif not accounts or accounts[-1].is_closed:
            raise _wrong(number, _("a record of no account"))
        else:
            accounts[-1].take(code, record, number)
    if not is_over or not accounts or not accounts[-1].is_closed:
        raise BankFileError(_("The file ends too early: its last record is missing."))
    return [movement for account in accounts for movement in account.movements()]


@dataclass(slots=True)
class _Row:
    booked_on: dt.date
    value_on: dt.date
    amount: Decimal
    concept: str
    document: str
    reference_1: str
    reference_2: str
    texts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Account:
    iban: str
    currency: str
    opening: Decimal
    rows: list[_Row] = field(default_factory=list)
    is_closed: bool = False

    @classmethod
    def begun(cls, record: str, number: int) -> "_Account":
        if not _is_number(record[2:20]):
            raise _wrong(number, _("the account is no number"))
        currency = _CURRENCIES.get(record[47:50])
        if currency is None:
            text = _("the currency %(code)s is not known") % {"code": record[47:50]}
            raise _wrong(number, text)
        iban = spanish_iban(record[2:6], record[6:10], record[10:20])
        return cls(iban, currency, _signed(record[32], record[33:47], number))

    def take(self, code: str, record: str, number: int) -> None:
        if code == "22":
            self.rows.append(_row(record, number))
        elif code == "23" and self.rows:
            self.rows[-1].texts += [record[4:42], record[42:80]]
        elif code == "24" and self.rows:
            pass  # what the amount was in another currency
        elif code == "33":
            self._close(record, number)
        else:
            raise _wrong(number, _("a record “%(code)s” has no place here") % {"code": code})

    def _close(self, record: str, number: int) -> None:
        debits = [row.amount for row in self.rows if row.amount < 0]
        credits_ = [row.amount for row in self.rows if row.amount > 0]
        said = (
            _count(record[20:25], number),
            -_signed("2", record[25:39], number),
            _count(record[39:44], number),
            _signed("2", record[44:58], number),
            _signed(record[58], record[59:73], number),
        )
        found = (
            len(debits),
            sum(debits, Decimal()),
            len(credits_),
            sum(credits_, Decimal()),
            self.opening + sum(debits, Decimal()) + sum(credits_, Decimal()),
        )
        if said != found:
            raise _wrong(number, _("the sums of the account do not match its transactions"))
        self.is_closed = True

    def movements(self) -> list[Movement]:
        return [self._movement(row) for row in self.rows if row.amount]

    def _movement(self, row: _Row) -> Movement:
        # Of a transfer the first text begins with who ordered it; what identifies the payment
        # stands in the references or among the texts.
        texts = [one_line(text) for text in row.texts]
        references = [one_line(row.reference_2), one_line(row.reference_1), row.document]
        return Movement(
            account=self.iban,
            currency=self.currency,
            booked_on=row.booked_on,
            value_on=row.value_on,
            amount=row.amount,
            reference=next((one for one in references if one.strip("0 ")), "")[:REFERENCE_LENGTH],
            party=next((text for text in texts if text), "")[:REFERENCE_LENGTH],
            text=" ".join(text for text in texts if text),
            is_return=row.amount < 0 and row.concept == _RETURNED,
        )


def _row(record: str, number: int) -> _Row:
    return _Row(
        booked_on=_day(record[10:16], number),
        value_on=_day(record[16:22], number),
        concept=record[22:24],
        amount=_signed(record[27], record[28:42], number),
        document=record[42:52].strip(),
        reference_1=record[52:64],
        reference_2=record[64:80],
    )


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _signed(sign: str, digits: str, number: int) -> Decimal:
    """Read 14 digits, the last two of them decimals; 1 is a debit, 2 a credit."""
    if sign not in {"1", "2"} or not _is_number(digits):
        raise _wrong(number, _("an amount is no number"))
    amount = Decimal(digits).scaleb(-2)
    return -amount if sign == "1" else amount


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _count(digits: str, number: int) -> int:
    if not _is_number(digits):
        raise _wrong(number, _("a count is no number"))
    return int(digits)


def _day(digits: str, number: int) -> dt.date:
    try:
        return dt.datetime.strptime(digits, "%y%m%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise _wrong(number, _("“%(day)s” is no day") % {"day": digits.strip()}) from None


def _check_end(record: str, records: int, number: int) -> None:
    if _count(record[20:26], number) != records:
        raise _wrong(number, _("the file has not as many records as it says"))


def _wrong(number: int, what: str) -> BankFileError:
    return BankFileError(
        _("Line %(line)d is not as Norma 43 says: %(what)s.") % {"line": number, "what": what}
    )
