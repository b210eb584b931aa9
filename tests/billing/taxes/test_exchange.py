"""Exchange rates, and VAT in the currency of our books."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.documents.electronic import electronic_invoice
from billing.models import ExchangeRate, Invoice, InvoiceSeries
from billing.selectors.documents import invoice_document, invoice_pdf
from billing.selectors.exchange import Exchange, conversion_of, exchange_on
from billing.selectors.obstacles import obstacles_to_issue
from billing.services import (
    ExchangeRateMissingError,
    ExchangeRateRefusedError,
    credit_invoice,
    issue_invoice,
    read_ecb_rates,
    set_exchange_rate,
)
from integration.models import Event
from tests.billing.world import LATER, make_draft, make_issuer_once
from tests.factories.billing import NOW
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db

ONE_DAY = b"Date, USD, JPY, \n24 November 2026, 1.0534, 163.15, \n"
HISTORY = (
    b"Date,USD,JPY,CYP,\n2026-11-24,1.0534,163.15,N/A,\n2026-11-23,1.0500,162.90,N/A,\n"
    b"2020-01-02,1.1193,121.75,N/A,\n"
)


def read(content, **fields):
    return read_ecb_rates(content=content, actor="tests", now=NOW, **fields)


def know(rate="1.0534", day=dt.date(2026, 11, 24), currency="USD"):
    return set_exchange_rate(currency=currency, day=day, rate=Decimal(rate), actor="tests", now=NOW)


def make_dollars():
    make_issuer_once()
    return make_draft(make_customer(), currency="USD")


def issue(draft):
    return issue_invoice(invoice=draft, actor="tests", now=NOW)


def test_the_files_of_the_ecb_are_read_once():
    assert read(ONE_DAY).new == 2
    came = read(HISTORY, since=dt.date(2026, 1, 1))
    assert (came.new, came.known, came.bad) == (2, 2, ())
    again = read(HISTORY, since=dt.date(2026, 1, 1))
    assert (again.new, again.known) == (0, 4)
    found = ExchangeRate.objects.filter(currency="USD").values_list("day", "rate", "source")
    assert list(found) == [
        (dt.date(2026, 11, 24), Decimal("1.0534"), "ecb"),
        (dt.date(2026, 11, 23), Decimal("1.05"), "ecb"),
    ]
    assert Event.objects.filter(type="exchange_rates.read").count() == 2


def test_bad_cells_are_told_and_known_rates_stay():
    know("1.06")
    came = read(b"Date,USD,JPY\n2026-11-24,1.0534,abc\nnever,1,1\n2026-11-23,-1,162.90\n")
    assert came.new == 1
    assert len(came.bad) == 4
    assert ExchangeRate.objects.get(currency="USD").rate == Decimal("1.06")
    assert ExchangeRate.objects.get(currency="JPY").day == dt.date(2026, 11, 23)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1,2\n", b"Date,nothing\n"])
def test_another_file_is_refused(content):
    with pytest.raises(ExchangeRateRefusedError):
        read(content)
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(("currency", "rate"), [("EUR", "1"), ("XXX", "1"), ("USD", "0")])
def test_what_is_no_rate_is_refused(currency, rate):
    with pytest.raises(ExchangeRateRefusedError):
        know(rate, currency=currency)
    assert not Event.objects.filter(type="exchange_rate.set").exists()


def test_the_last_rate_of_ten_days_counts():
    know(day=dt.date(2026, 11, 20))
    assert exchange_on(day=dt.date(2026, 11, 19), currencies=["USD", "EUR"]) is None
    found = exchange_on(day=dt.date(2026, 11, 30), currencies=["USD", "EUR"])
    assert found
    assert found.day == dt.date(2026, 11, 20)
    assert exchange_on(day=dt.date(2026, 12, 1), currencies=["USD", "EUR"]) is None
    know("163", day=dt.date(2026, 11, 19), currency="JPY")
    assert exchange_on(day=dt.date(2026, 11, 20), currencies=["USD", "JPY"]) is None


def test_amounts_are_rounded_half_up_once():
    exchange = Exchange(
        day=NOW.date(), source="ecb", rates={"USD": Decimal("1.6"), "CLP": Decimal(1000)}
    )
    assert exchange.convert(Decimal("0.04"), currency="USD", into="EUR") == Decimal("0.03")
    assert exchange.convert(Decimal("-0.04"), currency="USD", into="EUR") == Decimal("-0.03")
    assert exchange.convert(Decimal("3.20"), currency="USD", into="CLP") == Decimal(2000)
    assert exchange.convert(Decimal(5), currency="CLP", into="EUR") == Decimal("0.01")


def test_without_a_rate_it_is_not_issued_until_there_is_one():
    draft = make_dollars()
    obstacles = obstacles_to_issue(draft)
    assert obstacles
    assert obstacles.exchange_rate_missing
    with pytest.raises(ExchangeRateMissingError, match=r"USD .* 2026-11-30"):
        issue(draft)
    assert not InvoiceSeries.objects.exists()
    assert Invoice.objects.get().state == "draft"
    know()
    assert not obstacles_to_issue(draft)
    assert issue(draft).snapshot["exchange"] == {
        "currency": "EUR",
        "day": "2026-11-24",
        "source": "hand",
        "rates": {"USD": "1.0534"},
        "vat": "0.75",
        "taxes": [{"category": "domestic", "percent": "21.000", "base": "3.56", "amount": "0.75"}],
    }


def test_what_was_issued_keeps_its_rate_and_its_credit_note_takes_it():
    draft = make_dollars()
    know()
    issued = issue(draft)
    know("2")
    issued = Invoice.objects.get(pk=issued.pk)
    kept = conversion_of(issued)
    assert kept
    assert kept.vat == Decimal("0.75")
    note = credit_invoice(invoice=issued, reason="x", actor="tests", now=LATER)
    assert note.snapshot["exchange"]["rates"] == {"USD": "1.0534"}
    assert note.snapshot["exchange"]["vat"] == "-0.75"


def test_documents_say_it():
    draft = make_dollars()
    know()
    issued = issue(draft)
    document = invoice_document(issued)
    assert (document.issuers_currency, document.vat_in_issuers_currency) == (
        "EUR",
        Decimal("0.75"),
    )
    assert electronic_invoice(document).vat_in_issuers_currency == Decimal("0.75")
    assert invoice_pdf(issued).startswith(b"%PDF")


def test_euros_need_no_rate():
    make_issuer_once()
    issued = issue(make_draft(make_customer()))
    assert "exchange" not in issued.snapshot
    assert invoice_document(issued).vat_in_issuers_currency is None


def test_the_settings_take_a_rate_and_a_file(as_admin):
    answer = as_admin.post(
        "/settings/exchange/", {"currency": "USD", "day": "2026-11-24", "rate": "1.06"}
    )
    assert answer.status_code == 302
    file = SimpleUploadedFile("eurofxref.csv", ONE_DAY)
    page = as_admin.post("/settings/exchange/", {"ecb-file": file, "ecb-since": "2026-01-01"})
    assert page.status_code == 200
    assert page.context["bad_count"] == 1
    assert ExchangeRate.objects.get(currency="USD").source == "hand"
    assert "163" in page.text


@pytest.fixture
def as_admin(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root", password="x"))
    return client
