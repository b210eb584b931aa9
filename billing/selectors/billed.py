"""What of a contract's month stands on issued invoices, and how it differs from its price now."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from billing.models import Charge, ChargeLine, Invoice, InvoiceLine, LineKind
from sales.models import Contract
from toolkit.money import to_decimal

from .terms import KnownTerms, period_lines_of

# Lines of a month itself that later prices may change.
OF_PERIOD = (LineKind.COMMITMENT_SHORTFALL, LineKind.MONTHLY_FEE)
OF_CONFERENCE = tuple(
    kind
    for kind in LineKind
    if kind not in {*OF_PERIOD, LineKind.SUBSCRIPTION, LineKind.ONE_OFF, LineKind.CREDIT}
)
NOTHING = Decimal(0)

Key = tuple[uuid.UUID | None, str]
"""A conference (None: the month itself) and a kind of line."""


@dataclass(slots=True)
class Billed:
    """What was billed of one kind: by the first invoice and by all adjustments since.

    ``left`` is what remains of ``net`` after credit notes; what was credited to be drafted anew
    remains. ``version`` is that of the charge, 0 for the month itself.
    """

    net: Decimal = NOTHING
    left: Decimal = NOTHING
    quantity: int | None = None
    version: int = 0
    lines: list[InvoiceLine] = field(default_factory=list)

    def add(self, line: InvoiceLine) -> None:
        """Count a line."""
        self.left += line.net
        if line.credits_id is not None or line.replaces_id is not None:
            return
        self.net += line.net
        if line.quantity is not None:
            self.quantity = (self.quantity or 0) + line.quantity
        self.lines.append(line)
        if line.to_version is not None:
            self.version = max(self.version, line.to_version)
        elif line.charge_line is not None:
            self.version = max(self.version, line.charge_line.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one kind of line costs now beside what was billed.

    ``like`` is a line of the same conference (or month) that was billed, if any; ``basis`` is what
    a line of the month is computed from now. ``is_taken_back`` tells that all that was billed of
    the conference was credited: it is settled, whatever it costs now.
    """

    charge: Charge | None
    kind: str
    billed: Billed
    like: InvoiceLine | None
    net: Decimal
    quantity: int | None
    basis: Mapping[str, Any]
    is_taken_back: bool = False

    @property
    def amount(self) -> Decimal:
        """Answer what is to be billed, or credited: never more than what is left of it."""
        if self.is_taken_back:
            return NOTHING
        return max(self.net - self.billed.net, -max(self.billed.left, NOTHING))

    @property
    def quantity_to_bill(self) -> int | None:
        """Answer the difference of the quantities."""
        if self.quantity is None and self.billed.quantity is None:
            return None
        return (self.quantity or 0) - (self.billed.quantity or 0)


def billed_lines(contract: Contract, period: str) -> QuerySet[InvoiceLine]:
    """Return the lines that count as billed of a contract's month, on whichever invoice.

    Those on drafts count where they repeat what was credited.
    """
    return (
        InvoiceLine.objects.filter(invoice__contract=contract, period=period)
        .filter(Q(invoice__state=Invoice.State.ISSUED) | Q(replaces__isnull=False))
        .select_related("charge_line", "invoice")
    )


def billed_of(
    contract: Contract, period: str, conferences: Collection[uuid.UUID]
) -> dict[Key, Billed]:
    """Answer what was billed of some conferences and of the month itself."""
    of_month = Q(conference=None, kind__in=OF_PERIOD)
    wanted = Q(conference__in=conferences, kind__in=OF_CONFERENCE)
    found: dict[Key, Billed] = {}
    for line in billed_lines(contract, period).filter(of_month | wanted).order_by("pk"):
        found.setdefault((line.conference_id, line.kind), Billed()).add(line)
    return found


def home_of(charge: Charge, contract: Contract, period: str) -> Invoice | None:
    """Answer the issued invoice that bills a conference in that month; None if none does yet."""
    line = (
        billed_lines(contract, period)
        .filter(conference=charge.conference_id, charge_line__charge=charge, replaces=None)
        .order_by("pk")
        .first()
    )
    return line.invoice if line is not None else None


