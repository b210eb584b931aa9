"""What stands of wishes, bounces, links and proposed addresses on the customer's page."""

import datetime as dt

import pytest

from customers.models import OptOut, SignedLink
from customers.selectors import opted_out, undeliverable_emails
from customers.services import give_link, note_undeliverable, opt_out, propose_address
from tests.factories.customers import NOW, make_customer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

STREET = {"line1": "Calle Mayor 1", "postcode": "28013", "city": "Madrid", "country": "ES"}


@pytest.fixture
def customer():
    return make_customer()


@pytest.fixture
def as_sales(client):
    client.force_login(make_user("sales", username="lucia"))
    return client


def wishes_page(client, customer):
    answer = client.get(f"/sales/customers/{customer.number}/wishes/")
    assert answer.status_code == 200
    return answer.content.decode()


def propose(customer):
    return propose_address(
        customer=customer, kind="billing", address=STREET, actor="customer", now=NOW
    )


def test_the_profile_asks_for_the_wishes_and_gets_a_fragment(as_sales, customer):
    address = f"/sales/customers/{customer.number}/wishes/"
    assert f'hx-get="{address}"' in as_sales.get(address.replace("wishes/", "")).content.decode()
    fragment = as_sales.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert f"{address}letter/opt-out/" in fragment


def test_wishes_are_noted_and_lifted_at_the_desk(as_sales, customer):
    address = f"/sales/customers/{customer.number}/wishes"
    assert as_sales.get(f"{address}/letter/opt-out/").status_code == 405
    as_sales.post(f"{address}/letter/opt-out/")
    assert opted_out(numbers=[customer.number], channel="letter") == {customer.number}
    assert OptOut.objects.get().source == "desk"
    assert f"{address}/letter/opt-in/" in wishes_page(as_sales, customer)
    as_sales.post(f"{address}/letter/opt-in/")
    assert opted_out(numbers=[customer.number], channel="letter") == set()
    assert as_sales.post(f"{address}/pigeon/opt-out/").status_code == 404


def test_the_wish_of_a_single_address_is_shown_and_lifted(as_sales, customer):
    opt_out(
        customer=customer,
        channel="email",
        email="ana@example.com",
        source="one_click",
        actor="customer",
        now=NOW,
    )
    assert "ana@example.com" in wishes_page(as_sales, customer)
    as_sales.post(
        f"/sales/customers/{customer.number}/wishes/email/opt-in/", {"email": "ana@example.com"}
    )
    assert not OptOut.objects.filter(lifted_at=None).exists()


def test_an_address_that_bounced_is_shown_until_it_is_mended(as_sales, customer):
    noted = note_undeliverable(
        customer=customer, email=customer.email, reason="550 no such user", now=NOW
    )
    page = wishes_page(as_sales, customer)
    assert "550 no such user" in page
    as_sales.post(f"/sales/undeliverable/{noted.pk}/mended/")
    assert undeliverable_emails(numbers=[customer.number]) == set()
    assert "550" not in wishes_page(as_sales, customer)


def test_links_are_listed_and_withdrawn(as_sales, client, customer):
    token = give_link(
        customer=customer,
        email="ana@example.com",
        purpose="preferences",
        lifetime=dt.timedelta(days=4000),
        actor="tests",
        now=NOW,
    )
    link = SignedLink.objects.get()
    page = wishes_page(as_sales, customer)
    assert "ana@example.com" in page
    assert token not in page
    as_sales.post(f"/sales/links/{link.pk}/revoke/")
    link.refresh_from_db()
    assert link.revoked_at is not None
    client.force_login(make_user("reservations"))
    assert "ana@example.com" not in wishes_page(client, customer)
    assert client.post(f"/sales/links/{link.pk}/revoke/").status_code == 403


def test_a_proposed_address_waits_in_the_menu_and_is_accepted(as_sales, customer):
    proposal = propose(customer)
    assert "Calle Mayor 1" in wishes_page(as_sales, customer)
    page = as_sales.get("/sales/proposals/")
    text = page.content.decode()
    assert "Gran Vía 41" in text
    assert "Calle Mayor 1" in text
    [link] = [
        link
        for section in page.context["navigation"]
        for link in section.links
        if link.entry.url_name == "sales:proposal_list"
    ]
    assert link.count == 1
    as_sales.post(f"/sales/proposals/{proposal.pk}/accept/")
    assert customer.addresses.get().line1 == "Calle Mayor 1"
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("accepted", "lucia")
    assert "Calle Mayor" not in as_sales.get("/sales/proposals/").content.decode()


def test_a_refused_address_changes_nothing_and_is_decided_once(as_sales, customer):
    proposal = propose(customer)
    as_sales.post(f"/sales/proposals/{proposal.pk}/refuse/")
    answer = as_sales.post(f"/sales/proposals/{proposal.pk}/accept/", follow=True)
    assert "lucia" in " ".join(str(message) for message in answer.context["messages"])
    assert customer.addresses.get().line1 == "Gran Vía 41, 3.º"


@pytest.mark.parametrize("role", ["billing", "mailing", "auditor"])
def test_who_may_not_decide_reads_only(client, customer, role):
    proposal = propose(customer)
    client.force_login(make_user(role))
    assert "/proposals/" not in wishes_page(client, customer)
    assert client.get("/sales/proposals/").status_code == 403
    assert client.post(f"/sales/proposals/{proposal.pk}/accept/").status_code == 403
    assert customer.addresses.get().line1 == "Gran Vía 41, 3.º"


def test_the_pages_cost_the_same_for_one_and_for_many(
    as_sales, customer, django_assert_max_num_queries
):
    for _each in range(10):
        other = make_customer()
        propose(other)
        give_link(
            customer=customer,
            purpose="quote",
            lifetime=dt.timedelta(days=1),
            actor="tests",
            now=NOW,
        )
    with django_assert_max_num_queries(8):
        as_sales.get("/sales/proposals/")
    with django_assert_max_num_queries(10):
        wishes_page(as_sales, customer)
