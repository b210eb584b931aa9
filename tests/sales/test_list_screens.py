"""Customers are frozen into lists from rows, from a filter, from a file; filters are kept."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from customers.models import CustomerList, SavedView
from customers.services import save_list, save_view
from tests.factories.customers import NOW, make_customer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

NEW, IMPORT = "/sales/lists/new/", "/sales/lists/import/"


@pytest.fixture
def lucia(client):
    user = make_user("sales", username="lucia")
    client.force_login(user)
    return user


def a_list(*customers, name="Subida 2027"):
    numbers = [customer.number for customer in customers]
    return save_list(name=name, origin="hand", numbers=numbers, actor="tests", now=NOW)


def test_ticked_customers_become_a_list(client, lucia):
    one, two, other = make_customer(), make_customer(), make_customer()
    rows = client.get("/sales/customers/").content.decode()
    assert f'name="number" value="{one.number}" form="chosen"' in rows
    address = f"{NEW}?number={one.number}&number={two.number}"
    page = client.get(address).content.decode()
    assert "2 clientes" in page
    assert other.name not in page
    answer = client.post(address, {"name": "Subida"})
    saved = CustomerList.objects.get()
    assert answer.headers["Location"] == f"/sales/lists/{saved.pk}/"
    assert (saved.name, saved.origin, set(saved.numbers)) == (
        "Subida",
        "hand",
        {one.number, two.number},
    )
    assert saved.created_by == lucia


def test_whoever_writes_mailings_goes_on_to_one(client):
    customer = make_customer()
    address = f"{NEW}?number={customer.number}&then=write"
    writer = make_user("mailing")
    client.force_login(writer)
    assert 'name="then" value="write"' in client.get("/sales/customers/").content.decode()
    answer = client.post(address, {"name": "Feria"})
    saved = CustomerList.objects.get()
    assert answer.headers["Location"] == f"/mailing/mailings/new/?list={saved.pk}"
    page = client.get(f"/sales/lists/{saved.pk}/").content.decode()
    assert f'href="/mailing/mailings/new/?list={saved.pk}"' in page
    client.force_login(make_user("billing"))
    assert 'value="write"' not in client.get("/sales/customers/").content.decode()
    answer = client.post(address, {"name": "Otra"})
    assert answer.headers["Location"].startswith("/sales/lists/")


def test_all_of_a_filter_become_a_list_also_beyond_the_page(client, lucia):
    wanted = [make_customer(legal_name=f"Ágora {place}") for place in range(3)]
    make_customer(legal_name="Otra")
    rows = client.get("/sales/customers/", {"q": "agora"}).content.decode()
    assert f'href="{NEW}?q=agora"' in rows
    client.post(f"{NEW}?q=agora&cursor=x", {"name": "Ágoras"})
    assert CustomerList.objects.get().numbers == [customer.number for customer in wanted]


@pytest.mark.parametrize("query", ["country=ZZ", "q=nobody", "number=C-99999"])
def test_a_filter_that_finds_nobody_or_cannot_be_read_makes_no_list(client, lucia, query):
    make_customer()
    page = client.post(f"{NEW}?{query}", {"name": "Todos"})
    assert page.status_code == 200
    assert page.context["form"].errors
    assert not CustomerList.objects.exists()


def test_a_file_is_saved_once_its_bad_rows_were_shown(client, lucia):
    one, two = make_customer(), make_customer()
    content = f"number\n{one.number}\nC-99999\n{two.number}\n{one.number}\n"
    file = SimpleUploadedFile("kunden.csv", content.encode("utf-8-sig"))
    page = client.post(IMPORT, {"name": "Feria", "file": file})
    text = page.content.decode()
    assert "C-99999" in text
    assert [bad.row for bad in page.context["read"].bad] == [3, 5]
    assert not CustomerList.objects.exists()
    kept = page.context["form"].initial
    answer = client.post(IMPORT, kept)
    saved = CustomerList.objects.get()
    assert answer.headers["Location"] == f"/sales/lists/{saved.pk}/"
    assert (saved.name, saved.origin, saved.numbers) == (
        "Feria",
        "import",
        [one.number, two.number],
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\0\0", b"x" * 2_000_001])
def test_what_is_no_list_of_numbers_is_refused(client, lucia, content):
    page = client.post(IMPORT, {"name": "x", "file": SimpleUploadedFile("x.csv", content)})
    assert page.context["form"].errors["file"]
    page = client.post(IMPORT, {"name": "x"})
    assert page.context["form"].errors["__all__"]
    assert not CustomerList.objects.exists()


def test_a_list_is_looked_at_renamed_and_deleted(client, lucia):
    member, other = make_customer(), make_customer()
    saved = a_list(member)
    assert saved.name in client.get("/sales/lists/").content.decode()
    address = f"/sales/lists/{saved.pk}/"
    page = client.get(address).content.decode()
    assert member.number in page
    assert other.number not in page
    client.post(f"{address}rename/", {"name": "Otra"})
    client.post(f"{address}rename/", {"name": ""})
    saved.refresh_from_db()
    assert saved.name == "Otra"
    client.post(f"{address}delete/")
    assert not CustomerList.objects.exists()
    assert client.get(address).status_code == 404


def test_lists_cost_the_same_for_one_and_for_many(client, lucia, django_assert_max_num_queries):
    members = [make_customer() for _each in range(12)]
    for place in range(12):
        saved = a_list(*members, name=f"Lista {place}")
    for address in ("/sales/lists/", f"/sales/lists/{saved.pk}/"):
        with django_assert_max_num_queries(9):
            assert client.get(address).status_code == 200


def test_other_roles_only_look(client):
    saved = a_list(make_customer())
    client.force_login(make_user("auditor"))
    assert client.get(f"/sales/lists/{saved.pk}/").status_code == 200
    rows = client.get("/sales/customers/").content.decode()
    assert 'type="checkbox"' not in rows
    for address in (NEW, IMPORT, f"/sales/lists/{saved.pk}/delete/"):
        assert client.post(address, {"name": "x"}).status_code == 403
    client.force_login(make_user("reservations"))
    assert client.get(f"/sales/lists/{saved.pk}/").status_code == 403
    assert CustomerList.objects.count() == 1


def test_a_filter_is_kept_and_found_again(client, lucia):
    make_customer()
    rows = client.get("/sales/customers/?country=ES&sort=-name").content.decode()
    address = "/sales/views/?country=ES&sort=-name"
    assert f'href="{address.replace("&", "&amp;")}"' in rows
    answer = client.post(f"{address}&cursor=x&evil=1", {"name": "España", "shared": "on"})
    assert answer.headers["Location"] == "/sales/customers/?country=ES&sort=-name"
    client.force_login(make_user("mailing"))
    assert 'href="?country=ES&amp;sort=-name"' in client.get("/sales/customers/").content.decode()
    view = SavedView.objects.get()
    assert client.post(f"/sales/views/{view.pk}/delete/").status_code == 403
    client.force_login(lucia)
    client.post(f"/sales/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_a_view_of_ones_own_is_not_shown_to_others(client, lucia):
    save_view(user=lucia, list_key="customers", name="Mía", query="q=x", shared=False, now=NOW)
    assert "Mía" in client.get("/sales/views/").content.decode()
    client.force_login(make_user("sales"))
    assert "Mía" not in client.get("/sales/views/").content.decode()
    assert "Mía" not in client.get("/sales/customers/").content.decode()
