"""The settings of the house: checked in their place, versioned, only for whom they are."""

import base64
import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.models import InvoiceSeries, VatRate
from customers.models import Holiday, Issuer
from tests.factories.customers import make_issuer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
COMPANY = {
    "legal_name": "Conferencias Ibéricas, S.A.",
    "tax_id": "A-58818501",
    "line1": "Calle Mayor 1",
    "postcode": "28013",
    "city": "Madrid",
    "country": "ES",
    "timezone": "Europe/Madrid",
    "currency": "EUR",
    "email": "facturas@example.com",
    "iban": "ES91 2100 0418 4502 0005 1332",
    "default_payment_days": "30",
    "peak_weekdays": ["1", "2"],
    "peak_from": "08:00",
    "peak_to": "20:00",
}


@pytest.fixture
def as_admin(client):
    client.force_login(make_user("administrator"))
    return client


def test_the_company_is_saved_with_its_logo(as_admin):
    assert "No invoice can be issued" in as_admin.get("/settings/", headers=EN).content.decode()
    logo = SimpleUploadedFile("logo.png", PNG, "image/png")
    answer = as_admin.post("/settings/", {**COMPANY, "logo_file": logo})
    assert answer.status_code == 302
    issuer = Issuer.objects.get()
    assert (issuer.tax_id, issuer.iban) == ("A58818501", "ES9121000418450200051332")
    assert issuer.peak_weekdays == [1, 2]
    served = as_admin.get("/settings/logo/")
    assert (served.headers["Content-Type"], served.content) == ("image/png", PNG)


def test_wrong_numbers_are_named_in_their_fields_and_nothing_is_saved(as_admin):
    page = as_admin.post(
        "/settings/", {**COMPANY, "tax_id": "A58818502", "iban": "ES00", "currency": "ABC"}
    )
    assert set(page.context["form"].errors) == {"tax_id", "iban", "currency"}
    assert not Issuer.objects.exists()


def test_a_picture_that_is_none_is_refused(as_admin):
    page = as_admin.post(
        "/settings/", {**COMPANY, "logo_file": SimpleUploadedFile("x.png", b"<svg/>")}
    )
    assert set(page.context["form"].errors) == {"logo_file"}
    assert not Issuer.objects.exists()


def test_the_second_of_two_editors_is_told(as_admin):
    make_issuer()
    first = {**COMPANY, "expected_version": "1", "city": "Toledo"}
    assert as_admin.post("/settings/", first).status_code == 302
    page = as_admin.post("/settings/", {**COMPANY, "expected_version": "1", "city": "Burgos"})
    assert page.status_code == 200
    assert page.context["form"].non_field_errors()
    assert Issuer.objects.get().city == "Toledo"


def test_a_vat_rate_ends_the_one_before(as_admin):
    for percent, day in (("21", "2012-09-01"), ("22", "2027-01-01")):
        answer = as_admin.post(
            "/settings/vat/", {"category": "domestic", "percent": percent, "valid_from": day}
        )
        assert answer.status_code == 302
    found = VatRate.objects.order_by("valid_from").values_list("percent", "valid_to")
    assert list(found) == [(21, dt.date(2027, 1, 1)), (22, None)]
    page = as_admin.post(
        "/settings/vat/", {"category": "domestic", "percent": "4", "valid_from": "2020-01-01"}
    )
    assert set(page.context["form"].errors) == {"valid_from"}
    assert VatRate.objects.count() == 2


def test_a_series_keeps_its_prefix_once_used(as_admin):
    as_admin.post("/settings/series/", {"kind": "invoice", "year": "2026", "prefix": "FC"})
    InvoiceSeries.objects.update(next_number=2)
    page = as_admin.post("/settings/series/", {"kind": "invoice", "year": "2026", "prefix": "ZZ"})
    assert set(page.context["form"].errors) == {"prefix"}
    assert InvoiceSeries.objects.get().prefix == "FC"


def test_holidays_are_read_line_by_line(as_admin):
    as_admin.post("/settings/holidays/", {"holidays": "2026-12-25 Navidad\n\n2026-01-01 Año Nuevo"})
    assert [str(day) for day in Holiday.objects.all()] == [
        "2026-01-01 Año Nuevo",
        "2026-12-25 Navidad",
    ]
    page = as_admin.post("/settings/holidays/", {"holidays": "2026-12-25 Navidad\n31/12/2026"})
    assert "2" in str(page.context["form"].errors["holidays"])
    assert Holiday.objects.count() == 2


def test_who_may_only_look_changes_nothing(client):
    client.force_login(make_user("auditor"))
    make_issuer()
    assert client.get("/settings/").status_code == 200
    assert client.post("/settings/", {**COMPANY, "city": "Toledo"}).status_code == 403
    assert Issuer.objects.get().city == "Madrid"
    client.force_login(make_user("sales"))
    assert client.get("/settings/").status_code == 403


EN = {"Accept-Language": "en"}
