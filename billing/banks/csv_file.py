"""CSV of a bank, of a card terminal, or typed by hand: columns found by their names.

A head is needed with at least day and amount; Spanish and English names both do. The separator is
a semicolon, a comma or a tab; amounts are written ``1.234,56`` or ``1,234.56``.
"""

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from .base import REFERENCE_LENGTH, BankFileError, Movement, one_line

NAME = "csv"
_NAMES = {
    "booked_on": ("date", "booked", "booking date", "fecha", "fecha operacion", "f. operacion"),
    "value_on": ("value date", "fecha valor", "f. valor"),
    "amount": ("amount", "importe", "cantidad"),
    "currency": ("currency", "divisa", "moneda"),
    "reference": ("reference", "referencia"),
    "entry_id": ("id", "entry id", "transaction id", "numero de operacion"),
    "party": ("payer", "name", "ordenante", "nombre"),
    "party_iban": ("payer iban", "iban ordenante", "cuenta ordenante"),
    "text": ("text", "description", "concepto", "descripcion"),
    "account": ("account", "iban", "cuenta"),
}
_COLUMNS = {name: column for column, names in _NAMES.items() for name in names}
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
_AMOUNT = re.compile(
    r"[+-]?[0-9]{1,3}(?:[.,' ][0-9]{3})*(?:[.,][0-9]{1,3})?|[+-]?[0-9]+(?:[.,][0-9]{1,3})?"
)
_MOST_ROWS = 50_000


def looks_like(content: bytes) -> bool:
    """Tell whether its first line names a day and an amount."""
    try:
        names = set(_head(_text(content).splitlines()[0]))
    except (IndexError, csv.Error):
        return False
    return {"booked_on", "amount"} <= names


def read(content: bytes) -> list[Movement]:
    """Return the rows; see ``base.Reader``."""
    text = _text(content)
    lines = text.splitlines()
    head = _head(lines[0])
    rows = csv.reader(io.StringIO("\n".join(lines[1:])), delimiter=_separator(lines[0]))
    found = []
    try:
        for number, row in enumerate(rows, start=2):
            if number > _MOST_ROWS:
                raise BankFileError(_("The file has too many rows."))
            if any(cell.strip() for cell in row):
                found.append(_movement(dict(zip(head, row, strict=False)), number))
    except csv.Error as error:
        raise BankFileError(_("The file is no CSV: %(what)s.") % {"what": error}) from None
    return [movement for movement in found if movement.amount]


def _movement(cells: Mapping[str, str], number: int) -> Movement:
    text = {name: one_line(value) for name, value in cells.items()}
    currency = text.get("currency", "").upper() or "EUR"
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise _wrong(number, _("“%(what)s” is no currency") % {"what": currency[:10]})
    return Movement(
        account=text.get("account", "").replace(" ", "")[:34],
        booked_on=_day(text.get("booked_on", ""), number),
        value_on=_day(text["value_on"], number) if text.get("value_on") else None,
        amount=_amount(text.get("amount", ""), number),
        currency=currency,
        reference=text.get("reference", "")[:REFERENCE_LENGTH],
        entry_id=text.get("entry_id", "")[:80],
        party=text.get("party", "")[:REFERENCE_LENGTH],
        party_iban=text.get("party_iban", "").replace(" ", "").upper()[:34],
        text=text.get("text", ""),
    )


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _separator(line: str) -> str:
    return max(";\t,", key=line.count)


def _head(line: str) -> list[str]:
    (cells,) = csv.reader([line], delimiter=_separator(line))
    return [_COLUMNS.get(_plain(cell), "") for cell in cells]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", one_line(text).lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _day(text: str, number: int) -> dt.date:
    for form in _DAYS:
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    raise _wrong(number, _("“%(what)s” is no day") % {"what": text[:20]})


def _amount(text: str, number: int) -> Decimal:
    """Read an amount; what stands last, point or comma, divides the decimals.

    ``1.234`` could be either: it is refused rather than guessed.
    """
    plain = text.replace("€", "").replace("\u2212", "-").strip()
    written = plain.lstrip("+-")
    separators = [c for c in written if not c.isdigit()]
    is_double = len(separators) == 1 and len(written.partition(separators[0])[2]) == 3
    if not _AMOUNT.fullmatch(plain) or (is_double and separators[0] in ".,"):
        raise _wrong(number, _("“%(what)s” is no plain amount") % {"what": text[:20]})
    whole, decimals = written, ""
    if separators and separators[-1] in ".," and separators.count(separators[-1]) == 1:
        whole, _point, decimals = written.rpartition(separators[-1])
    digits = re.sub(r"\D", "", whole)
    amount = Decimal(f"{digits}.{decimals or 0}")
    return -amount if plain.startswith("-") else amount


def _wrong(number: int, what: str) -> BankFileError:
    return BankFileError(_("Row %(row)d: %(what)s.") % {"row": number, "what": what})
