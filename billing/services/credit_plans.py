"""What a credit note would say, before anything is written.

It never credits more than is left of a line, of a VAT category and of its VAT.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Invoice, InvoiceLine, InvoiceTax, LineKind
from billing.selectors.credits import TaxKey, TaxLeft, lines_left, taxes_left, vat_of
from toolkit.errors import DomainError
from toolkit.money import MICROS, from_decimal, minor_unit, to_decimal

_NOTHING = Decimal(0)
# What a line of a credit note, or of an invoice drafted anew, copies of the one that it is about.
_COPIED = (
    *("kind", "description", "conference_id", "held_at", "title", "period", "reference"),
    *("vat_category", "vat_percent", "subscription_id", "one_off_id"),
)


class CreditRefusedError(DomainError):
    """The credit can't be: no such debt, nothing left, or more than is left."""

    code = "credit-refused"
    title = gettext_lazy("The credit is not possible")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPlan:
    """What a credit note would say: amounts negative, nothing written yet."""

    lines: list[InvoiceLine]
    taxes: list[InvoiceTax]

    @property
    def net(self) -> Decimal:
        """Answer the sum of the lines."""
        return sum((line.net for line in self.lines), _NOTHING)

    @property
    def vat(self) -> Decimal:
        """Answer the sum of the taxes."""
        return sum((tax.amount for tax in self.taxes), _NOTHING)

    @property
    def total(self) -> Decimal:
        """Answer net plus VAT."""
        return self.net + self.vat


def plan_credit(
    *,
    invoice: Invoice,
    lines: Mapping[int, Decimal | None] | None = None,
    amounts: Mapping[TaxKey, Decimal] | None = None,
) -> CreditPlan:
    """Answer what a credit note would say; write nothing.

    Args:
        invoice: an issued one.
        lines: by the id of a line what to credit of it without VAT (None: all that is left),
            positive; of a deduction, negative.
        amounts: by VAT category and percent an amount without VAT that stands for no line.
            Neither: all that is left.

    Raises:
        CreditRefusedError: a draft, a credit note, nothing left, more than is left, or an amount
            that nobody can pay. Its ``errors`` name the parts by ``pointer``.
    """
    if invoice.state != Invoice.State.ISSUED or invoice.kind != Invoice.Kind.INVOICE:
        raise CreditRefusedError(_("Only an issued invoice can be credited."))
    taxes = taxes_left(invoice)
    if lines is None and amounts is None:
        credited = _all_lines(invoice, taxes)
    else:
        credited = [
            *_some_lines(invoice, lines or {}),
            *_amount_lines(invoice, amounts or {}, taxes),
        ]
    plan = CreditPlan(lines=credited, taxes=taxes_of_lines(invoice, credited))
    _refuse_more_than_left(invoice, plan.taxes, taxes)
    if not plan.lines or not plan.net:
        raise CreditRefusedError(_("There is nothing left to credit."))
    return plan


def _all_lines(invoice: Invoice, taxes: Iterable[TaxLeft]) -> list[InvoiceLine]:
    """Take back what is left of every line; what was credited by amount is kept out again."""
    lines = list(invoice.lines.exclude(net=0))
    left = lines_left(invoice, lines)
    credited = [line_about(line, -left[line.pk], credits=line) for line in lines if left[line.pk]]
    for tax in taxes:
        of_tax = [line for line in credited if (line.vat_category, line.vat_percent) == tax.key]
        if not tax.by_amount:
            continue
        if -sum(line.net for line in of_tax) > tax.by_amount:
            credited.append(_amount_line(invoice, tax, tax.by_amount))
        else:  # as much as its lines was credited by amount already
            credited = [line for line in credited if line not in of_tax]
    return credited


def _some_lines(invoice: Invoice, wanted: Mapping[int, Decimal | None]) -> list[InvoiceLine]:
    lines = {line.pk: line for line in invoice.lines.filter(pk__in=wanted)}
    left = lines_left(invoice, lines.values())
    credited, errors = [], []
    for place, (pk, asked) in enumerate(wanted.items()):
        line = lines.get(pk)
        if line is None:
            message = _("This is no line of the invoice.")
        else:
            net = left[pk] if asked is None else asked
            message = _fault(net, left[pk], invoice.currency)
        if message:
            errors.append(_error(f"/lines/{place}/{'net' if line else 'line'}", message))
        elif line is not None:
            credited.append(line_about(line, -net, credits=line))
    _refuse(errors)
    return credited


