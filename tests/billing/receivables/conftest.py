"""A customer with three issued invoices, and what the bank tells of."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import BankTransaction, Invoice
from billing.selectors import with_balances
from billing.services import import_bank_file, issue_invoice
from tests.billing.world import charge, make_issuer_once, make_vat_rate_once
from tests.factories.billing import NOW, make_conference, make_contract
from tests.factories.customers import make_customer

from .files import norma43

AT = NOW + dt.timedelta(days=40)


def make_invoices(*amounts: str, **fields):
    """Issued invoices of one customer, one for each conference, with these totals (VAT 21 %)."""
    make_vat_rate_once()
    make_issuer_once()
    customer = make_customer(**{"legal_name": "Café Ortúzar, S.A.", **fields})
    make_contract(
        customer,
        (("toll", "0.10"),),
        billing="per_conference",
        payment_days=30,
    )
    made = []
    for place, amount in enumerate(amounts):
        minutes = int(amount)
        start = f"{2 + place:02} 09:00"
        hours, left = divmod(minutes, 60)
        conference = make_conference(customer, (start, f"{2 + place:02} {9 + hours:02}:{left:02}"))
        draft = charge(conference).invoice
        made.append(issue_invoice(invoice=draft, actor="tests", now=NOW))
    return made


def balances() -> list[Decimal]:
    found = with_balances(Invoice.objects.filter(kind="invoice")).order_by("number")
    owed: list[Decimal] = [getattr(invoice, "balance") for invoice in found]  # noqa: B009 (untyped)
    return [balance.quantize(Decimal("0.01")) for balance in owed]


def told(*entries, write=norma43) -> list[BankTransaction]:
    """Upload a file of these entries; return its new transactions in their order."""
    file = import_bank_file(name="extracto", content=write(*entries), actor="ana", now=AT)
    return list(file.transactions.order_by("pk"))


@pytest.fixture
def invoices(db):
    """12.10, 24.20 and 36.30 EUR, due on 24 December."""
    return make_invoices("100", "200", "300")
