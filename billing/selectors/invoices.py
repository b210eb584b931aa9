"""Invoices: who may see them, what is paid of them, which VAT stands on them."""

import datetime as dt
from decimal import Decimal
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
    return with_balances(invoices_visible_to(user)).get(pk=pk)


def with_balances(invoices: QuerySet[Invoice], *, on: dt.date | None = None) -> QuerySet[Invoice]:
    """Add ``paid``, ``balance`` (both with VAT, in the invoice's currency) and ``status``.

    ``status`` is draft, open, paid or overdue: a balance, and due before ``on`` (by default the
    present date at the issuer's place). A draft has no balance: nobody owes it yet.
    """
    paid = (
        Payment.objects.filter(invoice=OuterRef("pk"))
        .order_by()
        .values("invoice")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    zero = Value(Decimal(0), output_field=_MONEY)
    return (
        invoices.annotate(paid=Coalesce(Subquery(paid, output_field=_MONEY), zero))
        .annotate(
            balance=Case(
                When(state=Invoice.State.ISSUED, then=F("total") - F("paid")),
                default=zero,
                output_field=_MONEY,
            )
        )
        .annotate(
            status=Case(
                When(state=Invoice.State.DRAFT, then=Value("draft")),
                When(balance__lte=0, then=Value("paid")),
                When(due_on__lt=on or today(), then=Value("overdue")),
                default=Value("open"),
                output_field=CharField(),
            )
        )
    )


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
