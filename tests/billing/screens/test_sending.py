"""Sending invoices on screen: by button, all of a list, as the customer wants; XML to download."""

import pytest
from django.urls import reverse

from billing.models import BillingSettings, CustomerSending, InvoiceSending
from billing.selectors.electronic import invoice_xml
from billing.services import send_invoice, write_invoice_mail
from integration.models import OutgoingMessage
from tests.billing.world import LATER, make_draft, make_issued
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def detail(invoice):
    return reverse("billing:invoice_detail", args=[invoice.pk])


def send(client, invoice, **fields):
    return client.post(reverse("billing:invoice_send", args=[invoice.pk]), fields, follow=True)


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


def test_the_button_sends_and_the_page_follows(billing, django_capture_on_commit_callbacks):
    invoice = make_issued()
    assert "Not sent by e-mail yet." in shown(billing, detail(invoice))

    with django_capture_on_commit_callbacks():
        answer = send(billing, invoice, way="link")

    assert "It goes out by e-mail." in answer.content.decode()
    assert "Is being written" in shown(billing, detail(invoice))
    sending = InvoiceSending.objects.get()
    write_invoice_mail(sending_id=sending.pk, now=LATER)
    assert "Waiting" in shown(billing, detail(invoice))
    assert invoice.customer.email in shown(billing, detail(invoice))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "sent", "sent_at": LATER}, "Sent"),
        ({"state": "sent", "sent_at": LATER, "bounced_at": LATER, "bounce": "hard"}, "Came back"),
        ({"state": "uncertain"}, "Nobody knows whether it left."),
    ],
    ids=["sent", "bounced", "uncertain"],
)
def test_what_the_outbox_knows_stands_on_the_invoice(billing, fields, said):
    invoice = make_issued()
    sending = send_invoice(invoice=invoice, actor="tests", now=LATER)
    write_invoice_mail(sending_id=sending.pk, now=LATER)
    OutgoingMessage.objects.update(**fields)
    assert said in shown(billing, reverse("billing:invoice_sendings", args=[invoice.pk]))


def test_a_customer_without_address_cannot_be_sent_to(billing):
    invoice = make_issued(make_customer(email=""))
    assert "The customer has no e-mail address" in shown(billing, detail(invoice))


def test_a_draft_is_refused_in_words(billing):
    answer = send(billing, make_draft())
    assert "A draft is not sent: issue it first." in answer.content.decode()
    assert not InvoiceSending.objects.exists()


def test_all_of_the_list_are_sent_once(billing, django_capture_on_commit_callbacks):
    invoice, other = make_issued(), make_issued()
    address = f"{reverse('billing:invoices_send')}?customer={invoice.customer.number}"
    page = shown(billing, f"{reverse('billing:invoice_list')}?customer={invoice.customer.number}")
    assert "One issued invoice of this list was never sent by e-mail." in page
    with django_capture_on_commit_callbacks():
        first = billing.post(address, follow=True).content.decode()
        second = billing.post(address, follow=True).content.decode()
    assert "One invoice goes out by e-mail." in first
    assert "All of them were sent already." in second
    assert InvoiceSending.objects.get().invoice == invoice != other


def test_how_a_customer_wants_them_is_kept(billing):
    customer = make_customer()
    address = reverse("billing:customer_sending", args=[customer.number])
    assert "Not by itself" in shown(billing, address)
    billing.post(address, {"way": "link"})
    assert CustomerSending.objects.get(customer=customer).way == "link"
    billing.post(address, {"way": ""})
    assert not CustomerSending.objects.exists()


@pytest.mark.parametrize("role", ["sales", "auditor"])
def test_only_billing_sends(as_role, role):
    invoice = make_issued()
    client = as_role(role)
    assert send(client, invoice).status_code == 403
    assert client.post(reverse("billing:invoices_send")).status_code == 403
    assert not InvoiceSending.objects.exists()


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_xml_is_downloaded(billing, syntax):
    invoice = make_issued()
    answer = billing.get(reverse("billing:invoice_xml_file", args=[invoice.pk, syntax]))
    assert answer.content == invoice_xml(invoice, syntax)
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_draft_has_no_xml_and_says_so(billing):
    address = reverse("billing:invoice_xml_file", args=[make_draft().pk, "ubl"])
    page = billing.get(address, follow=True).content.decode()
    assert "A draft has no electronic form: issue it first." in page


def test_the_settings_say_how_and_what_is_checked(billing):
    page = billing.get("/settings/billing/")
    assert "check_rules" in page.context["form"].fields
    billing.post(
        "/settings/billing/",
        {
            "change_percent": 50,
            "check_rules": "on",
            "sending": "link",
            "link_days": 30,
            "expected_version": 1,
        },
    )
    saved = BillingSettings.objects.get()
    assert (saved.check_rules, saved.sending, saved.link_days) == (True, "link", 30)


def test_rules_that_cannot_be_run_are_not_offered(billing, monkeypatch):
    monkeypatch.setattr("bpi_portal.office.forms.rules_can_be_checked", lambda: False)
    assert "check_rules" not in billing.get("/settings/billing/").context["form"].fields
