"""Our own side of the demonstration: the issuer, its bridge, holidays and VAT rates."""

import datetime as dt
from decimal import Decimal

from billing.models import VatRate
from billing.services import set_vat_rate
from conferencing.models import Bridge
from conferencing.services.bridge_adapters import ensure_embedded_bridge
from customers.models import Issuer
from customers.services import save_holidays, save_issuer

ACTOR = "demo"
DIAL_IN = [
    {"access": "toll", "number": "+34910555000", "country": "ES", "label": "Madrid"},
    {"access": "toll_free", "number": "+34900555000", "country": "ES", "label": "España"},
    {"access": "toll", "number": "+525555550000", "country": "MX", "label": "México"},
]


def found_the_house(now: dt.datetime) -> None:
    """Give the house its data and its bridge telephone numbers. Safe to repeat."""
    bridge = ensure_embedded_bridge()
    if not bridge.dial_in:
        Bridge.objects.filter(pk=bridge.pk).update(dial_in=DIAL_IN)
    if Issuer.objects.exists():
        return
    save_issuer(
        actor=ACTOR,
        now=now,
        legal_name="Conferencias Ibéricas, S.A.",
        trade_name="Conferencias Ibéricas",
        tax_id="A58818501",
        line1="Calle de Serrano 88, 2.º",
        postcode="28006",
        city="Madrid",
        country="ES",
        email="facturacion@conferenciasibericas.example",
        phone="+34 915 550 100",
        website="https://conferenciasibericas.example",
        registry="Registro Mercantil de Madrid, tomo 31.415, folio 92, hoja M-65358",
        bank_name="Banco de Pruebas",
        iban="ES9121000418450200051332",
        bic="CAIXESBBXXX",
        peak_weekdays=[1, 2, 3, 4, 5],
        terms_es="Pago por transferencia a la cuenta indicada, citando el número de la factura.",
        terms_en="Please pay by bank transfer, quoting the number of the invoice.",
    )
    year = now.year
    save_holidays(
        holidays=[
            (dt.date(year, 10, 12), "Fiesta Nacional"),
            (dt.date(year, 12, 8), "Inmaculada Concepción"),
            (dt.date(year, 12, 25), "Navidad"),
            (dt.date(year + 1, 1, 1), "Año Nuevo"),
        ],
        actor=ACTOR,
        now=now,
    )


VAT = {
    "domestic": ("21", "", ""),
    "igic": ("7", "", ""),
    "reverse_charge": (
        "0",
        "Inversión del sujeto pasivo (art. 196 de la Directiva 2006/112/CE)",
        "Reverse charge (Article 196, Directive 2006/112/EC)",
    ),
    "export": (
        "0",
        "Operación no sujeta (art. 69 de la Ley 37/1992)",
        "Outside the scope of Spanish VAT (Article 69, Law 37/1992)",
    ),
    "exempt": ("0", "Operación exenta", "Exempt"),
}


def set_vat(now: dt.datetime) -> None:
    """Set the VAT rate of every category from the year's first day on. Safe to repeat."""
    for category, (percent, reason_es, reason_en) in VAT.items():
        if not VatRate.objects.filter(category=category).exists():
            set_vat_rate(
                category=category,
                percent=Decimal(percent),
                valid_from=dt.date(now.year, 1, 1),
                reason_es=reason_es,
                reason_en=reason_en,
                actor=ACTOR,
                now=now,
            )
