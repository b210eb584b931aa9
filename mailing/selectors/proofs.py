"""See before anything starts: the letters of the first five or of any one, and the e-mail."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Final

from customers.models import Customer
from integration.models import OutgoingMessage
from mailing.models import Mailing, Recipient
from toolkit.pdf import write_letters

from .copies import copy_of
from .field_values import Occasion, occasion
from .leaves import leaves_of
from .letters import Mail, email_of
from .merged import is_duplex

PROOFS: Final = 5
_EXAMPLE_LINK: Final = "https://example.invalid/"


def proof_recipients(mailing: Mailing, positions: Sequence[int] = ()) -> list[Recipient]:
    """Return the recipients of a proof: those at ``positions``, else the first five with a letter.

    Those who get no letter are left out.
    """
    rows = mailing.recipients.filter(letter_reason="").select_related("customer")
    if positions:
        rows = rows.filter(position__in=positions)
    return list(rows.order_by("position")[: len(positions) or PROOFS])


def recipient_for(mailing: Mailing, customer: Customer, *, now: dt.datetime) -> Recipient:
    """Return the customer's fixed copy, or while there is none the copy made now, not saved."""
    fixed = mailing.recipients.select_related("customer").filter(customer=customer).first()
    return fixed or copy_of(mailing, customer, now=now)


def letters_pdf(mailing: Mailing, recipients: Sequence[Recipient], *, now: dt.datetime) -> bytes:
    """Return the letters (envelopes, labels) of these recipients as one PDF, without separators.

    As they will be printed: same layout, and the date of the day of posting.

    Raises:
        ValueError: there are none.
    """
    out = io.BytesIO()
    leaves = leaves_of(_occasion(mailing, recipients, now), recipients, separators=False)
    write_letters((leaf.letter for leaf in leaves), out, duplex=is_duplex(mailing))
    return out.getvalue()


def email_preview(mailing: Mailing, recipient: Recipient, *, now: dt.datetime) -> Mail | None:
    """Return the e-mail of one recipient, with a link that leads nowhere; None without a text."""
    if mailing.notice is None:
        return None
    when = _occasion(mailing, [recipient], now)
    email = email_of(mailing.notice, language=recipient.language, issuer=when.house)
    return email.message(fields=when.values(recipient), preferences_url=_EXAMPLE_LINK)


def message_of(recipient: Recipient) -> OutgoingMessage | None:
    """Return the e-mail that was written to a recipient, or None before there is one."""
    return OutgoingMessage.objects.filter(key=recipient.message).exclude(key="").first()


def notice_of(mailing: Mailing, recipient: Recipient, *, now: dt.datetime) -> Mail | None:
    """Return the e-mail of one recipient: the one that was written, before that as it would be."""
    written = message_of(recipient)
    if written is not None:
        return Mail(subject=written.subject, text=written.text, html=written.html)
    return email_preview(mailing, recipient, now=now)


def _occasion(mailing: Mailing, recipients: Sequence[Recipient], now: dt.datetime) -> Occasion:
    countries = {one.country or one.customer.country for one in recipients}
    return occasion(mailing, now=now, countries=countries)
