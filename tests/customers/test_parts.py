"""Addresses and contacts are changed in place: what points at a contact keeps pointing at him."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from customers.models import SignedLink
from customers.services import change_customer, give_link
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db

ANA = {"name": "Ana Roca", "email": "ana@example.com", "role": "billing"}
EVA = {"name": "Eva Sanz", "email": "eva@example.com", "role": "general"}
JON = {"name": "Jon Paz", "email": "", "role": "technical"}


@pytest.fixture
def customer():
    return make_customer(contacts=[ANA, EVA, JON])


def change(customer, **fields):
    return change_customer(
        customer=customer, expected_version=customer.version, actor="eva", now=NOW, **fields
    )


def ids(customer):
    return {contact.name: contact.pk for contact in customer.contacts.all()}


def test_contacts_keep_their_ids_and_links(customer):
    before = ids(customer)
    give_link(
        customer=customer,
        contact=customer.contacts.get(name="Ana Roca"),
        purpose="quote",
        lifetime=dt.timedelta(days=1),
        actor="tests",
        now=NOW,
    )
    change(customer, contacts=[JON, {**EVA, "role": "booking"}, {**ANA, "phone": "+34 1"}])
    assert ids(customer) == before
    assert [(c.name, c.role, c.phone) for c in customer.contacts.all()] == [
        ("Ana Roca", "billing", "+34 1"),
        ("Eva Sanz", "booking", ""),
        ("Jon Paz", "technical", ""),
    ]
    assert SignedLink.objects.get().contact_id == before["Ana Roca"]


def test_a_contact_is_known_by_id_else_by_address_else_by_name(customer):
    before = ids(customer)
    change(
        customer,
        contacts=[
            {"name": "Ana Roca Gil", "email": "ANA@example.com", "role": "billing"},
            {"name": "Jon Paz", "email": "jon@example.com", "role": "technical"},
            {"id": before["Eva Sanz"], "name": "Eva", "email": "e@example.com", "role": "general"},
        ],
    )
    assert ids(customer) == {
        "Ana Roca Gil": before["Ana Roca"],
        "Jon Paz": before["Jon Paz"],
        "Eva": before["Eva Sanz"],
    }


def test_what_is_left_out_of_a_row_is_as_in_a_new_one(customer):
    change(customer, contacts=[{"name": "Ana Roca"}])
    contact = customer.contacts.get()
    assert (contact.email, contact.role) == ("", "general")


def test_two_contacts_of_one_address_stay_two(customer):
    shared = [
        {"name": name, "email": "x@example.com"} for name in ("Ana Roca", "Eva Sanz", "Nuevo")
    ]
    before = ids(customer)
    change(customer, contacts=shared)
    after = ids(customer)
    assert (after["Ana Roca"], after["Eva Sanz"]) == (before["Ana Roca"], before["Eva Sanz"])
    customer.refresh_from_db()
    change(customer, contacts=shared[::-1])
    assert ids(customer) == after


def test_who_is_not_named_is_removed_and_new_ones_are_added(customer):
    before = ids(customer)
    change(customer, contacts=[EVA, {"name": "Nuria"}])
    assert ids(customer).keys() == {"Eva Sanz", "Nuria"}
    assert ids(customer)["Eva Sanz"] == before["Eva Sanz"]
    customer.refresh_from_db()
    change(customer, contacts=[])
    assert not ids(customer)


def test_a_contact_of_another_customer_cannot_be_taken_over(customer):
    stranger = make_customer(contacts=[{"name": "Otra"}]).contacts.get()
    with pytest.raises(ValidationError) as refused:
        change(customer, contacts=[ANA, {"id": stranger.pk, "name": "Mía"}])
    assert set(refused.value.error_dict) == {"contacts.1.id"}
    stranger.refresh_from_db()
    assert stranger.name == "Otra"
    assert len(ids(customer)) == 3


def test_addresses_are_changed_in_place_too():
    customer = make_customer()
    billing = customer.addresses.get()
    street = {"line1": "Calle Mayor 1", "city": "Madrid", "country": "ES"}
    change(customer, addresses=[{"kind": "billing", **street}, {"kind": "postal", **street}])
    kept = customer.addresses.get(kind="billing")
    assert (kept.pk, kept.line1, kept.postcode) == (billing.pk, "Calle Mayor 1", "")
    customer.refresh_from_db()
    change(customer, addresses=[{"kind": "postal", **street}])
    assert [address.kind for address in customer.addresses.all()] == ["postal"]


def test_two_addresses_of_a_kind_are_refused_in_their_place():
    street = {"kind": "postal", "line1": "Calle Mayor 1", "city": "Madrid", "country": "ES"}
    with pytest.raises(ValidationError) as refused:
        make_customer(addresses=[street, street])
    assert set(refused.value.error_dict) == {"addresses.1.kind"}


def test_what_is_wrong_changes_no_part(customer):
    with pytest.raises(ValidationError) as refused:
        change(customer, contacts=[{**ANA, "name": "Otra", "phone": "x" * 40}])
    assert set(refused.value.error_dict) == {"contacts.0.phone"}
    assert len(ids(customer)) == 3
