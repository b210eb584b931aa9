"""Signed links open what they were given for, until they expire or are withdrawn."""

import datetime as dt
import hashlib

import pytest

from customers.models import SignedLink
from customers.services import (
    LinkFor,
    LinkRefusedError,
    give_link,
    give_links,
    open_link,
    revoke_link,
)
from integration.models import Event
from tests.factories.customers import NOW, make_customer

pytestmark = pytest.mark.django_db

MONTH = dt.timedelta(days=30)


def give(customer, **fields):
    given = {"purpose": "quote", "lifetime": MONTH, "actor": "tests", "now": NOW, **fields}
    return give_link(customer=customer, **given)


def look(token, **fields):
    return open_link(**{"token": token, "purpose": "quote", "now": NOW, **fields})


def refusal(token, **fields):
    with pytest.raises(LinkRefusedError) as refused:
        look(token, **fields)
    return refused.value


def test_a_link_opens_for_its_customer_and_keeps_when_it_was_used():
    customer = make_customer(contacts=[{"name": "Ana", "email": "ana@example.com"}])
    contact = customer.contacts.get()
    token = give(customer, contact=contact, email=contact.email, subject="Q-1")
    later = NOW + dt.timedelta(days=2)
    link = look(token, now=later)
    assert (link.customer, link.contact, link.email, link.subject) == (
        customer,
        contact,
        "ana@example.com",
        "Q-1",
    )
    link.refresh_from_db()
    assert link.last_used_at == later
    event = Event.objects.get(type="link.given")
    assert event.customer_number == customer.number
    assert token not in str(event.data)


def test_looking_only_leaves_no_trace():
    token = give(make_customer())
    assert look(token, used=False).last_used_at is None
    assert SignedLink.objects.get().last_used_at is None


def test_only_the_hash_is_kept_and_tokens_are_long():
    tokens = {give(make_customer()) for _each in range(3)}
    assert len(tokens) == 3
    assert all(len(token) == 43 for token in tokens)
    kept = {bytes(link.token_hash) for link in SignedLink.objects.all()}
    assert kept == {hashlib.sha256(token.encode()).digest() for token in tokens}


def test_links_that_are_unknown_expired_or_revoked_say_so():
    customer = make_customer()
    token = give(customer)
    assert refusal(token[:-1] + ("A" if token[-1] != "A" else "B")).reason == "unknown"
    assert refusal("").reason == "unknown"
    assert refusal("\udcff" + "x" * 10_000).reason == "unknown"
    assert refusal(token, purpose="preferences").reason == "unknown"
    expired = refusal(token, now=NOW + MONTH)
    assert (expired.reason, expired.link.customer) == ("expired", customer)
    link = look(token, used=False)
    for _twice in range(2):
        revoke_link(link=link, actor="eva", now=NOW)
    assert refusal(token).reason == "revoked"
    assert Event.objects.filter(type="link.revoked").count() == 1
    assert SignedLink.objects.get().last_used_at is None


def test_an_older_link_stays_valid():
    customer = make_customer()
    old, new = give(customer), give(customer)
    assert look(old).customer == look(new).customer == customer


def many(customers, purpose="preferences", now=NOW):
    return give_links(
        wanted=[LinkFor(customer.pk, key=f"mailing:1:{customer.number}") for customer in customers],
        purpose=purpose,
        lifetime=MONTH,
        actor="tests",
        now=now,
    )


def test_the_same_key_gives_the_same_link():
    customers = [make_customer() for _each in range(3)]
    tokens = many(customers)
    assert len(set(tokens)) == 3
    assert many(customers[::-1], now=NOW + MONTH) == tokens[::-1]
    assert SignedLink.objects.count() == 3
    assert look(tokens[1], purpose="preferences").customer == customers[1]
    assert {link.expires_at for link in SignedLink.objects.all()} == {NOW + MONTH}
    assert not set(many(customers, purpose="quote")) & set(tokens)
    assert [event.data["links"] for event in Event.objects.filter(type="link.many_given")] == [3, 3]


def test_a_revoked_link_is_not_given_back_by_its_key():
    customers = [make_customer()]
    [token] = many(customers)
    revoke_link(link=SignedLink.objects.get(), actor="eva", now=NOW)
    assert many(customers) == [token]
    assert refusal(token, purpose="preferences").reason == "revoked"


def test_another_secret_gives_other_links_and_leaves_the_old_ones(settings):
    customers = [make_customer()]
    [old] = many(customers)
    settings.SECRET_KEY = "another secret"
    [new] = many(customers)
    assert old != new
    assert look(old, purpose="preferences")
    assert look(new, purpose="preferences")


def test_many_links_cost_two_queries_for_a_thousand(django_assert_max_num_queries):
    customer = make_customer()
    wanted = [LinkFor(customer.pk, key=str(place)) for place in range(1500)]
    with django_assert_max_num_queries(9):  # two times two, one event, savepoints
        tokens = give_links(
            wanted=wanted, purpose="preferences", lifetime=MONTH, actor="tests", now=NOW
        )
    assert len(set(tokens)) == SignedLink.objects.count() == 1500
