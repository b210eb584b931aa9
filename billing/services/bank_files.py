"""Take in a file of the bank: each transaction once, however often the bank tells of it."""

import datetime as dt
import hashlib
from collections.abc import Iterable

from django.db.transaction import atomic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.banks import BankFileError, Movement, read_file
from billing.models import BankFile, BankTransaction
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.money import MICROS, UnknownCurrencyError, minor_unit

_AT_ONCE = 1000
_MOST = 10**12


class BankFileRefusedError(DomainError):
    """The file can't be read; nothing of it was taken."""

    code = "bank-file-refused"
    title = gettext_lazy("The file can't be read")
    status = 400


def import_bank_file(*, name: str, content: bytes, actor: Who, now: dt.datetime) -> BankFile:
    """Keep a file and the transactions in it that are new; all of it or nothing.

    The same file again is answered with the one that is there.

    Raises:
        BankFileRefusedError: it is of no known format, or wrong.
    """
    digest = hashlib.sha256(content).hexdigest()
    known = BankFile.objects.filter(digest=digest).first()
    if known is not None:
        return known
    try:
        statement = read_file(content)
        _check(statement.movements)
    except BankFileError as error:
        raise BankFileRefusedError(str(error)) from error
    with atomic():
        event = record_event(
            type="bank_file.imported",
            actor=actor,
            subject=("bank_file", digest[:12]),
            data={"format": statement.format, "transactions": len(statement.movements)},
            now=now,
        )
        file, is_new = BankFile.objects.get_or_create(
            digest=digest,
            defaults={
                "name": name[:200],
                "format": statement.format,
                "content": content,
                "transactions_read": len(statement.movements),
                "transactions_new": 0,
                "uploaded_by": event.actor,
                "uploaded_at": now,
            },
        )
        if is_new:
            BankTransaction.objects.bulk_create(
                [_transaction(file, movement) for movement in statement.movements],
                ignore_conflicts=True,  # known from another file
                batch_size=_AT_ONCE,
            )
            file.transactions_new = file.transactions.count()
            file.save(update_fields=["transactions_new"])
    return file


def _transaction(file: BankFile, movement: Movement) -> BankTransaction:
    return BankTransaction(
        file=file,
        account=movement.account,
        booked_on=movement.booked_on,
        value_on=movement.value_on,
        amount=movement.amount,
        currency=movement.currency,
        reference=movement.reference,
        entry_id=movement.entry_id,
        end_to_end_id=movement.end_to_end_id,
        party=movement.party,
        party_iban=movement.party_iban,
        text=movement.text,
        is_return=movement.is_return,
    )


def _check(movements: Iterable[Movement]) -> None:
    for movement in movements:
        amount, currency = movement.amount, movement.currency
        try:
            is_fine = amount * MICROS % minor_unit(currency) == 0 and abs(amount) < _MOST
        except UnknownCurrencyError:
            is_fine = False
        if not is_fine:
            raise BankFileError(
                _("%(amount)s %(currency)s is no amount that can be paid.")
                % {"amount": amount, "currency": currency}
            )
