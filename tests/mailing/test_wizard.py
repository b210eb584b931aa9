"""A mailing on the screens, from its recipients to the report."""

import datetime as dt
import io

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from customers.services import change_customer, save_list, save_view
from integration.models import OutgoingMessage
from mailing.models import Mailing, MailingSettings, Printer
from mailing.services import freeze, merge_next, start, write_notices
from tests.factories.customers import NOW, make_customer, make_issuer
from tests.factories.mailing import make_approved, make_mailing, make_version
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def nuria():
    make_issuer()
    return make_user("mailing", username="nuria")


@pytest.fixture
def client(nuria):
    client = Client()
    client.force_login(nuria)
    return client


def url(name, *args):
    return reverse(f"mailing:{name}", args=args)


def audience(**fields):
    return {
        "name": "Tarifas 2027",
        "output": "letters",
        "address_kind": "postal",
        "contact_role": "general",
        "way": "filter",
        **fields,
    }


def test_every_step_leads_to_the_next(client):
    customer = make_customer()
    letter, notice = make_version(), make_version("notice")
    response = client.post(url("mailing_new"), audience(filter_country="ES"))
    mailing = Mailing.objects.get()
    assert response.url == url("mailing_texts", mailing.number)
    assert mailing.audience == {"filter": {"country": "ES"}}

    page = client.get(response.url)
    assert letter.template.name in page.content.decode()
    response = client.post(
        response.url,
        {
            "letter": letter.pk,
            "notice": notice.pk,
            "notice_business_days": 3,
            "notice_without_letter": "on",
            "expected_version": page.context["mailing"].version,
        },
    )
    assert response.url == url("mailing_schedule", mailing.number)

    printer = Printer.objects.get(uri="folder:")
    page = client.get(response.url)
    response = client.post(
        response.url,
        {
            "mail_on": "2026-12-04",
            "notice_time": "09:00",
            "printer": printer.pk,
            "chunk_size": 250,
            "expected_version": page.context["mailing"].version,
        },
    )
    assert response.url == url("mailing_detail", mailing.number)
    mailing.refresh_from_db()
    assert (mailing.letter, mailing.notice, mailing.printer) == (letter, notice, printer)
    assert mailing.mail_on == dt.date(2026, 12, 4)

    lists = client.get(url("mailing_lists", mailing.number)).content.decode()
    assert ">1<" in lists
    for action, state in [
        ("freeze", "frozen"),
        ("approve", "approved"),
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ]:
        response = client.post(url(f"mailing_{action}", mailing.number))
        mailing.refresh_from_db()
        assert (response.status_code, mailing.state) == (302, state)
        page = client.get(response.url).content.decode()
        assert mailing.name in page
    assert customer.number in client.get(url("mailing_recipients", mailing.number)).content.decode()


def test_customers_may_be_chosen_by_view_list_numbers_and_file(client, nuria):
    first, second = make_customer(), make_customer()
    view = save_view(
        user=nuria, list_key="customers", name="España", query="country=ES", shared=False, now=NOW
    )
    saved = save_list(
        name="Dos", origin="hand", numbers=[first.number, second.number], actor=nuria, now=NOW
    )
    both = [first.number, second.number]
    file = SimpleUploadedFile("c.csv", f"cliente;x\n{first.number};1\n{second.number};2\n".encode())
    for fields, expected in [
        ({"way": "view", "view": view.pk}, {"filter": {"country": "ES"}}),
        ({"way": "list", "saved_list": saved.pk}, {"list": saved.pk}),
        ({"way": "numbers", "numbers": ", ".join(both)}, {"numbers": both}),
        ({"way": "numbers", "file": file}, {"numbers": both}),
    ]:
        client.post(url("mailing_new"), audience(**fields))
        assert Mailing.objects.latest("pk").audience == expected


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"way": "view"}, "view"),
        ({"way": "list"}, "saved_list"),
        ({"way": "numbers"}, "numbers"),
        ({"way": "numbers", "numbers": "C-404404"}, "numbers"),
        ({"filter_country": "XX"}, "filter_country"),
    ],
)
def test_what_is_wrong_is_said_in_its_place_and_nothing_is_lost(client, fields, field):
    make_customer()
    response = client.post(url("mailing_new"), audience(**fields))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not Mailing.objects.exists()


