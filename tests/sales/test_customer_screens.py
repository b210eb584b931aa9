"""The customer's screens in sales: found, registered, changed, suspended, exported."""

import io

import pytest
from openpyxl import load_workbook

from customers.models import Customer
from customers.selectors import preferences_of
from customers.services import change_customer
from integration.models import Event
from tests.factories.customers import NOW, make_customer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_sales(client):
    client.force_login(make_user("sales", username="lucia"))
    return client


def typed(**changes):
    """What a salesperson sends from the form of a new customer."""
    return {
        "legal_name": "Industrias Meridiano, S.A.",
        "country": "ES",
        "tax_id": "B58378431",
        "language": "es",
        "currency": "EUR",
        "timezone": "Europe/Madrid",
        "reference_policy": "free",
        "tags": "Gran cuenta, vip, vip",
        "letters": "on",
        "billing-line1": "Gran Vía 41",
        "billing-city": "Bilbao",
        "billing-postcode": "48011",
        "billing-country": "ES",
        "contacts-TOTAL_FORMS": "2",
        "contacts-INITIAL_FORMS": "0",
        "contacts-0-name": "Iñaki Otxoa",
        "contacts-0-role": "billing",
        "contacts-0-email": "inaki@example.com",
        "contacts-1-role": "general",
        **changes,
    }


def test_a_customer_is_registered_with_address_and_contact(as_sales):
    answer = as_sales.post("/sales/customers/new/", typed())
    customer = Customer.objects.get()
    assert answer.headers["Location"] == f"/sales/customers/{customer.number}/"
    assert customer.tags == ["Gran cuenta", "vip"]
    assert preferences_of(customer) == {"letters": True, "notices": False}
    assert [(a.kind, a.city) for a in customer.addresses.all()] == [("billing", "Bilbao")]
    assert [(c.name, c.role) for c in customer.contacts.all()] == [("Iñaki Otxoa", "billing")]
    assert Event.objects.get(type="customer.registered").actor == "lucia"


def test_a_taken_tax_id_leads_to_its_customer_and_keeps_what_was_typed(as_sales):
    known = make_customer(tax_id="B58378431")
    page = as_sales.post("/sales/customers/new/", typed()).content.decode()
    assert f"/sales/customers/{known.number}/" in page
    assert 'value="Gran Vía 41"' in page
    assert Customer.objects.count() == 1


def test_every_error_shows_in_its_place_at_once(as_sales):
    page = as_sales.post(
        "/sales/customers/new/", typed(legal_name="", tax_id="B1", **{"billing-city": ""})
    )
    forms = page.context["forms"]
    assert set(forms.customer.errors) == {"legal_name"}
    assert set(forms.addresses["billing"].errors) == {"city"}
    page = as_sales.post("/sales/customers/new/", typed(tax_id="B1", currency="ABC"))
    assert set(page.context["forms"].customer.errors) == {"tax_id", "currency"}
    assert not Customer.objects.exists()


def test_whoever_saves_second_is_told_and_loses_nothing(as_sales):
    customer = make_customer()
    change_customer(customer=customer, expected_version=1, actor="eva", now=NOW, phone="111")
    address = f"/sales/customers/{customer.number}/edit/"
    page = as_sales.post(address, typed(tax_id="", phone="222", expected_version="1"))
    assert page.status_code == 409
    assert 'value="222"' in page.content.decode()
    customer.refresh_from_db()
    assert (customer.phone, customer.version) == ("111", 2)
    assert (
        as_sales.post(address, typed(tax_id="", phone="222", expected_version="2")).status_code
        == 302
    )
    customer.refresh_from_db()
    assert (customer.phone, customer.version) == ("222", 3)


