"""A customer's timeline tells what every department did, in words."""

import pytest
from django.utils import timezone

from customers.selectors import timeline
from integration.models import Event
from tests.portal.world import build

pytestmark = pytest.mark.django_db


def test_all_that_happens_to_customers_has_words() -> None:
    world = build(timezone.now())
    moments = timeline(world.customer, user=world.users["administrator"], limit=500)
    assert len(moments) == Event.objects.filter(customer_number=world.customer.number).count()
    types = {moment.event.type for moment in moments}
    assert {"contract.activated", "invoice.issued", "payment.recorded", "charge.priced"} <= types
    assert [moment.title for moment in moments if moment.title == moment.event.type] == []


def test_each_role_is_told_what_it_may_see_elsewhere() -> None:
    world = build(timezone.now())

    def told(role: str) -> set[str]:
        moments = timeline(world.customer, user=world.users[role], limit=500)
        return {moment.event.type.partition(".")[0] for moment in moments}

    everybody = {"customer", "suppression"}
    assert told("mailing") == {*everybody, "link"}
    assert told("reservations") == {*everybody, "reservation", "ticket", "conference"}
    assert told("sales") == {*told("reservations"), "contract", "link"}
    assert told("auditor") == {*told("sales"), "charge", "invoice", "payment"}