def _amount_lines(
    invoice: Invoice, wanted: Mapping[TaxKey, Decimal], taxes: Iterable[TaxLeft]
) -> list[InvoiceLine]:
    by_key = {tax.key: tax for tax in taxes}
    credited, errors = [], []
    for place, (key, net) in enumerate(wanted.items()):
        tax = by_key.get(key)
        if tax is None:
            message = _("The invoice has no VAT of this category.")
        else:
            message = _fault(net, tax.base, invoice.currency)
        if message:
            errors.append(_error(f"/amounts/{place}/{'net' if tax else 'vat_category'}", message))
        elif tax is not None:
            credited.append(_amount_line(invoice, tax, -net))
    _refuse(errors)
    return credited


def taxes_of_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[InvoiceTax]:
    """Compute the VAT of a credit note's lines, once per category and percent.

    Where one credits all that is left of a category of the invoice, it takes all VAT that is left.
    """
    left = {tax.key: tax for tax in taxes_left(invoice)}
    sums: dict[TaxKey, Decimal] = {}
    for line in lines:
        key = (line.vat_category, line.vat_percent or _NOTHING)
        sums[key] = sums.get(key, _NOTHING) + line.net
    found = []
    for (category, percent), net in sorted(sums.items()):
        tax = left.get((category, percent))
        if not net:
            continue
        found.append(
            InvoiceTax(
                category=category,
                percent=percent,
                base=net,
                amount=-(
                    tax.vat_of(-net, invoice.currency)
                    if tax
                    else vat_of(-net, percent, invoice.currency)
                ),
                reason=tax.tax.reason if tax else "",
            )
        )
    return found


def _refuse_more_than_left(
    invoice: Invoice, taxes: Iterable[InvoiceTax], left: Iterable[TaxLeft]
) -> None:
    by_key = {tax.key: tax for tax in left}
    for tax in taxes:
        of_key = by_key[tax.category, tax.percent]
        if message := _fault(-tax.base, of_key.base, invoice.currency):
            _refuse([_error("/lines", message)])


def _fault(net: Decimal, left: Decimal, currency: str) -> str:
    """Say in a sentence why ``net`` can't be credited of what is left; "" if it can."""
    if not net.is_finite() or net * MICROS % minor_unit(currency):
        return _("The amount has more decimals than %s has.") % currency
    if not left:
        return _("Nothing of it is left to credit.")
    if not net or (net > 0) != (left > 0):
        return _("The amount must be more than zero.")
    if abs(net) > abs(left):
        shown = to_decimal(from_decimal(left), currency)
        return _("Only %(left)s %(currency)s of it are left to credit.") % {
            "left": shown,
            "currency": currency,
        }
    return ""


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "not_possible", "detail": detail}


def _refuse(errors: list[dict[str, str]]) -> None:
    if errors:
        raise CreditRefusedError(errors[0]["detail"], errors=errors)


def line_about(
    line: InvoiceLine,
    net: Decimal,
    *,
    credits: InvoiceLine | None = None,  # noqa: A002 (the field's word)
    replaces: InvoiceLine | None = None,
) -> InvoiceLine:
    """Make a line like another; its quantity only where it is about all of it."""
    same = InvoiceLine(
        net=net,
        credits=credits,
        replaces=replaces,
        **{name: getattr(line, name) for name in _COPIED},
    )
    if net == line.net:
        same.quantity, same.basis = line.quantity, line.basis
        same.charge_line_id = line.charge_line_id if replaces is not None else None
    elif net == -line.net and line.quantity is not None:
        same.quantity = -line.quantity
    return same


def _amount_line(invoice: Invoice, tax: TaxLeft, net: Decimal) -> InvoiceLine:
    with translation.override(invoice.language):
        words = _("Credited before") if net > 0 else str(LineKind.CREDIT.label)
    return InvoiceLine(
        kind=LineKind.CREDIT,
        description=words,
        period=invoice.period,
        net=net,
        vat_category=tax.tax.category,
        vat_percent=tax.tax.percent,
    )
