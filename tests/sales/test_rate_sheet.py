"""The rates of any day: as page, workbook and document, by whom they may be taken."""

import datetime as dt
import io
import subprocess

import openpyxl
import pytest
from django.utils import timezone

from integration.models import Event
from tests.factories.customers import make_customer, make_issuer
from tests.factories.sales import a_rate, make_contract
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_billing(client):
    client.force_login(make_user("billing", username="beatriz"))
    return client


def test_the_rate_sheet_of_any_day(as_billing):
    contract = make_contract(end="2027-01-01")
    address = f"/sales/customers/{contract.customer.number}/rates/"
    page = as_billing.get(address, {"on": "2026-11-24"})
    assert [rate.contract for rate in page.context["sheet"].rates] == [contract.number]
    assert page.context["days"] == [dt.date(2026, 1, 1), dt.date(2027, 1, 1)]
    assert "export=xlsx" in page.content.decode()
    empty = as_billing.get(address, {"on": "2027-01-01"})
    assert empty.context["sheet"].rates == []
    today = as_billing.get(address, {"on": "nonsense"})
    assert today.context["sheet"].on == timezone.localdate()
    assert as_billing.get("/sales/customers/C-none/rates/").status_code == 404
    assert not Event.objects.filter(type="rates.downloaded").exists()


def test_the_rate_sheet_as_a_workbook(as_billing):
    contract = make_contract()
    address = f"/sales/customers/{contract.customer.number}/rates/"
    answer = as_billing.get(address, {"on": "2026-11-24", "export": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 2
    assert rows[1][0] == contract.number
    assert rows[1][8] == pytest.approx(0.06)
    event = Event.objects.get(type="rates.downloaded")
    assert (event.actor, event.data) == ("beatriz", {"on": "2026-11-24", "format": "xlsx"})


@pytest.mark.pango
@pytest.mark.poppler
def test_the_rate_sheet_as_a_document_in_the_customers_language(as_billing, tmp_path):
    make_issuer()
    customer = make_customer(language="en", legal_name="Šimić & Sons, Ltd.")
    make_contract(
        customer,
        peak={"weekdays": [1, 2, 3], "from": "08:00", "to": "20:00"},
        fees={"setup": "5"},
        rates=[a_rate(band="peak", price_per_minute="0.0612"), a_rate(access="voip")],
    )
    answer = as_billing.get(
        f"/sales/customers/{customer.number}/rates/", {"on": "2026-11-24", "export": "pdf"}
    )
    assert answer.headers["Content-Type"] == "application/pdf"
    (tmp_path / "sheet.pdf").write_bytes(answer.content)
    command = ["pdftotext", "-layout", "sheet.pdf", "-"]
    words = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    for expected in (
        "Šimić & Sons, Ltd.",
        "€0.0612",
        "Peak",
        "Mon\u2013Wed, 08:00\u201320:00",
        "€5.00",
    ):
        assert expected in words, expected


def test_an_auditor_reads_but_those_without_prices_do_not(client):
    contract = make_contract()
    sheet = f"/sales/customers/{contract.customer.number}/rates/"
    reads = ("/sales/contracts/", f"/sales/contracts/{contract.number}/", sheet)
    client.force_login(make_user("auditor"))
    assert [client.get(url).status_code for url in reads] == [200, 200, 200]
    for url in ("/sales/contracts/new/", f"/sales/contracts/{contract.number}/rates/new/"):
        assert client.get(url).status_code == 403
    client.force_login(make_user("reservations"))
    assert [client.get(url).status_code for url in reads] == [403, 403, 403]
    assert client.get(f"{sheet}?export=csv").status_code == 403
    assert not Event.objects.filter(type="rates.downloaded").exists()