def test_the_customers_list_leads_into_the_wizard(client, nuria):
    customer = make_customer()
    saved = save_list(name="Uno", origin="hand", numbers=[customer.number], actor=nuria, now=NOW)
    page = client.get(url("mailing_new"), {"list": saved.pk})
    assert page.context["form"].initial["saved_list"] == saved.pk
    page = client.get(url("mailing_new"), {"country": "ES", "sort": "name"})
    assert page.context["form"].initial["filter_country"] == "ES"


def test_who_saves_second_is_told_and_loses_nothing(client):
    mailing = make_mailing()
    given = audience(expected_version=mailing.version - 1, name="Otro nombre")
    response = client.post(url("mailing_audience", mailing.number), given)
    assert response.status_code == 409
    assert "Otro nombre" in response.content.decode()
    mailing.refresh_from_db()
    assert mailing.name == "Tarifas 2027"


def test_recipients_are_searched_taken_out_and_put_back(client, nuria):
    first, second = make_customer(legal_name="Ágora, S.A."), make_customer()
    mailing = freeze(mailing=make_mailing(nuria), actor=nuria, now=NOW)
    address = url("mailing_recipients", mailing.number)
    found = client.get(address, {"q": "agora"}).content.decode()
    assert first.number in found
    assert second.number not in found
    row = mailing.recipients.get(customer=first)
    client.post(url("recipient_take_out", mailing.number, row.pk), {"back": "1"})
    assert first.number in client.get(address, {"list": "excluded"}).content.decode()
    client.post(url("recipient_put_back", mailing.number, row.pk), {"back": "1"})
    assert first.number not in client.get(address, {"list": "excluded"}).content.decode()


def test_a_corrected_address_is_shown_and_taken_over(client, nuria):
    customer = make_customer()
    mailing = freeze(mailing=make_mailing(nuria), actor=nuria, now=NOW)
    new = {"kind": "billing", "line1": "Calle Nueva 5", "city": "Madrid", "country": "ES"}
    change_customer(
        customer=customer,
        expected_version=customer.version,
        actor=nuria,
        now=NOW + dt.timedelta(hours=1),
        addresses=[{**new, "postcode": "28001"}],
    )
    page = client.get(url("mailing_detail", mailing.number)).content.decode()
    assert "Gran Vía 41" in page
    assert "Calle Nueva 5" in page
    row = mailing.recipients.get()
    client.post(url("recipient_take_new", mailing.number, row.pk))
    row.refresh_from_db()
    assert row.line1 == "Calle Nueva 5"


def test_letter_and_email_of_one_recipient_are_shown(client, nuria):
    make_customer()
    mailing = make_approved(nuria)
    row = mailing.recipients.get()
    letter = client.get(url("recipient_letter", mailing.number, row.pk))
    assert letter["Content-Type"] == "application/pdf"
    assert letter.content.startswith(b"%PDF")
    proof = client.get(url("mailing_proof", mailing.number))
    assert proof.content.startswith(b"%PDF")
    notice = client.get(url("recipient_notice", mailing.number, row.pk)).content.decode()
    assert "Nuevas tarifas" in notice


def test_lists_are_downloaded(client, nuria):
    customer = make_customer()
    mailing = make_approved(nuria)
    report = client.get(url("mailing_export", mailing.number, "csv")).getvalue().decode()
    assert customer.number in report
    emails = client.get(url("mailing_notices", mailing.number, "csv")).getvalue().decode()
    assert customer.email in emails


def test_a_reprint_of_nonsense_is_refused(client, nuria):
    make_customer()
    mailing = make_approved(nuria)
    response = client.post(url("mailing_reprint", mailing.number), {"first": "x"}, follow=True)
    assert [message.level_tag for message in response.context["messages"]] == ["error"]


def test_who_may_only_look_is_offered_nothing_to_press(nuria):
    make_customer()
    mailing = make_mailing(nuria)
    auditor = Client()
    auditor.force_login(make_user("auditor"))
    page = auditor.get(url("mailing_detail", mailing.number))
    assert page.status_code == 200
    assert url("mailing_freeze", mailing.number) not in page.content.decode()
    assert auditor.post(url("mailing_freeze", mailing.number)).status_code == 403
    mailing.refresh_from_db()
    assert mailing.state == "draft"


