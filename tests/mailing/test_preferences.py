"""The public page of preferences: a GET changes nothing, a POST does what it says, once."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from customers.models import AddressProposal, OptOut, SignedLink
from customers.selectors import opted_out, opted_out_emails
from customers.services import give_link, opt_out, revoke_link
from integration.models import Event, Suppression
from mailing.selectors.preferences import preferences_url, unsubscribe_url
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db

EMAIL = "ana@example.com"
LIFETIME = dt.timedelta(days=400)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
STREET = {
    "address": "1",
    "line1": "Calle Mayor 1",
    "postcode": "28013",
    "city": "Madrid",
    "country": "ES",
}


@pytest.fixture
def client():
    """A browser or mail program of somebody without an account; CSRF is checked as in life."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def customer():
    make_issuer(phone="+34 910 555 000")
    return make_customer(contacts=[{"name": "Ana Roca", "email": EMAIL, "language": "en"}])


def give(customer, *, email=EMAIL, now=None, contact=True):
    return give_link(
        customer=customer,
        contact=customer.contacts.first() if contact else None,
        email=email,
        purpose="preferences",
        lifetime=LIFETIME,
        actor="tests",
        now=now or timezone.now(),
    )


def page_of(token):
    return f"/mailing/p/{token}/"


def one_click_of(token):
    return f"/mailing/p/{token}/unsubscribe/"


def wishes_of(customer):
    numbers = [customer.number]
    letters = not opted_out(numbers=numbers, channel="letter")
    emails = not opted_out(numbers=numbers, channel="email")
    return letters, emails, {email for _number, email in opted_out_emails(numbers=numbers)}


UNTOUCHED: tuple[bool, bool, set[str]] = (True, True, set())


def test_the_page_shows_what_is_sent_and_where(client, customer):
    page = client.get(page_of(give(customer))).content.decode()
    assert "What we send you" in page
    assert EMAIL in page
    assert 'value="Gran Vía 41, 3.º"' in page
    assert page.count(" checked") == 2


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(client, customer, method):
    token = give(customer)
    before = Event.objects.count()
    for address in (page_of(token), one_click_of(token)):
        answer = getattr(client, method)(address, {"wishes": "1", "address": "1", **ONE_CLICK})
        assert answer.status_code == 200
    assert wishes_of(customer) == UNTOUCHED
    assert Event.objects.count() == before
    assert SignedLink.objects.get().last_used_at is None
    assert not AddressProposal.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_are_refused(client, customer, method):
    token = give(customer)
    for address in (page_of(token), one_click_of(token)):
        assert getattr(client, method)(address).status_code == 405
    assert wishes_of(customer) == UNTOUCHED


def test_letters_and_emails_are_stopped_and_wanted_again(client, customer):
    token = give(customer)
    for _twice in range(2):
        answer = client.post(page_of(token), {"wishes": "1", "emails": "on"})
        assert answer.headers["Location"] == f"{page_of(token)}?saved=wishes"
    assert wishes_of(customer) == (False, True, set())
    client.post(page_of(token), {"wishes": "1", "letters": "on"})
    assert wishes_of(customer) == (True, True, {EMAIL})
    page = client.get(f"{page_of(token)}?saved=wishes").content.decode()
    assert "Saved." in page
    assert page.count(" checked") == 1
    client.post(page_of(token), {"wishes": "1", "letters": "on", "emails": "on"})
    assert wishes_of(customer) == UNTOUCHED
    told = Event.objects.filter(customer_number=customer.number).order_by("pk")
    assert [e.type for e in told if "subscribed" in e.type] == [
        "customer.unsubscribed",
        "customer.resubscribed",
        "customer.unsubscribed",
        "customer.resubscribed",
    ]
    assert {event.actor for event in told if "subscribed" in event.type} == {"customer"}


def test_a_contact_does_not_lift_what_the_company_has_asked_for(client, customer):
    opt_out(customer=customer, channel="email", source="desk", actor="eva", now=timezone.now())
    token = give(customer)
    page = client.get(page_of(token)).content.decode()
    assert "Your company has asked us" in page
    assert 'name="emails"' not in page
    client.post(page_of(token), {"wishes": "1", "letters": "on", "emails": "on"})
    assert wishes_of(customer) == (True, False, set())


