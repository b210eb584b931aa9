"""A proposed address changes nothing until somebody at the desk accepts it."""

import pytest
from django.core.exceptions import ValidationError

from customers.models import AddressProposal
from customers.selectors import open_proposals
from customers.services import (
    AddressUnchangedError,
    ProposalDecidedError,
    accept_address,
    change_customer,
    propose_address,
    refuse_address,
)
from integration.models import Event
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db

NEW = {"line1": "Calle  Mayor 1 ", "postcode": "28013", "city": "Madrid", "country": "ES"}


def propose(customer, kind="billing", **changes):
    return propose_address(
        customer=customer, kind=kind, address={**NEW, **changes}, actor="customer", now=NOW
    )


def billing_line(customer):
    return customer.addresses.get(kind="billing").line1


def test_a_proposal_changes_nothing_by_itself():
    customer = make_customer()
    proposal = propose(customer)
    assert billing_line(customer) == "Gran Vía 41, 3.º"
    assert (proposal.line1, proposal.state) == ("Calle Mayor 1", "open")
    assert list(open_proposals()) == [proposal]
    event = Event.objects.get(type="customer.address_proposed")
    assert (event.customer_number, event.data) == (customer.number, {"kind": "billing"})


def test_a_second_proposal_takes_the_place_of_the_first():
    customer = make_customer()
    first = propose(customer)
    assert propose(customer) == first
    assert propose(customer, line1="Otra 2") == first
    assert open_proposals().get().line1 == "Otra 2"
    propose(customer, kind="postal")
    assert open_proposals().count() == 2
    assert Event.objects.filter(type="customer.address_proposed").count() == 3


def test_accepting_changes_that_address_alone():
    customer = make_customer()
    proposal = propose(customer, kind="postal")
    changed = accept_address(proposal=proposal, actor="lucia", now=NOW)
    assert changed.version == 2
    assert customer.addresses.get(kind="postal").city == "Madrid"
    assert billing_line(customer) == "Gran Vía 41, 3.º"
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by, proposal.decided_at) == ("accepted", "lucia", NOW)
    told = Event.objects.filter(customer_number=customer.number).order_by("pk")
    assert [event.type for event in told][-2:] == ["customer.changed", "customer.address_accepted"]


def test_accepting_meets_a_record_that_was_changed_since():
    customer = make_customer()
    proposal = propose(customer)
    change_customer(customer=customer, expected_version=1, actor="eva", now=NOW, phone="1")
    accept_address(proposal=proposal, actor="lucia", now=NOW)
    customer.refresh_from_db()
    assert (customer.phone, billing_line(customer)) == ("1", "Calle Mayor 1")


def test_whoever_decides_second_is_told():
    customer = make_customer()
    proposal = propose(customer)
    refuse_address(proposal=proposal, actor="lucia", now=NOW)
    for decide in (accept_address, refuse_address):
        with pytest.raises(ProposalDecidedError) as refused:
            decide(proposal=proposal, actor="eva", now=NOW)
        assert "lucia" in str(refused.value)
    assert billing_line(customer) == "Gran Vía 41, 3.º"
    assert AddressProposal.objects.get().decided_by == "lucia"
    assert not Event.objects.filter(type="customer.address_accepted").exists()
    assert propose(customer).pk != proposal.pk


def test_the_address_that_is_known_is_no_proposal():
    customer = make_customer()
    known = customer.addresses.get()
    with pytest.raises(AddressUnchangedError):
        propose(customer, line1=known.line1, postcode=known.postcode, city=known.city)
    assert not AddressProposal.objects.exists()


def test_what_is_wrong_is_refused_by_field():
    customer = make_customer()
    with pytest.raises(ValidationError) as refused:
        propose(customer, line1=" ", country="XX", postcode="1" * 20)
    assert set(refused.value.error_dict) == {"line1", "country", "postcode"}
    with pytest.raises(ValidationError) as refused:
        propose(customer, kind="summer")
    assert set(refused.value.error_dict) == {"kind"}
    assert not AddressProposal.objects.exists()
