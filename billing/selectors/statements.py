"""A statement of account in words, on paper and as rows of a table."""

from collections.abc import Iterator

from django.utils import translation
from django.utils.translation import gettext as _

from billing import documents
from billing.documents import OpenItem, StatementDocument, StatementLine
from customers.selectors import issuer
from toolkit.exports import Value
from toolkit.money import from_decimal, to_decimal

from .receivables import Entry, Statement


def words_of(entry: Entry) -> str:
    """Say what a line is, in the active language."""
    if entry.kind == "invoice":
        return _("Invoice %(number)s") % {"number": entry.number}
    if entry.kind == "credit_note":
        known = {"number": entry.number, "invoice": entry.reference}
        return _("Credit note %(number)s of %(invoice)s") % known
    if entry.kind == "refund":
        return _("Paid back")
    if entry.kind == "returned":
        return _("Payment of %(number)s returned") % {"number": entry.number}
    if entry.number:
        return _("Payment of %(number)s") % {"number": entry.number}
    return _("Payment beyond what was owed")


def statement_pdf(statement: Statement) -> bytes:
    """Return the PDF, in the customer's language."""
    customer, company = statement.customer, issuer()
    names = ("legal_name", "trade_name", "tax_id", "iban")
    with translation.override(customer.language):
        lines = tuple(
            StatementLine(entry.on, words_of(entry), entry.amount, entry.balance)
            for entry in statement.entries
        )
    return documents.statement_pdf(
        StatementDocument(
            language=customer.language,
            issuer={name: getattr(company, name) for name in names} if company else {},
            customer={
                "legal_name": customer.legal_name,
                "number": customer.number,
                "timezone": customer.timezone,
            },
            currency=statement.currency,
            first_day=statement.first_day,
            last_day=statement.last_day,
            opening=statement.opening,
            closing=statement.closing,
            lines=lines,
            open_items=tuple(
                OpenItem(
                    invoice.number or "",
                    invoice.issued_on or statement.last_day,
                    invoice.due_on or statement.last_day,
                    invoice.total,
                    invoice.balance,  # type: ignore[attr-defined]
                )
                for invoice in statement.open_invoices
            ),
        )
    )


def statement_rows(statement: Statement) -> Iterator[list[Value]]:
    """Return the lines for a table, the balance before them first."""
    code = statement.currency
    before = to_decimal(from_decimal(statement.opening), code)
    yield [statement.first_day, _("Balance before"), "", "", code, None, before]
    for entry in statement.entries:
        yield [
            entry.on,
            words_of(entry),
            entry.reference,
            entry.due_on,
            code,
            to_decimal(from_decimal(entry.amount), code),
            to_decimal(from_decimal(entry.balance), code),
        ]
