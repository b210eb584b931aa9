"""Issued invoices by e-mail: asked for once, written once, followed until it is known."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from facturx import get_xml_from_pdf

from billing import tasks
from billing.models import BillingSettings, Invoice, InvoiceSending
from billing.selectors.documents import invoice_pdf
from billing.selectors.electronic import invoice_xml
from billing.selectors.sending import mail_to, never_sent
from billing.services import (
    NotSendableError,
    credit_invoice,
    send_all,
    send_invoice,
    set_way_of_sending,
    write_invoice_mail,
)
from customers.models import SignedLink
from customers.services import give_link, revoke_link
from integration.models import Event, MessageAttachment, OutgoingMessage
from tests.billing.world import LATER, make_draft, make_issued
from tests.factories.billing import NOW
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db

ACCOUNTS = {"name": "Eva Sanz", "role": "billing", "email": "eva@ortuzar.example"}


def ask(invoice, **fields):
    return send_invoice(invoice=invoice, actor="tests", now=LATER, **fields)


def write(sending):
    return write_invoice_mail(sending_id=sending.pk, now=LATER)


def set_all(**fields):
    BillingSettings.objects.update_or_create(pk=1, defaults=fields)


# Whom to write to


@pytest.mark.parametrize(
    ("contacts", "email"),
    [
        (
            [{"name": "Ana", "role": "general", "email": "ana@x.example"}, ACCOUNTS],
            "eva@ortuzar.example",
        ),
        (
            [
                {"name": "Eva", "role": "billing", "email": ""},
                {"name": "Ana", "role": "general", "email": "ana@x.example"},
            ],
            "ana@x.example",
        ),
        ([{"name": "Bo", "role": "technical", "email": "bo@x.example"}], "casa@x.example"),
    ],
    ids=["for billing", "general", "the customer's"],
)
def test_it_goes_to_who_pays_it(contacts, email):
    found = mail_to(make_customer(email="casa@x.example", contacts=contacts))
    assert found
    assert found.email == email


# Asking and writing


def test_an_invoice_goes_out_with_its_pdf():
    customer = make_customer(legal_name="Café Ortúzar, S.A.", contacts=[ACCOUNTS])
    invoice = make_issued(customer)

    sending = write(ask(invoice))

    message = OutgoingMessage.objects.get()
    assert message.key == sending.key == f"invoice:{invoice.pk}:send:1"
    assert (message.purpose, message.customer_number) == ("billing.invoice", customer.number)
    assert (message.recipient, message.language) == ("eva@ortuzar.example", "es")
    assert invoice.number in message.subject
    assert "4,54" in message.text
    attachment = MessageAttachment.objects.select_related("file").get()
    content = bytes(attachment.file.content)
    assert (attachment.name, content) == (f"{invoice.number}.pdf", invoice_pdf(invoice))
    assert get_xml_from_pdf(content)[1] == invoice_xml(invoice, "cii")


def test_it_is_written_in_the_language_of_who_reads_it():
    customer = make_customer(contacts=[{**ACCOUNTS, "language": "en"}])
    invoice = make_issued(customer)
    write(ask(invoice))
    message = OutgoingMessage.objects.get()
    assert message.subject == f"Invoice {invoice.number}"
    assert message.text.startswith("Dear Eva Sanz,\n\nhere is our invoice of €4.54, due on")
    assert message.language == "en"


def test_asking_twice_while_one_waits_is_asking_once():
    invoice = make_issued()
    assert ask(invoice) == ask(invoice)
    assert Event.objects.filter(type="invoice.sending_asked").count() == 1


def test_writing_twice_writes_one_e_mail():
    sending = ask(make_issued())
    write(sending)
    assert write(sending) is None
    tasks.write_invoice_mails()
    assert OutgoingMessage.objects.count() == 1


def test_sent_again_it_is_another_e_mail():
    invoice = make_issued()
    write(ask(invoice))
    write(ask(invoice, way="link"))
    keys = list(OutgoingMessage.objects.order_by("pk").values_list("key", flat=True))
    assert keys == [f"invoice:{invoice.pk}:send:{serial}" for serial in (1, 2)]


@pytest.mark.parametrize("way", ["never", "pigeon"])
def test_other_ways_are_refused(way):
    with pytest.raises(NotSendableError):
        ask(make_issued(), way=way)
    assert not InvoiceSending.objects.exists()


def test_a_draft_is_not_sent():
    with pytest.raises(NotSendableError):
        ask(make_draft())
    assert not InvoiceSending.objects.exists()


def test_a_customer_without_address_is_said_on_the_invoice():
    sending = write(ask(make_issued(make_customer(email=""))))
    assert sending.problem == "no_address"
    assert not OutgoingMessage.objects.exists()


# By itself, and all at once


@pytest.mark.parametrize(
    ("general", "own", "sent"),
    [
        ("never", "", None),
        ("attach", "", "attach"),
        ("attach", "never", None),
        ("never", "link", "link"),
        ("link", "attach", "attach"),
    ],
)
def test_issued_it_goes_out_by_itself_where_wanted(general, own, sent):
    set_all(sending=general)
    customer = make_customer()
    set_way_of_sending(customer=customer, way=own, actor="tests", now=NOW)
    invoice = make_issued(customer)
    found = InvoiceSending.objects.filter(invoice=invoice).first()
    assert (found.way if found else None) == sent


def test_a_credit_note_goes_out_too():
    set_all(sending="attach")
    invoice = make_issued()
    note = credit_invoice(invoice=invoice, reason="Wrong rate", actor="tests", now=LATER)
    tasks.write_invoice_mails()
    assert set(OutgoingMessage.objects.values_list("key", flat=True)) == {
        f"invoice:{one.pk}:send:1" for one in (invoice, note)
    }


def test_all_that_were_never_sent_go_out_once():
    first, second = make_issued(), make_issued()
    unwilling = make_customer()
    set_way_of_sending(customer=unwilling, way="never", actor="tests", now=NOW)
    make_issued(unwilling)
    make_draft()
    ask(first)
    everything = Invoice.objects.all()

    assert send_all(invoices=everything, actor="tests", now=LATER) == 1
    assert send_all(invoices=everything, actor="tests", now=LATER) == 0

    assert {one.invoice for one in InvoiceSending.objects.all()} == {first, second}
    assert not never_sent(everything).exists()


# The link


@pytest.fixture
def linked():
    """An invoice and the address of its page, as the e-mail names it."""
    customer = make_customer(contacts=[{**ACCOUNTS, "language": "en"}])
    invoice = make_issued(customer)
    sending = ask(invoice, way="link")
    write_invoice_mail(sending_id=sending.pk, now=timezone.now())
    text = OutgoingMessage.objects.get().text
    (address,) = [line for line in text.splitlines() if "/billing/i/" in line]
    return invoice, "/billing/i/" + address.partition("/billing/i/")[2]


def test_the_link_opens_the_invoice_without_an_account(linked):
    invoice, page = linked
    before = list(SignedLink.objects.values())
    answer = Client().get(page)
    assert answer.status_code == 200
    assert f"Invoice {invoice.number}" in answer.content.decode()
    assert "€4.54" in answer.content.decode()
    assert answer["Content-Language"] == "en"
    assert not answer.cookies
    assert list(SignedLink.objects.values()) == before
    assert not MessageAttachment.objects.exists()
    spanish = Client().get(f"{page}?lang=es")
    assert (spanish["Content-Language"], "4,54" in spanish.content.decode()) == ("es", True)


def test_everything_can_be_downloaded_there(linked):
    invoice, page = linked
    client = Client()
    assert client.get(f"{page}invoice.pdf").content == invoice_pdf(invoice)
    for syntax in ("ubl", "cii"):
        assert client.get(f"{page}{syntax}.xml").content == invoice_xml(invoice, syntax)
    lines = b"".join(client.get(f"{page}calls.csv").streaming_content).decode().splitlines()
    assert len(lines) == 1 + 3
    assert client.get(f"{page}calls.pdf").content.startswith(b"%PDF")
    assert b"".join(client.get(f"{page}calls.xlsx")).startswith(b"PK")
    for name in ("other.pdf", "calls.txt", "xxx.xml"):
        assert client.get(page + name).status_code == 404


@pytest.mark.parametrize("reason", ["unknown", "expired", "revoked", "another purpose"])
def test_a_refused_link_says_why(reason):
    invoice = make_issued()
    now = timezone.now()
    token = give_link(
        customer=invoice.customer,
        purpose="preferences" if reason == "another purpose" else "invoice",
        lifetime=dt.timedelta(days=90),
        actor="tests",
        now=now - dt.timedelta(days=100 if reason == "expired" else 0),
        subject=str(invoice.pk),
    )
    if reason == "revoked":
        revoke_link(link=SignedLink.objects.get(), actor="tests", now=now)
    if reason == "unknown":
        token = "x" + token
    for name in ("", "invoice.pdf"):
        answer = Client().get(f"/billing/i/{token}/{name}?lang=en")
        assert answer.status_code == (410 if reason in {"expired", "revoked"} else 404)
        said = {"expired": "limited time", "revoked": "withdrawn"}.get(reason, "do not know it")
        assert said in answer.content.decode()
        assert invoice.number not in answer.content.decode()


def test_a_link_opens_only_its_customers_invoice():
    invoice, other = make_issued(), make_customer()
    token = give_link(
        customer=other,
        purpose="invoice",
        lifetime=dt.timedelta(days=1),
        actor="tests",
        now=timezone.now(),
        subject=str(invoice.pk),
    )
    assert Client().get(reverse("billing:public_invoice", args=[token])).status_code == 404
