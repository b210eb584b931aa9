"""The call detail of an invoice, grouped by the billing references of the customer."""

from billing import documents
from billing.documents import BilledConference, CallDetail, ReferenceGroup
from billing.models import Invoice
from toolkit.periods import Period

from .calls_of_invoice import count_calls
from .documents import billed_conferences, billed_line, copy_and_logo, legs_by_conference

# Beyond this it is no paper any more: some ten seconds of work.
MOST_CALLS = 2_000


def has_call_detail(invoice: Invoice) -> bool:
    """Tell whether there are calls, and no more of them than fit on paper."""
    return 0 < count_calls(invoice) <= MOST_CALLS


def call_detail_pdf(invoice: Invoice) -> bytes:
    """Return the PDF of an invoice's calls by billing reference, in the customer's language."""
    return documents.call_detail_pdf(call_detail(invoice))


def call_detail(invoice: Invoice) -> CallDetail:
    """Return what the paper says: from the copy and the rows of the invoice, once it is issued.

    Groups come in the order of their references, what has none last. A conference stands wholly
    under its reference, with its fees.
    """
    copy, logo = copy_and_logo(invoice)
    lines = list(invoice.lines.select_related("charge_line", "adjusts"))
    of_conferences = [line for line in lines if line.held_at is not None]
    groups: dict[str, list[BilledConference]] = {}
    for conference in billed_conferences(of_conferences, legs_by_conference(invoice)):
        groups.setdefault(conference.reference, []).append(conference)
    month = Period.parse(invoice.period)
    return CallDetail(
        language=invoice.language,
        number=invoice.number or "",
        issuer=copy["issuer"],
        customer=copy["customer"],
        logo=logo,
        currency=invoice.currency,
        period_start=month.first_day,
        period_end=month.last_day,
        groups=tuple(
            ReferenceGroup(reference=reference, conferences=tuple(groups[reference]))
            for reference in sorted(groups, key=lambda text: (text == "", text.casefold(), text))
        ),
        others=tuple(billed_line(line) for line in lines if line.held_at is None),
        net=invoice.net,
    )