def test_contacts_can_be_taken_out(as_sales):
    as_sales.post("/sales/customers/new/", typed())
    customer = Customer.objects.get()
    address = f"/sales/customers/{customer.number}/edit/"
    assert 'value="Iñaki Otxoa"' in as_sales.get(address).content.decode()
    answer = as_sales.post(
        address,
        typed(expected_version="1", **{"contacts-INITIAL_FORMS": "1", "contacts-0-DELETE": "on"}),
    )
    assert answer.status_code == 302
    assert not customer.contacts.exists()


def test_a_renamed_contact_stays_who_he_is(as_sales):
    as_sales.post("/sales/customers/new/", typed())
    customer = Customer.objects.get()
    contact = customer.contacts.get()
    address = f"/sales/customers/{customer.number}/edit/"
    assert f'name="contacts-0-id" value="{contact.pk}"' in as_sales.get(address).content.decode()
    renamed = {
        "contacts-INITIAL_FORMS": "1",
        "contacts-0-id": str(contact.pk),
        "contacts-0-name": "Ignacio Otxoa",
        "contacts-0-email": "ignacio@example.com",
    }
    assert as_sales.post(address, typed(expected_version="1", **renamed)).status_code == 302
    assert customer.contacts.get() == contact
    assert customer.contacts.get().name == "Ignacio Otxoa"


def test_likely_duplicates_show_while_typing(as_sales):
    known = make_customer(legal_name="Talleres Quintana, S.L.")
    page = as_sales.get("/sales/customers/similar/", {"legal_name": "talleres quintána"})
    assert f"/sales/customers/{known.number}/" in page.content.decode()
    own = {"legal_name": "Talleres Quintana", "number": known.number}
    assert known.number not in as_sales.get("/sales/customers/similar/", own).content.decode()


def test_the_list_is_found_without_accents_and_answers_htmx_with_rows(as_sales):
    make_customer(legal_name="Fundación Ágora")
    make_customer(legal_name="Conservas Isla Norte")
    page = as_sales.get("/sales/customers/", {"q": "agora"}).content.decode()
    assert "Fundación Ágora" in page
    assert "Conservas" not in page
    rows = as_sales.get("/sales/customers/", {"q": "agora"}, headers=HTMX).content.decode()
    assert "Fundación Ágora" in rows
    assert "<html" not in rows


def test_the_list_costs_the_same_for_one_and_for_many(as_sales, django_assert_max_num_queries):
    for _each in range(30):
        make_customer()
    with django_assert_max_num_queries(15):
        assert as_sales.get("/sales/customers/").status_code == 200


def test_the_export_holds_the_filter_and_is_recorded(as_sales):
    wanted = make_customer(legal_name="=Ágora")
    make_customer(legal_name="Otra")
    answer = as_sales.get("/sales/customers/export.csv", {"q": "agora"})
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"{wanted.number},'=Ágora,")
    answer = as_sales.get("/sales/customers/export.xlsx", {"q": "agora"})
    rows = list(load_workbook(io.BytesIO(answer.getvalue())).active.values)
    assert [row[0] for row in rows[1:]] == [wanted.number]
    assert Event.objects.filter(type="customer.list_exported").count() == 2


def test_suspending_asks_for_the_reason(as_sales):
    customer = make_customer()
    address = f"/sales/customers/{customer.number}/suspend/"
    assert as_sales.post(address, {"reason": ""}).context["form"].errors["reason"]
    as_sales.post(address, {"reason": "Impagos"})
    customer.refresh_from_db()
    assert (customer.status, customer.status_reason) == ("suspended", "Impagos")
    as_sales.post(f"/sales/customers/{customer.number}/reactivate/")
    customer.refresh_from_db()
    assert customer.status == "active"


@pytest.mark.parametrize("role", ["billing", "reservations", "mailing", "auditor"])
def test_other_departments_read_but_do_not_write(client, role):
    customer = make_customer()
    client.force_login(make_user(role))
    assert client.get("/sales/customers/").status_code == 200
    for address in ("new/", f"{customer.number}/edit/", f"{customer.number}/suspend/"):
        assert client.post(f"/sales/customers/{address}", typed()).status_code == 403
    assert Customer.objects.count() == 1