def test_pages_ask_few_questions_however_many_recipients(
    client, nuria, django_assert_max_num_queries
):
    for _serial in range(12):
        make_customer()
    mailing = make_approved(nuria)
    for name, most in [("mailing_detail", 34), ("mailing_recipients", 16)]:
        with django_assert_max_num_queries(most):
            assert client.get(url(name, mailing.number)).status_code == 200
    with django_assert_max_num_queries(12):
        client.get(url("mailing_list"))


def test_a_customers_page_opens_every_letter_again(client, nuria):
    customer, other = make_customer(), make_customer()
    mailing = start(mailing=make_approved(nuria), actor=nuria, now=NOW)
    make_mailing(nuria, name="Nur ein Entwurf")
    row = mailing.recipients.get(customer=customer)
    for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
        page = client.get(url("customer_letters", customer.number), **headers).content.decode()
        assert url("recipient_letter", mailing.number, row.pk) in page
        assert "Entwurf" not in page
        assert other.number not in page


def test_the_settings_want_a_second_person():
    admin = Client()
    admin.force_login(make_user("administrator"))
    address = reverse("settings:mailing")
    page = admin.get(address)
    given = {"second_person": "on", "sheet_grams": 5, "envelope_grams": 6}
    version = page.context["form"].initial["expected_version"]
    assert admin.post(address, {**given, "expected_version": version}).status_code == 302
    assert MailingSettings.objects.get().second_person is True
    stale = admin.post(address, {**given, "expected_version": version})
    assert stale.context["form"].non_field_errors()


def test_all_letters_are_downloaded_as_one_document(client, nuria, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    make_customer()
    make_customer()
    mailing = start(mailing=make_approved(nuria, chunk_size=1), actor=nuria, now=NOW)
    address = url("mailing_letters", mailing.number)
    assert client.get(address).status_code == 404
    while merge_next(mailing_id=mailing.pk, clock=lambda: NOW):
        pass
    with pikepdf.open(io.BytesIO(client.get(address).getvalue())) as whole:
        assert len(whole.pages) == 2
    page = client.get(url("mailing_detail", mailing.number)).content.decode()
    assert address in page
    part = client.get(url("chunk_pdf", mailing.number, 1)).getvalue()
    assert part.startswith(b"%PDF")


def test_a_part_that_failed_is_tried_again_and_one_seen_on_paper_counts(client, nuria):
    make_customer()
    printer = Printer.objects.get(uri="folder:")
    mailing = start(mailing=make_approved(nuria, printer=printer), actor=nuria, now=NOW)
    chunk = mailing.chunks.get()
    mailing.chunks.update(state="failed", reason="Sin memoria")
    page = client.get(url("mailing_detail", mailing.number)).content.decode()
    assert "Sin memoria" in page
    client.post(url("chunk_retry", mailing.number, 1))
    chunk.refresh_from_db()
    assert chunk.state == "waiting"
    mailing.chunks.update(state="merged")
    client.post(url("chunk_printed", mailing.number, 1))
    chunk.refresh_from_db()
    assert chunk.state == "printed"


def test_recipients_are_found_by_what_became_of_their_email(client, nuria):
    first, second = make_customer(), make_customer()
    mailing = start(mailing=make_approved(nuria), actor=nuria, now=NOW)
    write_notices(mailing_id=mailing.pk, now=NOW)
    one = mailing.recipients.get(customer=first)
    OutgoingMessage.objects.filter(key=one.message).update(state="uncertain")
    address = url("mailing_recipients", mailing.number)
    page = client.get(address, {"notice": "uncertain"}).content.decode()
    assert first.number in page
    assert second.number not in page
    assert first.number not in client.get(address, {"notice": "bounced"}).content.decode()
    assert (
        f"{address}?notice=uncertain"
        in client.get(url("mailing_detail", mailing.number)).content.decode()
    )
    message = OutgoingMessage.objects.get(key=one.message)
    notice = client.get(url("recipient_notice", mailing.number, one.pk)).content.decode()
    assert reverse("integration:message_detail", args=[message.pk]) in notice
