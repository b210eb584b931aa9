"""Customers are registered, changed and found; what is wrong is refused and changes nothing."""

import pytest
from django.core.exceptions import ValidationError

from customers.models import Customer
from customers.selectors import search_customers, similar_customers
from customers.services import (
    CustomerChangedMeanwhileError,
    TaxIdTakenError,
    change_customer,
    reactivate_customer,
    suspend_customer,
)
from integration.models import Event
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db


def test_a_customer_gets_the_next_number_and_an_event():
    first, second = make_customer(), make_customer()
    assert int(second.number[2:]) == int(first.number[2:]) + 1
    event = Event.objects.get(type="customer.registered", subject_id=first.number)
    assert (event.customer_number, event.data) == (first.number, {})


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [
        ("ES", "b-58378431", "B58378431"),
        ("ES", "ESB58378431", "B58378431"),
        ("PT", "501 964 843", "501964843"),
        ("MX", "GODE561231GR8", "GODE561231GR8"),
        ("CL", "76.086.428-5", "760864285"),
        ("US", "12-3456789", "12-3456789"),
    ],
)
def test_the_tax_id_is_kept_compact(country, written, kept):
    assert make_customer(country=country, tax_id=written).tax_id == kept


@pytest.mark.parametrize(("country", "tax_id"), [("ES", "B58378432"), ("ES", "123"), ("PT", "5")])
def test_a_wrong_tax_id_is_refused(country, tax_id):
    with pytest.raises(ValidationError) as refused:
        make_customer(country=country, tax_id=tax_id)
    assert [e.code for e in refused.value.error_dict["tax_id"]] == ["invalid_tax_id"]
    assert not Customer.objects.exists()
    assert not Event.objects.exists()


def test_the_same_tax_id_is_refused_naming_the_other_customer():
    first = make_customer(tax_id="B58378431")
    with pytest.raises(TaxIdTakenError) as refused:
        make_customer(tax_id="B-58378431")
    assert refused.value.customer == first
    assert Customer.objects.count() == 1


def test_unknown_places_are_refused_each_in_its_field():
    with pytest.raises(ValidationError) as refused:
        make_customer(country="XX", tax_id="", currency="ABC", timezone="Europe/Atlantis")
    assert set(refused.value.error_dict) == {"country", "currency", "timezone"}


def test_errors_of_addresses_name_row_and_field():
    with pytest.raises(ValidationError) as refused:
        make_customer(addresses=[{"kind": "billing", "line1": "", "city": "X", "country": "ES"}])
    assert set(refused.value.error_dict) == {"addresses.0.line1"}
    assert not Customer.objects.exists()


def test_two_editors_do_not_overwrite_each_other():
    customer = make_customer()
    changed = change_customer(
        customer=customer, expected_version=1, actor="ana", now=NOW, phone="+34 944 555 010"
    )
    assert changed.version == 2
    with pytest.raises(CustomerChangedMeanwhileError) as refused:
        change_customer(customer=customer, expected_version=1, actor="eva", now=NOW, phone="1")
    assert refused.value.customer.phone == "+34 944 555 010"
    customer.refresh_from_db()
    assert (customer.version, customer.phone) == (2, "+34 944 555 010")
    assert Event.objects.get(type="customer.changed").data == {"fields": ["phone"], "version": 2}


def test_a_list_of_references_needs_at_least_one():
    with pytest.raises(ValidationError) as refused:
        make_customer(reference_policy="list")
    assert set(refused.value.error_dict) == {"references"}


def test_suspension_has_a_reason_and_can_be_lifted():
    customer = make_customer()
    with pytest.raises(ValidationError):
        suspend_customer(customer=customer, reason=" ", actor="ana", now=NOW)
    suspended = suspend_customer(customer=customer, reason="Impagos", actor="ana", now=NOW)
    suspend_customer(customer=customer, reason="Impagos", actor="ana", now=NOW)
    assert (suspended.status, suspended.status_reason) == ("suspended", "Impagos")
    assert Event.objects.filter(type="customer.suspended").count() == 1
    assert reactivate_customer(customer=suspended, actor="ana", now=NOW).status == "active"


def test_search_ignores_accents_and_order():
    wanted = make_customer(legal_name="Fundación Ágora de Málaga")
    make_customer(legal_name="Talleres Quintana")
    found = search_customers(Customer.objects.all(), "malaga FUNDACION")
    assert list(found) == [wanted]


def test_likely_duplicates_are_named_with_the_reason():
    known = make_customer(
        legal_name="Industrias Meridiano, S.A.", tax_id="B58378431", email="a@meridiano.example"
    )
    make_customer(legal_name="Otra Casa, S.L.")
    for given in (
        {"legal_name": "industrias meridiáno"},
        {"tax_id": "b58378431"},
        {"email": "A@meridiano.example"},
    ):
        assert [found.customer for found in similar_customers(**given)] == [known], given
    assert similar_customers(legal_name="Conservas Isla Norte") == []
    assert similar_customers(legal_name="Industrias Meridiano", exclude=known) == []
