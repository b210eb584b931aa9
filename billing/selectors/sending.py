"""Invoices by e-mail: to whom, in which way, what became of it, and what was never sent."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import BillingSettings, CustomerSending, Invoice, InvoiceSending, SendingWay
from customers.models import Contact, Customer, SignedLink
from integration.models import OutgoingMessage

MAIL_PURPOSE = "billing.invoice"
LINK_PURPOSE = "invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTo:
    """Whom an invoice is sent to; ``contact`` is None where only the customer has an address."""

    email: str
    name: str
    language: str
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class Sent:
    """One sending with its e-mail, which is None until a worker has written it."""

    sending: InvoiceSending
    message: OutgoingMessage | None


def mail_to(customer: Customer) -> MailTo | None:
    """Answer whom to write to about invoices, None where no e-mail address is known.

    The contact for billing, else the general one, else the customer's own address.
    """
    contacts = list(customer.contacts.exclude(email=""))
    for role in (Contact.Role.BILLING, Contact.Role.GENERAL):
        for contact in contacts:
            if contact.role == role:
                language = contact.language or customer.language
                return MailTo(
                    email=contact.email, name=contact.name, language=language, contact=contact
                )
    if not customer.email:
        return None
    return MailTo(
        email=customer.email, name=customer.legal_name, language=customer.language, contact=None
    )


def general_way() -> SendingWay:
    """Answer how issued invoices are sent where nothing is said of the customer."""
    known = BillingSettings.objects.first()
    return SendingWay(known.sending) if known else SendingWay.NEVER


def own_way(customer: Customer) -> str:
    """Answer how the customer wants them; blank where the settings decide."""
    known = CustomerSending.objects.filter(customer=customer).first()
    return known.way if known else ""


def way_after_issue(customer: Customer) -> SendingWay:
    """Answer how an invoice is sent by itself once it is issued."""
    return SendingWay(own_way(customer) or general_way())


def link_lifetime() -> dt.timedelta:
    """Answer how long a link to an invoice is valid."""
    known = BillingSettings.objects.first() or BillingSettings()
    return dt.timedelta(days=known.link_days)


def sendings_of(invoice: Invoice) -> list[Sent]:
    """Return the sendings of an invoice with their e-mail, the last one first."""
    sendings = list(InvoiceSending.objects.filter(invoice=invoice).order_by("-serial"))
    keys = [sending.key for sending in sendings]
    messages = {one.key: one for one in OutgoingMessage.objects.filter(key__in=keys)}
    return [Sent(sending, messages.get(sending.key)) for sending in sendings]


def sendings_shown(user: AbstractBaseUser | AnonymousUser, invoice: Invoice) -> dict[str, Any]:
    """Return what ``billing/_sendings.html`` shows to a user; a draft has none."""
    if invoice.state != Invoice.State.ISSUED:
        return {}
    return {
        "sendings": sendings_of(invoice),
        "may_read_mail": user.has_perm("billing.view_invoice"),  # type: ignore[union-attr]
        "mail_to": mail_to(invoice.customer),
    }


def never_sent(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Return those issued of which no sending was asked, without customers who want none."""
    asked = InvoiceSending.objects.filter(invoice=OuterRef("pk"))
    refused = CustomerSending.objects.filter(customer=OuterRef("customer_id"), way=SendingWay.NEVER)
    return invoices.filter(~Exists(asked), ~Exists(refused), state=Invoice.State.ISSUED)


def waiting_sendings() -> QuerySet[InvoiceSending]:
    """Return those that a worker has still to write, the first asked first."""
    return InvoiceSending.objects.filter(queued_at=None, problem="").order_by("pk")


def invoice_of_link(link: SignedLink) -> Invoice:
    """Return the issued invoice that a link was given for.

    Raises:
        Invoice.DoesNotExist: it names none of that customer's.
    """
    if not link.subject.isdecimal():
        raise Invoice.DoesNotExist
    return Invoice.objects.select_related("customer", "contract").get(
        pk=int(link.subject), customer=link.customer_id, state=Invoice.State.ISSUED
    )


def invoice_link_url(token: str) -> str:
    """Return the address of the page behind a link."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('billing:public_invoice', args=[token])}"


def name_of_document(invoice: Invoice) -> str:
    """Name an issued document in the active language: "Invoice F-2026-00001"."""
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return _("Credit note %(number)s") % {"number": invoice.number}
    return _("Invoice %(number)s") % {"number": invoice.number}