def test_a_link_of_no_address_speaks_for_the_customer(client, customer):
    token = give(customer, email="")
    client.post(page_of(token), {"wishes": "1", "letters": "on"})
    assert wishes_of(customer) == (True, False, set())
    client.post(page_of(token), {"wishes": "1", "letters": "on", "emails": "on"})
    assert wishes_of(customer) == UNTOUCHED


def test_a_post_that_says_nothing_changes_nothing(client, customer):
    token = give(customer)
    assert client.post(page_of(token)).status_code == 400
    assert client.post(one_click_of(token)).status_code == 400
    assert client.post(one_click_of(token), {"List-Unsubscribe": "no"}).status_code == 400
    assert wishes_of(customer) == UNTOUCHED


def test_a_corrected_address_goes_to_the_desk(client, customer):
    token = give(customer)
    answer = client.post(page_of(token), STREET)
    assert answer.headers["Location"] == f"{page_of(token)}?saved=address"
    assert customer.addresses.get().line1 == "Gran Vía 41, 3.º"
    proposal = AddressProposal.objects.get()
    assert (proposal.kind, proposal.line1, proposal.state) == ("billing", "Calle Mayor 1", "open")
    page = client.get(f"{page_of(token)}?saved=address").content.decode()
    assert "Thank you" in page
    assert 'value="Calle Mayor 1"' in page
    assert "we are checking it" in page
    assert wishes_of(customer) == UNTOUCHED


def test_the_postal_address_is_the_one_to_correct(client):
    street = {"line1": "Apartado 12", "postcode": "48080", "city": "Bilbao", "country": "ES"}
    customer = make_customer(
        addresses=[{"kind": "billing", **street, "line1": "x"}, {"kind": "postal", **street}]
    )
    token = give(customer, contact=False)
    assert 'value="Apartado 12"' in client.get(page_of(token)).content.decode()
    client.post(page_of(token), STREET)
    assert AddressProposal.objects.get().kind == "postal"


def test_an_address_that_is_wrong_or_the_same_is_told_in_its_place(client, customer):
    token = give(customer)
    page = client.post(page_of(token), {**STREET, "line1": "", "country": "XX"})
    assert set(page.context["address_form"].errors) == {"line1", "country"}
    assert 'value="Madrid"' in page.content.decode()
    known = customer.addresses.get()
    same = {**STREET, "line1": known.line1, "postcode": known.postcode, "city": known.city}
    page = client.post(page_of(token), same)
    assert page.context["address_form"].non_field_errors()
    assert not AddressProposal.objects.exists()


# --- unsubscribing by a mail program (RFC 8058) -----------------------------------------------
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_one_click_unsubscribes_at_once_and_again_changes_nothing(client, customer, form):
    token = give(customer)
    for _twice in range(2):
        if form == "multipart":
            answer = client.post(one_click_of(token), ONE_CLICK)
        else:
            answer = client.post(
                one_click_of(token),
                "List-Unsubscribe=One-Click",
                content_type="application/x-www-form-urlencoded",
            )
        assert answer.status_code == 200
        assert "Done" in answer.content.decode()
    assert wishes_of(customer) == (True, True, {EMAIL})
    wish = OptOut.objects.get()
    assert (wish.source, wish.email) == ("one_click", EMAIL)
    suppression = Suppression.objects.get()
    assert (suppression.email, suppression.customer_number) == (EMAIL, customer.number)


def test_the_button_does_what_a_mail_program_does(client, customer):
    token = give(customer)
    page = client.get(one_click_of(token)).content.decode()
    assert 'name="List-Unsubscribe" value="One-Click"' in page
    client.post(one_click_of(token), {**ONE_CLICK, "button": "1"})
    assert OptOut.objects.get().source == "page"
    page = client.get(one_click_of(token)).content.decode()
    assert "You receive no e-mails" in page
    assert "<form" not in page


def test_no_page_sets_a_cookie_or_tells_its_address(client, customer):
    token = give(customer)
    for answer in (
        client.get(page_of(token)),
        client.post(page_of(token), {"wishes": "1"}),
        client.get(one_click_of(token)),
        client.post(one_click_of(token), ONE_CLICK),
        client.get(page_of("unknown")),
    ):
        assert not answer.cookies
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"


