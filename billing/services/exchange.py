"""Exchange rates: by hand or from the file of the European Central Bank."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import ExchangeRate, Invoice
from billing.selectors.exchange import EURO, conversion_of
from billing.selectors.invoices import tax_day_of
from customers.models import Issuer
from customers.services import Who
from integration.services import record_event
from toolkit.errors import DomainError
from toolkit.money import MINOR_UNIT_DIGITS

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
MOST_TOLD = 20


class ExchangeRateRefusedError(DomainError):
    """What was given is no rate."""

    code = "exchange-rate-refused"
    title = gettext_lazy("This is no exchange rate")


class ExchangeRateMissingError(DomainError):
    """VAT in another currency needs a rate of its day."""

    code = "exchange-rate-missing"
    title = gettext_lazy("An exchange rate is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRates:
    """What came of a file: ``bad`` says in words which rows and cells were left out, and why."""

    new: int
    known: int
    bad: tuple[str, ...]


def set_exchange_rate(
    *, currency: str, day: dt.date, rate: Decimal, actor: Who, now: dt.datetime
) -> ExchangeRate:
    """Enter the rate of a day by hand; it takes the place of the one that was there.

    Invoices already issued keep what they copied.

    Raises:
        ExchangeRateRefusedError: no currency, the euro itself, or not above zero.
    """
    if currency == EURO or currency not in MINOR_UNIT_DIGITS:
        raise ExchangeRateRefusedError(_("“%s” is no currency besides the euro.") % currency)
    if rate <= 0:
        raise ExchangeRateRefusedError(_("A rate is above zero."))
    with transaction.atomic():
        saved, _made = ExchangeRate.objects.update_or_create(
            currency=currency,
            day=day,
            defaults={"rate": rate, "source": ExchangeRate.Source.HAND},
        )
        record_event(
            type="exchange_rate.set",
            actor=actor,
            subject=("exchange_rate", f"{currency}-{day.isoformat()}"),
            data={"currency": currency, "day": day.isoformat(), "rate": str(rate)},
            now=now,
        )
    return saved


def read_ecb_rates(
    *, content: bytes, actor: Who, now: dt.datetime, since: dt.date | None = None
) -> ReadRates:
    """Read ``eurofxref.csv`` or ``eurofxref-hist.csv`` of the ECB, from ``since`` on.

    The same file twice changes nothing. A rate that is known otherwise stays as it is, and is
    told; so is every cell that can't be read. "N/A" is what the ECB writes where it has none.

    Raises:
        ExchangeRateRefusedError: it is no such file.
    """
    rows, bad = _read(content, since)
    with transaction.atomic():
        there = {
            (rate.currency, rate.day): rate.rate
            for rate in ExchangeRate.objects.filter(day__in={row.day for row in rows})
        }
        fresh = [row for row in rows if (row.currency, row.day) not in there]
        bad += [
            _("%(day)s %(currency)s: it is %(known)s already, the file says %(rate)s.")
            % {
                "day": row.day,
                "currency": row.currency,
                "known": there[row.currency, row.day].normalize(),
                "rate": row.rate,
            }
            for row in rows
            if there.get((row.currency, row.day), row.rate) != row.rate
        ]
        ExchangeRate.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2_000)
        if fresh:
            record_event(
                type="exchange_rates.read",
                actor=actor,
                subject=("exchange_rate", max(row.day for row in fresh).isoformat()),
                data={"new": len(fresh)},
                now=now,
            )
    return ReadRates(new=len(fresh), known=len(rows) - len(fresh), bad=tuple(bad))


def copy_exchange(invoice: Invoice, company: Issuer) -> None:
    """Put VAT in the issuer's currency into the copy of a document that is being issued.

    Raises:
        ExchangeRateMissingError: it has VAT, and nobody knows a rate of its day.
    """
    invoice.snapshot.pop("exchange", None)
    if company.currency == invoice.currency:
        return
    converted = conversion_of(invoice, company)
    if converted is not None:
        invoice.snapshot["exchange"] = converted.as_copy()
    elif invoice.vat != 0:
        raise ExchangeRateMissingError(
            _(
                "There is no exchange rate of %(currency)s for %(day)s, nor of the ten days before:"
                " add it to the settings."
            )
            % {
                "currency": invoice.currency,
                "day": tax_day_of(invoice.rectifies or invoice).isoformat(),
            }
        )


def _read(content: bytes, since: dt.date | None) -> tuple[list[ExchangeRate], list[str]]:
    try:
        table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExchangeRateRefusedError(_("This is no CSV file of the ECB.")) from error
    head = [cell.strip() for cell in table[0]] if table else []
    if not head or head[0] != "Date" or not set(head[1:]) & set(MINOR_UNIT_DIGITS):
        raise ExchangeRateRefusedError(_("This is no CSV file of the ECB."))
    rates: dict[tuple[str, dt.date], ExchangeRate] = {}
    bad: list[str] = []
    for number, cells in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        day = _day(cells[0].strip())
        if day is None:
            bad.append(
                _("Line %(line)s: “%(text)s” is no day.") % {"line": number, "text": cells[0]}
            )
        elif since is None or day >= since:
            for rate in _cells(head, cells, day, number, bad):
                rates[rate.currency, rate.day] = rate
    return list(rates.values()), bad


def _cells(
    head: list[str], cells: list[str], day: dt.date, number: int, bad: list[str]
) -> Iterator[ExchangeRate]:
    for currency, cell in zip(head[1:], cells[1:], strict=False):
        text = cell.strip()
        if not currency or text in {"", "N/A"}:
            continue
        rate = _rate(text)
        if rate is None or currency not in MINOR_UNIT_DIGITS:
            bad.append(
                _("Line %(line)s, %(currency)s: “%(text)s” is no rate.")
                % {"line": number, "currency": currency, "text": text}
            )
            continue
        yield ExchangeRate(currency=currency, day=day, rate=rate, source=ExchangeRate.Source.ECB)


def _rate(text: str) -> Decimal | None:
    try:
        rate = Decimal(text)
        fits = rate.is_finite() and 0 < rate < 10**12 and rate == round(rate, 6)
    except InvalidOperation:
        return None
    return rate if fits else None


def _day(text: str) -> dt.date | None:
    """Read ``2026-11-24`` (history) or ``24 November 2026`` (the file of one day)."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        pass
    try:
        day, month, year = text.split()
        return dt.date(int(year), _MONTHS.index(month) + 1, int(day))
    except ValueError:
        return None
