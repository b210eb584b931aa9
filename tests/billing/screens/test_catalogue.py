"""The catalogue's screens: products, and what a customer pays besides conferences."""

import datetime as dt

import pytest

from billing.models import BillingSettings, Invoice, OneOffCharge, Product, Subscription
from billing.views import catalogue as views
from sales.models import Contract
from tests.billing.world import make_issuer_once, make_vat_rate_once
from tests.factories.billing import make_contract
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
PRODUCT = {
    "code": "num-800",
    "name_es": "Número propio",
    "name_en": "Own number",
    "unit": "month",
    "currency": "EUR",
    "unit_price": "30",
    "vat_category": "",
    "is_active": "on",
}


@pytest.fixture(autouse=True)
def ready(monkeypatch):
    make_vat_rate_once()
    make_issuer_once()
    monkeypatch.setattr(views.timezone, "now", lambda: NOW)


@pytest.fixture
def customer():
    customer = make_customer(legal_name="Óptica Lumen, S.L.")
    make_contract(customer)
    return customer


def test_a_product_is_put_on_sale_and_changed(billing):
    assert billing.post("/billing/products/new/", PRODUCT).status_code == 302
    product = Product.objects.get()
    assert (product.code, product.unit_price) == ("NUM-800", 30)
    page = billing.post("/billing/products/new/", PRODUCT).content.decode()
    assert "Another product has the code NUM-800." in page
    address = f"/billing/products/{product.pk}/"
    changed = PRODUCT | {"unit_price": "35", "expected_version": "1"}
    assert billing.post(address, changed).status_code == 302
    page = billing.post(address, changed | {"unit_price": "40"}).content.decode()
    assert "Somebody else saved this product meanwhile." in page
    product.refresh_from_db()
    assert product.unit_price == 35
    assert "Número propio" in billing.get("/billing/products/").content.decode()


def test_a_subscription_is_agreed_shown_and_ended(billing, customer):
    billing.post("/billing/products/new/", PRODUCT)
    address = f"/billing/customers/{customer.number}"
    page = billing.get(f"{address}/subscriptions/new/?product=NUM-800").content.decode()
    assert 'value="2026-11-01"' in page
    assert "NUM-800 · Own number" in page
    order = {
        "contract": Contract.objects.get().pk,
        "product": Product.objects.get().pk,
        "quantity": "2",
        "unit_price": "",
        "valid_from": "2026-11-16",
    }
    assert billing.post(f"{address}/subscriptions/new/", order).status_code == 302
    agreed = Subscription.objects.get()
    assert (agreed.unit_price, agreed.quantity) == (30, 2)
    assert "Own number" in billing.get(f"{address}/extras/").content.decode()
    page = billing.post(
        f"/billing/subscriptions/{agreed.pk}/end/", {"valid_to": "2026-11-01"}
    ).content.decode()
    assert "It begins on 2026-11-16." in page
    billing.post(f"/billing/subscriptions/{agreed.pk}/end/", {"valid_to": "2026-12-01"})
    agreed.refresh_from_db()
    assert agreed.valid_to == dt.date(2026, 12, 1)


def test_a_single_charge_is_entered_explained_and_withdrawn(billing, customer):
    address = f"/billing/customers/{customer.number}"
    order = {
        "contract": Contract.objects.get().pk,
        "product": "",
        "description": "Formación en sus oficinas",
        "period": "2026-11",
        "quantity": "3",
        "unit_price": "80",
        "reason": "Pedido 77",
    }
    refused = billing.post(f"{address}/charges/new/", order | {"unit_price": ""})
    assert "Write the price in the currency of the contract." in refused.content.decode()
    assert billing.post(f"{address}/charges/new/", order).status_code == 302
    draft = Invoice.objects.get()
    assert draft.net == 240
    page = billing.get(f"/billing/invoices/{draft.pk}/").content.decode()
    assert "Formación en sus oficinas" in page
    line = draft.lines.get()
    page = billing.get(f"/billing/invoices/{draft.pk}/explain/?line={line.pk}").content.decode()
    assert "Pedido 77" in page
    assert "€80.00 = <strong>€240.00" in " ".join(page.split())
    charge = OneOffCharge.objects.get()
    assert "Pedido 77" in billing.get(f"{address}/extras/").content.decode()
    billing.post(f"/billing/charges/{charge.pk}/withdraw/")
    draft.refresh_from_db()
    assert draft.net == 0


def test_who_only_reads_changes_nothing(as_role, customer):
    auditor = as_role("auditor")
    address = f"/billing/customers/{customer.number}"
    assert auditor.get(f"{address}/extras/").status_code == 200
    assert auditor.get("/billing/products/").status_code == 200
    assert auditor.post("/billing/products/new/", PRODUCT).status_code == 403
    assert auditor.post(f"{address}/charges/new/", {}).status_code == 403
    assert auditor.post("/settings/billing/", {"change_percent": "10"}).status_code == 403
    assert not Product.objects.exists()
    assert as_role("mailing").get(f"{address}/extras/").status_code == 403


def test_what_is_unusual_is_set_in_the_settings(billing):
    assert 'value="50"' in billing.get("/settings/billing/").content.decode()
    order = {
        "change_percent": "80",
        "sending": "never",
        "link_days": "90",
        "expected_version": "1",
    }
    assert billing.post("/settings/billing/", order).status_code == 302
    assert BillingSettings.objects.get().change_percent == 80
    page = billing.post("/settings/billing/", order | {"change_percent": "5"}).content.decode()
    assert "Somebody else saved these settings meanwhile." in page
    page = billing.post("/settings/billing/", {"change_percent": "0", "expected_version": "2"})
    assert page.status_code == 200
    assert BillingSettings.objects.get().change_percent == 80
