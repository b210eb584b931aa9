"""Invoices as documents, made of given amounts: what is added up here is added up nowhere else."""

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from billing.documents import (
    BilledConference,
    BilledLine,
    BilledTax,
    CorrectedInvoice,
    InvoiceDocument,
)
from toolkit.money import minor_unit_digits

REASONS = {
    "domestic": "",
    "reverse_charge": "Inversión del sujeto pasivo, art. 196 de la Directiva 2006/112/CE.",
    "export": "No sujeta, art. 69 de la Ley 37/1992.",
    "exempt": "Exenta, art. 20 de la Ley 37/1992.",
    "igic": "",
}
ISSUER = {
    "legal_name": "Conferencias Ibéricas, S.A.",
    "trade_name": "Conferencias Ibéricas",
    "tax_id": "A58818501",
    "line1": "Calle Mayor 1",
    "line2": "",
    "postcode": "28013",
    "city": "Madrid",
    "region": "Madrid",
    "country": "ES",
    "email": "facturas@iberica.example",
    "phone": "+34 910 000 000",
    "iban": "ES9121000418450200051332",
    "bic": "CAIXESBBXXX",
    "terms": "Pago a 30 días.",
}
CUSTOMER = {
    "number": "C-0001",
    "legal_name": "Müller & Söhne <GmbH>",
    "trade_name": "",
    "tax_id": "136695976",
    "country": "DE",
    "language": "es",
    "timezone": "Europe/Madrid",
    "addresses": {
        "billing": {
            "line1": "Hauptstraße 5",
            "line2": "",
            "postcode": "10115",
            "city": "Berlin",
            "region": "",
            "country": "DE",
        }
    },
}


def document(
    amounts: Sequence[Decimal],
    *,
    category: str = "domestic",
    percent: Decimal = Decimal(21),
    currency: str = "EUR",
    corrects: tuple[CorrectedInvoice, ...] = (),
    issuers_currency: str = "",
    vat_in_issuers_currency: Decimal | None = None,
) -> InvoiceDocument:
    """Make an issued invoice of these net amounts; with ``corrects`` a credit note."""
    lines = tuple(
        BilledLine(
            kind="usage:toll",
            description=f"Llamadas a la línea de pago nº {place}",
            quantity=60 * place,
            unit_price=None,
            net=amount,
            vat_category=category,
            vat_percent=percent,
        )
        for place, amount in enumerate(amounts, 1)
    )
    held_at = dt.datetime(2026, 10, 20, 9, 0, tzinfo=dt.UTC)
    conferences = (
        BilledConference(held_at=held_at, title="Consejo\x07", reference="PRJ-7", lines=lines[:-1]),
    )
    net = sum(amounts, Decimal())
    cent = Decimal(1).scaleb(-minor_unit_digits(currency))
    vat = (net * percent / 100).quantize(cent, rounding=ROUND_HALF_UP)
    return InvoiceDocument(
        language="es",
        number="R-2026-00001" if corrects else "F-2026-00001",
        is_credit_note=bool(corrects),
        issuer=ISSUER,
        customer=CUSTOMER,
        contract={"number": "CT-2026-0001", "payment_days": 30},
        logo=b"",
        currency=currency,
        period_start=dt.date(2026, 10, 1),
        period_end=dt.date(2026, 10, 31),
        issued_on=dt.date(2026, 11, 2),
        due_on=dt.date(2026, 12, 2),
        conferences=conferences if lines[:-1] else (),
        summary=(),
        period_lines=lines[-1:],
        taxes=(
            BilledTax(
                category=category,
                percent=percent,
                base=net,
                amount=vat,
                reason=REASONS[category],
            ),
        ),
        net=net,
        vat=vat,
        total=net + vat,
        calls=0,
        corrects=corrects,
        issuers_currency=issuers_currency,
        vat_in_issuers_currency=vat_in_issuers_currency,
    )
