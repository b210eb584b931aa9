"""Send issued invoices by e-mail: ask for it, write the e-mail, say how a customer wants them.

Asking makes a row, inside the transaction of whoever asks; a worker writes the e-mail of the row
and puts it into the outbox under the row's key. Either may happen twice and nothing is sent twice.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import CustomerSending, Invoice, InvoiceSending, SendingWay
from billing.selectors.documents import invoice_pdf
from billing.selectors.sending import (
    LINK_PURPOSE,
    MAIL_PURPOSE,
    MailTo,
    general_way,
    invoice_link_url,
    link_lifetime,
    mail_to,
    name_of_document,
    never_sent,
    own_way,
    waiting_sendings,
    way_after_issue,
)
from customers.models import Customer
from customers.selectors import issuer as our_company
from customers.services import LinkFor, Who, give_links
from integration.services import Attachment, NewMessage, queue_message, record_event
from toolkit.errors import DomainError
from toolkit.exports import PDF
from toolkit.mail import render_mail
from toolkit.templatetags.values import money

_AT_ONCE = 500


class NotSendableError(DomainError):
    """Only what is issued goes to the customer."""

    code = "not-sendable"
    title = gettext_lazy("The invoice can't be sent")


@transaction.atomic
def send_invoice(
    *, invoice: Invoice, actor: Who, now: dt.datetime, way: str = ""
) -> InvoiceSending:
    """Ask for an issued invoice to be sent; each call once more, but not while one still waits.

    Args:
        invoice: an issued invoice or credit note.
        actor: who asks.
        now: the present moment (aware).
        way: ``attach`` or ``link``; by default the customer's way, else with the PDF attached.

    Raises:
        NotSendableError: it is a draft, or ``way`` is none of the two.
    """
    locked = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    if locked.state != Invoice.State.ISSUED:
        raise NotSendableError(_("A draft is not sent: issue it first."))
    way = way or _way_asked(own_way(locked.customer), general_way())
    if way not in {SendingWay.ATTACH, SendingWay.LINK}:
        raise NotSendableError(_("Send it with the PDF attached, or with a link."))
    waiting = waiting_sendings().filter(invoice=locked).first()
    if waiting is not None:
        return waiting
    last = InvoiceSending.objects.filter(invoice=locked).aggregate(last=Max("serial"))["last"] or 0
    return _ask(locked, way=way, serial=last + 1, actor=actor, now=now)


def send_if_wanted(*, invoice: Invoice, actor: Who, now: dt.datetime) -> InvoiceSending | None:
    """Ask for the e-mail of an invoice that was issued in this very transaction, where wanted."""
    way = way_after_issue(invoice.customer)
    if way == SendingWay.NEVER:
        return None
    return _ask(invoice, way=way, serial=1, actor=actor, now=now)


@transaction.atomic
def send_all(*, invoices: QuerySet[Invoice], actor: Who, now: dt.datetime) -> int:
    """Ask for all of ``invoices`` that are issued and not asked for yet; return how many.

    Customers who want none by e-mail are left alone. Safe to repeat, and to do twice at once.
    One event tells of all together; each e-mail then has its own.
    """
    general = general_way()
    own = dict(CustomerSending.objects.values_list("customer_id", "way"))
    found = never_sent(invoices).order_by("issued_at", "pk").values_list("pk", "customer_id")
    wanted = list(found)
    if not wanted:
        return 0
    event = record_event(
        type="invoice.many_sendings_asked",
        actor=actor,
        subject=("sendings", ""),
        data={"invoices": len(wanted)},
        now=now,
    )
    InvoiceSending.objects.bulk_create(
        [
            InvoiceSending(
                invoice_id=pk,
                serial=1,
                way=_way_asked(own.get(customer_id, ""), general),
                asked_by=event.actor,
                asked_at=now,
            )
            for pk, customer_id in wanted
        ],
        batch_size=_AT_ONCE,
        ignore_conflicts=True,  # somebody else may be asking for the same at this moment
    )
    return len(wanted)


@transaction.atomic
def write_invoice_mail(*, sending_id: int, now: dt.datetime) -> InvoiceSending | None:
    """Write the e-mail of a sending and put it into the outbox; None where another has it.

    A customer without an address is a ``problem`` of the sending, not an error.
    """
    sending = (
        waiting_sendings()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("invoice__customer", "invoice__contract")
        .filter(pk=sending_id)
        .first()
    )
    if sending is None:
        return None
    to = mail_to(sending.invoice.customer)
    if to is None:
        sending.problem = InvoiceSending.Problem.NO_ADDRESS
    else:
        queue_message(message=_message(sending, to, now), now=now)
        sending.queued_at = now
    sending.save(update_fields=["queued_at", "problem"])
    return sending


@transaction.atomic
def set_way_of_sending(*, customer: Customer, way: str, actor: Who, now: dt.datetime) -> None:
    """Say how a customer wants invoices by e-mail; blank lets the settings of billing decide.

    Raises:
        ValueError: there is no such way.
    """
    if own_way(customer) == way:
        return
    if way:
        CustomerSending.objects.update_or_create(
            customer=customer, defaults={"way": SendingWay(way)}
        )
    else:
        CustomerSending.objects.filter(customer=customer).delete()
    record_event(
        type="invoice.way_changed",
        actor=actor,
        customer_number=customer.number,
        subject=("customer", customer.number),
        data={"way": way},
        now=now,
    )


def _way_asked(own: str, general: SendingWay) -> SendingWay:
    """Answer how to send what a person asks for, where nothing is sent by itself."""
    way = SendingWay(own or general)
    return SendingWay.ATTACH if way == SendingWay.NEVER else way


def _ask(
    invoice: Invoice, *, way: str, serial: int, actor: Who, now: dt.datetime
) -> InvoiceSending:
    event = record_event(
        type="invoice.sending_asked",
        actor=actor,
        customer_number=invoice.customer.number,
        subject=("invoice", invoice.number or ""),
        data={"way": str(way), "serial": serial},
        now=now,
    )
    return InvoiceSending.objects.create(
        invoice=invoice, serial=serial, way=way, asked_by=event.actor, asked_at=now
    )


def _message(sending: InvoiceSending, to: MailTo, now: dt.datetime) -> NewMessage:
    invoice, company = sending.invoice, our_company()
    url = _link(sending, to, now) if sending.way == SendingWay.LINK else ""
    attachments = [] if url else [Attachment(f"{invoice.number}.pdf", PDF, invoice_pdf(invoice))]
    with translation.override(to.language):
        context = {
            "document": name_of_document(invoice),
            "is_credit_note": invoice.kind == Invoice.Kind.CREDIT_NOTE,
            "name": to.name if to.contact else "",
            "total": money(invoice.total, invoice.currency),
            "due": date_format(invoice.due_on, "DATE_FORMAT") if invoice.due_on else "",
            "url": url,
            "days": link_lifetime().days,
            "issuer": company,
            "footer": company.legal_name if company else "",
        }
    mail = render_mail("billing/email/invoice", context, language=to.language)
    return NewMessage(
        key=sending.key,
        purpose=MAIL_PURPOSE,
        batch=f"invoice:{invoice.pk}",
        customer_number=invoice.customer.number,
        recipient=to.email,
        recipient_name=to.name,
        reply_to=company.email if company else "",
        sender_name=(company.trade_name or company.legal_name) if company else "",
        language=to.language,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        attachments=attachments,
    )


def _link(sending: InvoiceSending, to: MailTo, now: dt.datetime) -> str:
    invoice = sending.invoice
    wanted = LinkFor(
        customer_id=invoice.customer_id,
        key=sending.key,
        contact_id=to.contact.pk if to.contact else None,
        email=to.email,
        subject=str(invoice.pk),  # not its number: who sees links may not see invoices
    )
    (token,) = give_links(
        wanted=[wanted],
        purpose=LINK_PURPOSE,
        lifetime=link_lifetime(),
        actor="billing",
        now=now,
    )
    return invoice_link_url(token)
