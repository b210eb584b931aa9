"""Invoices: who may see them, what is paid of them, which VAT stands on them."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import Charge, Invoice, Payment, VatRate
from customers.selectors import issuer
from toolkit.periods import Period

_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=18, decimal_places=3)
# The words of an invoice's ``status``, which no column holds.
STATUSES = {
    "draft": _("Draft"),
    "open": pgettext_lazy("invoice", "Open"),
    "paid": pgettext_lazy("invoice", "Paid"),
    "overdue": pgettext_lazy("invoice", "Overdue"),
    "credited": pgettext_lazy("invoice", "Credited"),
    "issued": _("Credit note"),
}


def invoices_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Invoice]:
    """Return the invoices that ``user`` may read, with customer and contract: all, or none."""
    if user.has_perm("billing.view_invoice"):  # type: ignore[union-attr]
        return Invoice.objects.select_related("customer", "contract")
    return Invoice.objects.none()


def invoice_for(user: AbstractBaseUser | AnonymousUser, pk: int) -> Invoice:
    """Return one invoice that ``user`` may read.

    Raises:
        PermissionDenied: ``user`` may read no invoices.
        Invoice.DoesNotExist: there is none of that id.
    """
    if not user.has_perm("billing.view_invoice"):  # type: ignore[union-attr]
        raise PermissionDenied
    visible = invoices_visible_to(user).select_related("rectifies", "replaces", "replaced_by")
    return with_balances(visible).get(pk=pk)


def with_balances(invoices: QuerySet[Invoice], *, on: dt.date | None = None) -> QuerySet[Invoice]:
    """Add ``paid``, ``credited``, ``balance`` (with VAT, in the invoice's currency) and ``status``.

    ``status`` is draft, open, paid or overdue: a balance, and due before ``on`` (by default the
    present date at the issuer's place); or credited where credit notes took back all of it. A
    draft has no balance: nobody owes it yet; nor has a credit note, which is set against its
    invoice and stays ``issued``. Where more was paid than is left, the balance is below zero: we
    owe it.
    """
    zero = Value(Decimal(0), output_field=_MONEY)
    return (
        invoices.annotate(
            paid=_sum_over(Payment.objects.filter(invoice=OuterRef("pk")), "invoice", "amount"),
            credited=_sum_over(
                Invoice.objects.filter(rectifies=OuterRef("pk"), state=Invoice.State.ISSUED),
                "rectifies",
                "total",
            )
            * -1,
        )
        .annotate(
            balance=Case(
                When(
                    state=Invoice.State.ISSUED,
                    kind=Invoice.Kind.INVOICE,
                    then=F("total") - F("credited") - F("paid"),
                ),
                default=zero,
                output_field=_MONEY,
            )
        )
        .annotate(
            status=Case(
                When(state=Invoice.State.DRAFT, then=Value("draft")),
                When(kind=Invoice.Kind.CREDIT_NOTE, then=Value("issued")),
                When(credited__gt=0, credited=F("total"), then=Value("credited")),
                When(balance__lte=0, then=Value("paid")),
                When(due_on__lt=on or today(), then=Value("overdue")),
                default=Value("open"),
                output_field=CharField(),
            )
        )
    )


def _sum_over(rows: QuerySet[Any], invoice: str, amount: str) -> Coalesce:
    sums = rows.order_by().values(invoice).annotate(sum=Sum(amount)).values("sum")
    zero = Value(Decimal(0), output_field=_MONEY)
    return Coalesce(Subquery(sums, output_field=_MONEY), zero)


def today(now: dt.datetime | None = None) -> dt.date:
    """Answer the date at the issuer's place, where invoices are dated and fall due."""
    here = issuer()
    zone = ZoneInfo(here.timezone) if here else timezone.get_default_timezone()
    return (now or timezone.now()).astimezone(zone).date()


def vat_rate_on(*, category: str, day: dt.date) -> VatRate | None:
    """Answer the VAT rate of a category on a day; None where nobody has said it yet."""
    return VatRate.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=day), category=category, valid_from__lte=day
    ).first()


def tax_day_of(invoice: Invoice) -> dt.date:
    """Answer the day whose VAT rate counts, whenever the invoice is issued.

    The last of its month; for the invoice of one conference the local date of that.
    """
    if invoice.conference_id is None or invoice.contract is None:
        return Period.parse(invoice.period).last_day
    charge = Charge.objects.get(conference=invoice.conference_id)
    return charge.sort_at.astimezone(ZoneInfo(invoice.contract.timezone)).date()
