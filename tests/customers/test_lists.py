"""Lists of customers are frozen whole or not at all; files of numbers are read row by row."""

import pytest
from django.core.exceptions import ValidationError

from customers.models import CustomerList, SavedView
from customers.selectors import (
    customers_of_list,
    lists_visible_to,
    parameters_of,
    read_customer_numbers,
    views_for,
)
from customers.services import (
    EmptyListError,
    NotYourViewError,
    UnknownCustomersError,
    delete_list,
    delete_view,
    rename_list,
    save_list,
    save_view,
)
from integration.models import Event
from tests.factories.customers import NOW, make_customer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db


def save(numbers, **fields):
    given = {"name": "Subida 2027", "origin": "hand", "actor": "tests", "now": NOW, **fields}
    return save_list(numbers=numbers, **given)


def test_a_list_keeps_each_customer_once_in_the_order_given():
    first, second = make_customer(), make_customer()
    user = make_user("sales")
    saved = save([second.number, first.number, second.number], actor=user, name=" Subida ")
    saved.refresh_from_db()
    assert (saved.name, saved.numbers) == ("Subida", [second.number, first.number])
    assert (saved.created_by, saved.created_at) == (user, NOW)
    assert set(customers_of_list(saved)) == {first, second}
    event = Event.objects.get(type="customer_list.saved")
    assert (event.subject_id, event.data) == (str(saved.pk), {"origin": "hand", "customers": 2})


def test_unknown_numbers_are_named_and_nothing_is_saved():
    known = make_customer()
    with pytest.raises(UnknownCustomersError) as refused:
        save([known.number, "C-99999", "x"])
    assert refused.value.numbers == ["C-99999", "x"]
    assert not CustomerList.objects.exists()
    assert not Event.objects.filter(type__startswith="customer_list").exists()


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "n" * 121}, {"origin": "elsewhere"}])
def test_a_list_without_a_proper_name_or_origin_is_refused(wrong):
    with pytest.raises(ValidationError):
        save([make_customer().number], **wrong)
    assert not CustomerList.objects.exists()


def test_an_empty_list_is_refused():
    with pytest.raises(EmptyListError):
        save([])


def test_a_list_is_renamed_and_deleted_once():
    saved = save([make_customer().number])
    for _twice in range(2):
        rename_list(saved=saved, name="Otra", actor="eva", now=NOW)
    saved.refresh_from_db()
    assert saved.name == "Otra"
    for _twice in range(2):
        delete_list(saved=saved, actor="eva", now=NOW)
    assert not CustomerList.objects.exists()
    told = Event.objects.filter(type__startswith="customer_list.").order_by("pk")
    assert [event.type.partition(".")[2] for event in told] == ["saved", "renamed", "deleted"]


def test_lists_show_to_whom_they_may():
    saved = save([make_customer().number])
    assert list(lists_visible_to(make_user("mailing"))) == [saved]
    assert not lists_visible_to(make_user())


def test_numbers_are_read_from_the_column_that_is_named_so():
    one, two = make_customer(), make_customer()
    text = f"\ufeffNombre;Número\nÁgora;{one.number.lower()}\n\nIsla; {two.number} \n"
    read = read_customer_numbers(text)
    assert (read.numbers, read.bad) == ([one.number, two.number], [])


def test_bad_rows_are_told_with_place_and_reason():
    known = make_customer()
    read = read_customer_numbers(f"{known.number}\nC-99999\n{known.number},again\n,\n\nx\n")
    assert read.numbers == [known.number]
    assert [(bad.row, bad.text) for bad in read.bad] == [
        (2, "C-99999"),
        (3, known.number),
        (6, "x"),
    ]
    assert read.bad[1].why != read.bad[0].why
    assert read_customer_numbers("").numbers == []


def test_a_view_is_kept_per_user_and_replaced_by_its_name():
    lucia, eva = make_user("sales"), make_user("sales")
    for query in ("country=ES", "country=PT&q=vino&sort=-name&cursor=x"):
        view = save_view(
            user=lucia, list_key="customers", name="Mías", query=query, shared=False, now=NOW
        )
    assert parameters_of(view) == {"country": "PT", "q": "vino"}
    assert list(views_for(lucia, "customers")) == [view]
    assert not views_for(lucia, "invoices")
    assert not views_for(eva, "customers")
    save_view(user=lucia, list_key="customers", name="Mías", query="q=x", shared=True, now=NOW)
    assert [view.query for view in views_for(eva, "customers")] == ["q=x"]
    with pytest.raises(NotYourViewError):
        delete_view(view=view, user=eva, now=NOW)
    delete_view(view=view, user=lucia, now=NOW)
    assert not SavedView.objects.exists()
