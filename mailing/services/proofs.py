"""Print some letters before the mailing is approved."""

import datetime as dt
import hashlib
import io
from collections.abc import Sequence

import pikepdf
from django.db import transaction
from django.utils.translation import gettext as _

from customers.services import Who
from customers.services.actors import user_of
from mailing.models import Mailing, Printer, PrintJob
from mailing.selectors.progress import batch_of
from mailing.selectors.proofs import letters_pdf, proof_recipients

from .chunk_printing import NothingToPrintError, print_options
from .mailings import MailingStateError, record_mailing_event
from .printing import enqueue_print, keep_document


def print_proof(
    *,
    mailing: Mailing,
    actor: Who,
    now: dt.datetime,
    positions: Sequence[int] = (),
    printer: Printer | None = None,
) -> PrintJob:
    """Print the letters of the first five recipients, or of those at ``positions``.

    On the printer of the mailing, or on another. Nothing of it counts as sent.

    Raises:
        MailingStateError: the recipients are not fixed yet.
        NothingToPrintError: none of them gets a letter, or there is no printer in use.
    """
    if mailing.state == Mailing.State.DRAFT:
        raise MailingStateError(mailing)
    printer = printer or mailing.printer
    if printer is None or not printer.active:
        raise NothingToPrintError(_("Choose a printer that is in use."))
    recipients = proof_recipients(mailing, positions)
    if not recipients:
        raise NothingToPrintError(_("None of these recipients gets a letter."))
    content = letters_pdf(mailing, recipients, now=now)
    with pikepdf.open(io.BytesIO(content)) as document:
        pages = len(document.pages)
    key = f"{batch_of(mailing)}:proof:{hashlib.sha256(content).hexdigest()[:16]}:{now.timestamp()}"
    with transaction.atomic():
        job = enqueue_print(
            key=key,
            batch=f"{batch_of(mailing)}:proof",
            printer=printer,
            title=f"{mailing.number} {_('Proof')} {mailing.name}",
            document=keep_document(key=key, content=content),
            pages=pages,
            requested_by=user_of(actor),
            now=now,
            options=print_options(mailing),
        )
        data = {"recipients": [one.position for one in recipients]}
        record_mailing_event(mailing, "proof_printed", actor=actor, now=now, data=data)
    return job
