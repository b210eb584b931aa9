"""The queue of problems and its cures."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from billing.models import Charge
from billing.selectors import (
    estimated_charges,
    orphan_conferences,
    problem_counts,
    problems_visible_to,
)
from billing.services import (
    NothingToRetryError,
    assign_conference,
    charge_conference,
    retry_charge,
)
from conferencing.models import Conference
from conferencing.services import ConferenceNotOrphanError
from integration.models import Event
from tests.factories.billing import NOW, make_conference, make_contract, make_rate
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def charge(conference):
    return charge_conference(conference_id=conference.pk, now=NOW)


@pytest.fixture
def root():
    return User.objects.create(username="root", is_superuser=True)


def test_who_may_sees_what_waits_and_why(root):
    customer = make_customer()
    make_contract(customer)
    charge(make_conference(customer, ("10 10:00", "10 10:10")))
    orphan = make_conference(None, ("12 10:00", "12 10:10"))
    unpriced = make_conference(customer, ("11 10:00", "11 10:10", "voip"))
    guessed = make_conference(customer, ("13 10:00", "13 10:10"))
    guessed.legs.update(ended_how="poll")
    for conference in (orphan, unpriced, guessed):
        charge(conference)
    assert [one.conference for one in problems_visible_to(root)] == [unpriced, orphan]
    assert problem_counts(root) == {"no_customer": 1, "unpriced_legs": 1}
    assert [one.conference for one in estimated_charges(root)] == [guessed]
    assert list(orphan_conferences(root)) == [orphan]
    stranger = User.objects.create(username="stranger")
    assert not problems_visible_to(stranger)
    assert not estimated_charges(stranger)
    assert not orphan_conferences(stranger)
    assert problem_counts(stranger) == {}


def test_a_call_is_given_to_its_customer_and_charged(root):
    customer = make_customer()
    make_contract(customer)
    orphan = make_conference(None, ("12 10:00", "12 10:10"))
    charge(orphan)
    charged = assign_conference(conference=orphan, customer=customer, actor=root, now=NOW)
    assert (charged.problem, charged.customer, charged.net) == ("", customer, Decimal("0.60"))
    assert Event.objects.get(type="conference.assigned").actor == "root"
    with pytest.raises(ConferenceNotOrphanError):
        assign_conference(conference=orphan, customer=make_customer(), actor=root, now=NOW)
    assert Conference.objects.get().customer == customer


def test_trying_again(root):
    customer = make_customer()
    contract = make_contract(customer)
    conference = make_conference(customer, ("11 10:00", "11 10:10", "voip"))
    waiting = charge(conference)
    assert retry_charge(charge=waiting, actor=root, now=NOW).problem == "unpriced_legs"
    make_rate(contract, "voip", "0.01")
    charged = retry_charge(charge=waiting, actor=root, now=NOW)
    assert (charged.problem, charged.net) == ("", Decimal("0.10"))
    assert list(
        Event.objects.filter(type="charge.retried").order_by("pk").values_list("data", flat=True)
    ) == [
        {"before": "unpriced_legs", "after": "unpriced_legs"},
        {"before": "unpriced_legs", "after": ""},
    ]
    with pytest.raises(NothingToRetryError):
        retry_charge(charge=Charge.objects.get(), actor=root, now=NOW)