# --- links that open nothing ------------------------------------------------------------------
def refused_pages(client, token):
    """Return the statuses of all that can be asked, and the texts."""
    answers = [
        client.get(page_of(token)),
        client.post(page_of(token), {"wishes": "1"}),
        client.post(page_of(token), STREET),
        client.get(one_click_of(token)),
        client.post(one_click_of(token), ONE_CLICK),
    ]
    [status] = {answer.status_code for answer in answers}
    return status, {answer.content.decode() for answer in answers}


def test_a_tampered_link_opens_nothing_and_says_whom_to_ask(client, customer):
    token = give(customer)
    status, pages = refused_pages(client, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert status == 404
    assert all("facturas@conferencias.example" in page for page in pages)
    assert not any(customer.legal_name in page for page in pages)
    assert wishes_of(customer) == UNTOUCHED
    assert not AddressProposal.objects.exists()


def test_a_link_of_another_purpose_opens_nothing(client, customer):
    token = give_link(
        customer=customer,
        purpose="quote",
        lifetime=LIFETIME,
        actor="tests",
        now=timezone.now(),
    )
    assert refused_pages(client, token)[0] == 404
    assert wishes_of(customer) == UNTOUCHED


def test_an_expired_link_says_so_in_the_language_of_its_contact(client, customer):
    token = give(customer, now=timezone.now() - LIFETIME - dt.timedelta(seconds=1))
    status, pages = refused_pages(client, token)
    assert status == 410
    assert all("limited time" in page for page in pages)
    assert wishes_of(customer) == UNTOUCHED


def test_a_withdrawn_link_says_so(client, customer):
    token = give(customer)
    revoke_link(link=SignedLink.objects.get(), actor="eva", now=timezone.now())
    status, pages = refused_pages(client, token)
    assert status == 410
    assert all("withdrawn" in page for page in pages)
    assert wishes_of(customer) == UNTOUCHED


# --- language, limits, addresses --------------------------------------------------------------
def test_the_page_speaks_the_language_of_the_contact_and_can_be_switched(client, customer):
    token = give(customer)
    english = client.get(page_of(token), headers={"Accept-Language": "es"})
    assert english.headers["Content-Language"] == "en"
    assert '<html lang="en"' in english.content.decode()
    assert 'href="?lang=es"' in english.content.decode()
    spanish = client.get(f"{page_of(token)}?lang=es")
    assert '<html lang="es"' in spanish.content.decode()
    answer = client.post(f"{page_of(token)}?lang=es", {"wishes": "1"})
    assert answer.headers["Location"] == f"{page_of(token)}?lang=es&saved=wishes"
    by_address = give(customer, contact=False, email=EMAIL.upper())
    assert '<html lang="en"' in client.get(page_of(by_address)).content.decode()
    unknown = give(customer, contact=False, email="otra@example.com")
    assert '<html lang="es"' in client.get(page_of(unknown)).content.decode()
    assert '<html lang="en"' in client.get(f"{page_of(token)}?lang=xx").content.decode()


def test_one_caller_asks_only_so_often(client, customer, settings, monkeypatch):
    monkeypatch.setattr("toolkit.limits.time.time", lambda: 120_010)
    settings.PUBLIC_RATE_LIMITS = {"page": "2/minute", "one_click": "3/minute"}
    token = give(customer)
    asked = [client.get(page_of(token)).status_code for _each in range(3)]
    assert asked == [200, 200, 429]
    answer = client.post(page_of(token), {"wishes": "1"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "50")
    assert not answer.cookies
    assert wishes_of(customer) == UNTOUCHED
    assert client.post(one_click_of(token), ONE_CLICK).status_code == 200


def test_the_addresses_are_those_of_the_portal(settings, customer):
    settings.PUBLIC_URL = "https://portal.example/"
    token = give(customer)
    assert preferences_url(token) == f"https://portal.example{page_of(token)}"
    assert unsubscribe_url(token) == f"https://portal.example{one_click_of(token)}"


def test_the_pages_cost_few_queries(client, customer, django_assert_max_num_queries):
    token = give(customer)
    with django_assert_max_num_queries(6):
        client.get(page_of(token))
    with django_assert_max_num_queries(22):  # the wish, its suppression, two events, savepoints
        client.post(one_click_of(token), ONE_CLICK)
