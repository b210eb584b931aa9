"""What goes on paper: an issued invoice as it was copied, a draft as it would be issued now."""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from billing import documents
from billing.documents import (
    BilledConference,
    BilledLeg,
    BilledLine,
    BilledTax,
    CorrectedInvoice,
    InvoiceDocument,
)
from billing.documents.electronic import (
    NotExpressibleError,
    check_schema,
    cii_xml,
    electronic_invoice,
)
from billing.models import Invoice, InvoiceLine, Logo, RatedLeg
from customers.selectors import issuer as our_company
from toolkit.periods import Period

from .calls_of_invoice import calls_of, count_calls
from .exchange import conversion_of
from .snapshots import present_state

# Beyond these an invoice is no paper any more: some ten seconds of work, some fifty pages.
MOST_LINES = 600
MOST_CALLS = 1_000


def invoice_pdf(invoice: Invoice) -> bytes:
    """Return the PDF of an invoice; that of a draft says on every page that it is one.

    The same invoice gives the same bytes, once it is issued. It is a Factur-X then (PDF/A-3b with
    the invoice as CII in it), where the standard can say it; else a plain PDF.
    """
    document = invoice_document(invoice)
    try:
        xml = check_schema(cii_xml(electronic_invoice(document)), "cii")
    except NotExpressibleError:
        xml = b""
    return documents.invoice_pdf(document, xml=xml, changed_at=invoice.issued_at)


def invoice_document(invoice: Invoice) -> InvoiceDocument:
    """Return what the paper says: the copy and the rows of the invoice, nothing else once issued.

    Lines beyond ``MOST_LINES`` are summed up by kind; calls beyond ``MOST_CALLS`` are left to the
    file that the invoice's page offers.
    """
    copy, logo = copy_and_logo(invoice)
    lines = list(invoice.lines.select_related("charge_line", "adjusts"))
    calls = count_calls(invoice)
    is_long = len(lines) > MOST_LINES
    legs = {} if is_long or calls > MOST_CALLS else legs_by_conference(invoice)
    of_conferences = [line for line in lines if line.held_at is not None]
    month = Period.parse(invoice.period)
    converted = conversion_of(invoice)
    return InvoiceDocument(
        language=invoice.language,
        number=invoice.number or "",
        is_credit_note=invoice.kind == Invoice.Kind.CREDIT_NOTE,
        issuer=copy["issuer"],
        customer=copy["customer"],
        contract=copy["contract"],
        logo=logo,
        currency=invoice.currency,
        period_start=month.first_day,
        period_end=month.last_day,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        conferences=() if is_long else tuple(billed_conferences(of_conferences, legs)),
        summary=tuple(_summary(of_conferences)) if is_long else (),
        period_lines=tuple(billed_line(line) for line in lines if line.held_at is None),
        taxes=tuple(
            BilledTax(
                category=tax.category,
                percent=tax.percent,
                base=tax.base,
                amount=tax.amount,
                reason=tax.reason,
            )
            for tax in invoice.taxes.all()
        ),
        net=invoice.net,
        vat=invoice.vat,
        total=invoice.total,
        calls=calls,
        corrects=_named(invoice.rectifies),
        replaces=next(iter(_named(invoice.replaces)), None),
        reason=invoice.reason,
        issuers_currency=converted.currency if converted else "",
        vat_in_issuers_currency=converted.vat if converted else None,
        exchange_rates=tuple(converted.exchange.rates.items()) if converted else (),
        exchange_day=converted.exchange.day if converted else None,
    )


def _named(invoice: Invoice | None) -> tuple[CorrectedInvoice, ...]:
    if invoice is None or invoice.number is None or invoice.issued_on is None:
        return ()
    return (CorrectedInvoice(number=invoice.number, issued_on=invoice.issued_on),)


def copy_and_logo(invoice: Invoice) -> tuple[Mapping[str, Any], bytes]:
    """Answer the snapshot; of a draft what it would be now, without keeping anything."""
    if invoice.state == Invoice.State.ISSUED:
        digest = invoice.snapshot["issuer"].get("logo", "")
        logo = Logo.objects.filter(digest=digest).first() if digest else None
        return invoice.snapshot, bytes(logo.content) if logo else b""
    if invoice.contract is None:
        msg = "a draft follows its contract"
        raise TypeError(msg)
    company = our_company()
    copy = present_state(invoice=invoice, contract=invoice.contract, company=company)
    return copy, bytes(company.logo) if company and company.logo else b""


def billed_conferences(
    lines: Iterable[InvoiceLine], legs: Mapping[object, list[RatedLeg]]
) -> Iterable[BilledConference]:
    """Group lines, which come in order of time, by their conference."""
    groups = itertools.groupby(lines, key=lambda line: (line.held_at, line.conference_id))
    for (held_at, conference_id), group in groups:
        of_conference = list(group)
        yield BilledConference(
            held_at=held_at or dt.datetime.min.replace(tzinfo=dt.UTC),
            title=of_conference[0].title,
            reference=of_conference[0].reference,
            lines=tuple(map(billed_line, of_conference)),
            legs=tuple(map(_leg, legs.get(conference_id, ()))),
        )


def _summary(lines: Iterable[InvoiceLine]) -> Iterable[BilledLine]:
    """Add up lines of the same words, in the order of their kinds."""

    def key(line: InvoiceLine) -> tuple[str, str, str, Decimal]:
        return line.kind, line.description, line.vat_category, line.vat_percent or Decimal()

    for (kind, description, category, _percent), group in itertools.groupby(
        sorted(lines, key=key), key=key
    ):
        of_kind = list(group)
        quantities = [line.quantity for line in of_kind if line.quantity is not None]
        yield BilledLine(
            kind=kind,
            description=description,
            quantity=sum(quantities) if quantities else None,
            unit_price=None,
            net=sum((line.net for line in of_kind), Decimal()),
            vat_category=category,
            vat_percent=of_kind[0].vat_percent,
        )


def billed_line(line: InvoiceLine) -> BilledLine:
    """Return a line as the paper shows it."""
    return BilledLine(
        kind=line.kind,
        description=line.description,
        quantity=line.quantity,
        unit_price=_unit_price(line),
        net=line.net,
        vat_category=line.vat_category,
        vat_percent=line.vat_percent,
        corrects=(line.adjusts.number or "") if line.adjusts else "",
    )


def _unit_price(line: InvoiceLine) -> Decimal | None:
    """Answer what the quantity was multiplied by; None where days of a month count, too."""
    if line.charge_line is not None:
        return line.charge_line.unit_price
    basis = line.basis
    if "unit_price" not in basis or basis.get("active_days") != basis.get("days"):
        return None
    return Decimal(basis["unit_price"])


def legs_by_conference(invoice: Invoice) -> Mapping[object, list[RatedLeg]]:
    """Return the calls that an invoice bills, by the id of their conference."""
    legs: dict[object, list[RatedLeg]] = {}
    for leg in calls_of(invoice):
        legs.setdefault(leg.charge.conference_id, []).append(leg)
    return legs


def _leg(leg: RatedLeg) -> BilledLeg:
    prices = dict.fromkeys(segment["price_per_minute"] for segment in leg.segments)
    return BilledLeg(
        participant=leg.participant,
        access=leg.access,
        number=leg.number,
        answered_at=leg.answered_at,
        duration_seconds=leg.duration_seconds,
        billed_seconds=leg.billed_seconds,
        free_seconds=leg.free_seconds,
        prices=tuple(Decimal(price) for price in prices),
        amount=leg.amount,
        estimated=leg.estimated,
    )