def month_invoice(contract: Contract, period: str) -> Invoice | None:
    """Answer the issued invoice with the lines of the month itself; None if there is none yet."""
    return Invoice.objects.filter(
        contract=contract,
        period=period,
        conference=None,
        kind=Invoice.Kind.INVOICE,
        replaces=None,
        state=Invoice.State.ISSUED,
    ).first()


def current_lines(charges: Collection[Charge]) -> dict[int, dict[str, ChargeLine]]:
    """Answer the lines of the present version of charges, by charge and kind."""
    versions = {charge.pk: charge.version for charge in charges}
    lines = ChargeLine.objects.filter(charge__in=versions)
    return by_charge(line for line in lines if line.version == versions[line.charge_id])


def by_charge(lines: Iterable[ChargeLine]) -> dict[int, dict[str, ChargeLine]]:
    """Group lines by charge and kind."""
    found: dict[int, dict[str, ChargeLine]] = {}
    for line in lines:
        found.setdefault(line.charge_id, {})[line.kind] = line
    return found


def pending_lines(contract: Contract, period: str) -> QuerySet[InvoiceLine]:
    """Return the adjusting lines of a month that stand on drafts still."""
    return InvoiceLine.objects.filter(
        invoice__contract=contract,
        invoice__state=Invoice.State.DRAFT,
        period=period,
        adjusts__isnull=False,
    ).select_related("invoice")


def differences(
    *,
    known: KnownTerms,
    period: str,
    charges: Collection[Charge],
    lines: Mapping[int, Mapping[str, ChargeLine]],
    net_of_conferences: Decimal | None = None,
) -> list[Difference]:
    """Answer what conferences, and the month itself, cost now beside what was billed of them.

    One for each kind that was billed or is priced, also where nothing differs.

    Args:
        known: the terms by which the month was priced.
        period: the month, of which something is issued.
        charges: those that are billed in it, wherever they are priced now.
        lines: their lines now, by charge and kind; see ``current_lines``.
        net_of_conferences: what the month's conferences cost now; by default what is kept.
    """
    contract = known.contract
    billed = billed_of(contract, period, [charge.conference_id for charge in charges])
    found: list[Difference] = []
    for charge in charges:
        is_here = (charge.contract_id, charge.period) == (contract.pk, period)
        of_charge = {
            kind: sums
            for (conference, kind), sums in billed.items()
            if conference == charge.conference_id
        }
        found += _of_charge(charge, of_charge, lines.get(charge.pk, {}) if is_here else {})
    if month_invoice(contract, period) is not None:
        found += _of_month(known, period, billed, net_of_conferences)
    return found


def _of_charge(
    charge: Charge, billed: Mapping[str, Billed], lines: Mapping[str, ChargeLine]
) -> Iterator[Difference]:
    was_billed = any(sums.net for sums in billed.values())
    is_taken_back = was_billed and not any(sums.left for sums in billed.values())
    like = next((line for sums in billed.values() for line in sums.lines), None)
    version = max((sums.version for sums in billed.values()), default=0)
    for kind in sorted({*billed, *lines}):
        line = lines.get(kind)
        sums = billed.get(kind) or Billed()
        sums.version = version
        yield Difference(
            charge=charge,
            kind=kind,
            billed=sums,
            like=sums.lines[0] if sums.lines else like,
            net=line.net if line is not None else NOTHING,
            quantity=line.quantity if line is not None else None,
            basis={},
            is_taken_back=is_taken_back,
        )


def _of_month(
    known: KnownTerms, period: str, billed: Mapping[Key, Billed], conferences: Decimal | None
) -> Iterator[Difference]:
    now = {
        line.kind: (line, basis)
        for line, basis in period_lines_of(known, period, net_of_conferences=conferences)
    }
    for kind in OF_PERIOD:
        sums = billed.get((None, kind)) or Billed()
        line, basis = now.get(kind, (None, {}))
        yield Difference(
            charge=None,
            kind=kind,
            billed=sums,
            like=sums.lines[0] if sums.lines else None,
            net=to_decimal(line.net, known.terms.currency) if line is not None else NOTHING,
            quantity=line.quantity if line is not None else None,
            basis=basis,
            is_taken_back=bool(sums.net) and not sums.left,
        )
